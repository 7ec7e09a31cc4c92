import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../support/worker.ts';

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
    for (const absent of ['src', 'test', 'bench', 'data', '.ci']) expect(entries).not.toContain(absent);
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

  it('runs the demo', () => {
    const json = execFileSync(cxbcore(), ['demo', '--json'], {
      cwd: folder,
      encoding: 'utf8',
      timeout: 150_000,
    });
    expect(JSON.parse(json)).toMatchObject({ ok: true });
  }, 160_000);
});
