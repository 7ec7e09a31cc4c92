import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { entryPath } from '../../src/kit/entry.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cxb-demo-test-'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

function demo(words: readonly string[]): Promise<Ran> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [entryPath('cli/main'), 'demo', ...words],
      // Settings of the person who runs it have to leave the demo alone.
      {
        cwd: folder,
        env: { PATH: process.env['PATH'], CXBCORE_MODE: 'production', CXBCORE_AGENT: 'nobody' },
      },
      (error, out, err) => {
        const code = error ? (typeof error.code === 'number' ? error.code : -1) : 0;
        resolve({ code, out, err });
      },
    );
  });
}

interface Result {
  readonly ok: boolean;
  readonly folder: string;
  readonly front: string;
  readonly expectations: {
    readonly held: boolean;
    readonly caller: string;
    readonly what: string;
    readonly seen: string;
  }[];
  readonly calls: {
    readonly name: string;
    readonly pss_mb: number | null;
    readonly barge_in_ms: number | null;
    readonly refusal: { readonly status: number; readonly code: string } | null;
    readonly report: { readonly underruns: unknown[]; readonly turns: unknown[] };
  }[];
}

describe('cxbcore demo', () => {
  it('shows five callers on four seats, and every expectation holds', { timeout: 180_000 }, async () => {
    const ran = await demo(['--json', '--front', 'builtin']);
    expect(ran.err).toBe('');
    const result = JSON.parse(ran.out) as Result;
    expect(result.expectations.filter(({ held }) => !held)).toEqual([]);
    expect(ran.code).toBe(0);
    expect(result).toMatchObject({ ok: true, front: 'builtin' });
    expect(result.calls.map(({ name }) => name)).toEqual(['anna', 'ben', 'cleo', 'dan', 'eve']);
    expect(result.calls.find(({ name }) => name === 'eve')?.refusal).toMatchObject({
      status: 429,
      code: 'at_capacity',
    });
    for (const { name } of result.calls) {
      expect(readFileSync(join(result.folder, `${name}.svg`), 'utf8')).toContain('</svg>');
      expect(readFileSync(join(result.folder, `${name}.wav`)).length).toBeGreaterThan(100_000);
    }
    expect(readFileSync(join(result.folder, 'index.html'), 'utf8')).toContain('anna.svg');
    expect(result.folder.startsWith(join(folder, 'data', 'demo'))).toBe(true);
    expect(readdirSync(join(result.folder, 'host', 'records'))).toHaveLength(5);
  });
});
