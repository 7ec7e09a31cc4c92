import { Validator } from '@seriousme/openapi-schema-validator';
import { expect, it } from 'vitest';
import { ROUTES } from '../../src/contract/routes.ts';
import { START_BODIES } from '../../src/contract/starts/read.ts';
import { openApi } from './openapi.ts';

const page = () => JSON.parse(openApi()) as Record<string, unknown>;

it('an independent validator finds the description to be OpenAPI 3.1', async () => {
  const validator = new Validator();
  expect(await validator.validate(page())).toEqual({ valid: true });
  expect(validator.version).toBe('3.1');
});

it('the validator refuses a description that is none', async () => {
  const wrong = { ...page(), paths: { 'no-slash': {} } };
  expect((await new Validator().validate(wrong)).valid).toBe(false);
});

it('every reference leads to a part of the description', () => {
  const whole: unknown = page();
  const refs = new Set(openApi().match(/#\/[^"]+/g));
  expect(refs.size).toBeGreaterThan(8);
  const at = (ref: string) =>
    ref
      .slice(2)
      .split('/')
      .reduce<unknown>((part, name) => (part as Record<string, unknown> | undefined)?.[name], whole);
  expect([...refs].filter((ref) => at(ref) === undefined)).toEqual([]);
});

it('every start and every question about calls is described', () => {
  const described = Object.entries(page()['paths'] as Record<string, object>).flatMap(([path, item]) =>
    Object.keys(item).map((method) => `${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, '<$1>')}`),
  );
  const served = ROUTES.filter(
    ({ path, socket }) =>
      path in START_BODIES || (socket === 'front' && /^\/api\/(?!openapi\.json$)/.test(path)),
  ).map(({ method, path }) => `${method} ${path}`);
  expect(served.filter((one) => !described.includes(one))).toEqual([]);
});
