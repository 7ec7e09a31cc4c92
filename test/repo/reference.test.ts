import { describe, expect, it } from 'vitest';
import { END_REASONS } from '../../src/contract/end-reasons.ts';
import { ERRORS } from '../../src/contract/errors.ts';
import { SETTINGS } from '../../src/contract/settings.ts';
import { fixedLimits } from './fixed-limits.ts';
import { openApi } from './openapi.ts';
import { REFERENCE_PAGES } from './reference-pages.ts';
import { filesBelow, textOf } from './source.ts';

const source = filesBelow('src', ['.ts']).filter((path) => !path.endsWith('.test.ts'));
const front = ['infra/nginx/fleet.conf.template'];

describe('the reference pages', () => {
  it.each(Object.keys(REFERENCE_PAGES))('docs/reference/%s says what the tables say', async (name) => {
    await expect(REFERENCE_PAGES[name]?.()).toMatchFileSnapshot(`../../docs/reference/${name}`);
  });

  it('docs/openapi.json says what the schemas say', async () => {
    await expect(openApi()).toMatchFileSnapshot('../../docs/openapi.json');
  });
});

describe('the fixed limits', () => {
  it('say each what they limit', () => {
    const limits = fixedLimits();
    expect(limits.length).toBeGreaterThan(100);
    expect(limits.filter(({ means }) => !means).map(({ path, name }) => `${path} ${name}`)).toEqual([]);
  });
});

describe('the tables', () => {
  const used = (word: string, table: string, files: readonly string[] = source) =>
    files.some((path) => path !== table && textOf(path).includes(word));

  it('hold no error that nothing gives', () => {
    const unused = Object.keys(ERRORS).filter(
      (code) => !used(code, 'src/contract/errors.ts', [...source, ...front]),
    );
    expect(unused).toEqual([]);
  });

  it('hold no end reason that no call can end for', () => {
    expect(
      Object.keys(END_REASONS).filter((reason) => !used(`'${reason}'`, 'src/contract/end-reasons.ts')),
    ).toEqual([]);
  });

  it('hold no setting that nothing reads', () => {
    // Accepts one value, so that checking it is all there is to do.
    const onlyChecked = ['maxConcurrentCalls'];
    expect(
      Object.keys(SETTINGS).filter(
        (key) =>
          !onlyChecked.includes(key) &&
          !used(`.${key}`, 'src/contract/settings.ts') &&
          !used(`'${key}'`, 'src/contract/settings.ts'),
      ),
    ).toEqual([]);
  });

  it('give each environment variable once', () => {
    const names = Object.values(SETTINGS).map((setting) => setting.env);
    expect(new Set(names).size).toBe(names.length);
  });
});
