import { describe, expect, it } from 'vitest';
import { filesBelow, textOf } from './source.ts';

/** Files that are longer than the limit today. The list may only get shorter. */
const LONG_FILES: Readonly<Record<string, number>> = {};

const MAX_FILE_LINES = 400;
const P90_FILE_LINES = 200;
const MAX_FUNCTION_LINES = 70;

const files = ['src', 'agents']
  .flatMap((folder) => filesBelow(folder, ['.ts']))
  .filter((path) => !path.endsWith('.test.ts'));
const lines = (path: string) => textOf(path).split('\n').length - 1;

describe('sizes that read well', () => {
  it('sees the files', () => expect(files.length).toBeGreaterThan(40));

  it(`has no file over ${MAX_FILE_LINES} lines`, () => {
    const long = files
      .filter((path) => lines(path) > (LONG_FILES[path] ?? MAX_FILE_LINES))
      .map((path) => `${path}: ${lines(path)}`);
    expect(long).toEqual([]);
    for (const path of Object.keys(LONG_FILES))
      expect(lines(path), `${path} may leave the list`).toBeGreaterThan(MAX_FILE_LINES);
  });

  it(`has nine files in ten at or under ${P90_FILE_LINES} lines`, () => {
    const sorted = files.map(lines).sort((a, b) => a - b);
    expect(sorted[Math.floor(sorted.length * 0.9)]).toBeLessThanOrEqual(P90_FILE_LINES);
  });

  it(`has no function over ${MAX_FUNCTION_LINES} lines`, () => {
    expect(files.flatMap(longFunctions)).toEqual([]);
  });
});

/**
 * Functions and methods by their indentation, which the formatter guarantees: a block that opens at the end of a line
 * that looks like a function closes at the first line with the same indentation that starts with a brace.
 */
function longFunctions(path: string): string[] {
  const text = textOf(path).split('\n');
  const opens =
    /^(\s*)(?:export )?(?:default )?(?:async )?(?:function\b.*|(?:static |override |private |get |set |async |\*|#)*[\w#$]+\([^)]*\)(?:: .*)?|.*=>|\}\)?(?:: [^=]+)?) \{$/;
  return text.flatMap((line, index) => {
    const match = opens.exec(line);
    if (!match || /^\s*(?:if|for|while|switch|else|\} else|describe|\} catch)\b/.test(line)) return [];
    const indent = match[1] ?? '';
    const end = text.findIndex((other, at) => at > index && other.startsWith(`${indent}}`));
    const length = end - index + 1;
    return length > MAX_FUNCTION_LINES ? [`${path}:${index + 1}: ${length} lines`] : [];
  });
}
