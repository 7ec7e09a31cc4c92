import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../support/worker.ts';

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

/** The package as a stranger gets it: packed, installed into an empty project, run from there. */
describe('the packed package, installed elsewhere', () => {
  let folder = '';
  const cxbcore = () => join(folder, 'node_modules/.bin/cxbcore');

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'cxbcore-packed-'));
    const packed = execFileSync(
      'npm',
      ['pack', '--silent', '--ignore-scripts', '--pack-destination', folder],
      { encoding: 'utf8' },
    );
    writeFileSync(join(folder, 'package.json'), '{"name":"somewhere-else","private":true,"type":"module"}\n');
    execFileSync(
      'npm',
      ['install', '--silent', '--prefer-offline', '--no-audit', join(folder, packed.trim())],
      { cwd: folder, stdio: 'pipe' },
    );
  }, 180_000);

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('holds no sources, tests or journals', () => {
    const entries = readdirSync(join(folder, 'node_modules/cxbcore'));
    expect(entries).toEqual(
      expect.arrayContaining(['dist', 'agents', 'models', 'recordings', 'scripts', 'infra']),
    );
    for (const absent of ['src', 'test', 'data', '.ci']) expect(entries).not.toContain(absent);
    // What the shipped benchmark calls.
    expect(readdirSync(join(folder, 'node_modules/cxbcore/bench'))).toEqual(['quiet-agents']);
  });

  it('answers --version and --help', () => {
    expect(execFileSync(cxbcore(), ['--version'], { encoding: 'utf8' })).toMatch(/^\d+\.\d+\.\d+/);
    expect(execFileSync(cxbcore(), ['--help'], { encoding: 'utf8' })).toContain('up');
  });

  it('brings up a host with the agent of the project it is installed in', async () => {
    execFileSync('mkdir', ['-p', join(folder, 'agents')]);
    writeFileSync(
      join(folder, 'agents/hello.ts'),
      `import { defineAgent, script } from 'cxbcore';
       export const hello = defineAgent({
         name: 'hello', stt: 'none', tts: 'none', greeting: 'Hello.',
         brain: script({ slots: {}, start: 'bye', states: { bye: { say: 'Goodbye.', next: 'end' } } }),
       });\n`,
    );
    const up = spawn(
      cxbcore(),
      ['up', '--workers', '1', '--port', String(await freePort()), '--front', 'builtin'],
      {
        cwd: folder,
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    let output = '';
    const seen = new Promise<void>((resolve, reject) => {
      const read = (data: Buffer) => {
        output += data.toString();
        if (/ready/i.test(output) && output.includes('hello')) resolve();
      };
      up.stdout.on('data', read);
      up.stderr.on('data', read);
      up.on('exit', (code) => reject(new Error(`up ended with ${code}:\n${output}`)));
    });
    await seen;
    const ended = new Promise((resolve) => void up.on('exit', resolve));
    up.kill('SIGTERM');
    expect(await ended).toBe(0);
  });

  it('shows five callers on four seats in the demo, and every expectation holds', () => {
    const json = execFileSync(cxbcore(), ['demo', '--json'], {
      cwd: folder,
      encoding: 'utf8',
      // Settings of the person who runs it have to leave the demo alone.
      env: { PATH: process.env['PATH'], CXBCORE_MODE: 'production', CXBCORE_AGENT: 'nobody' },
    });
    const result = JSON.parse(json) as Result;
    expect(result.expectations.filter(({ held }) => !held)).toEqual([]);
    expect(result.ok).toBe(true);
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
