import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import twilio from 'twilio';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readWav } from '../../src/audio/wav.ts';
import { entryPath, packageRoot } from '../../src/kit/entry.ts';
import { type SmallAgent, type SmallAgentRules, startSmallAgent } from '../support/small-agent.ts';

const LINES = ['Hello, this is the clinic.', 'Which day?', 'It is booked. Goodbye.'];

let folder: string;
let agent: SmallAgent | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cxb-call-'));
});

afterEach(async () => {
  await agent?.close();
  agent = undefined;
  rmSync(folder, { recursive: true, force: true });
});

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function call(
  rules: Partial<SmallAgentRules>,
  words: readonly string[],
  env: Record<string, string> = {},
): Promise<Ran> {
  agent = await startSmallAgent({ lines: LINES, ...rules });
  const { url } = agent;
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [entryPath('cli/main'), 'call', url, ...words],
      { cwd: folder, env: { PATH: process.env['PATH'], ...env } },
      (error, out, err) => {
        const code = error ? (typeof error.code === 'number' ? error.code : -1) : 0;
        resolve({ code, out, err });
      },
    );
  });
}

const words = join(packageRoot, 'recordings', 'allison');
const script = (steps: unknown) => {
  const file = join(folder, 'caller.json');
  writeFileSync(file, JSON.stringify({ steps }));
  return file;
};

describe('cxbcore call', () => {
  it('holds a conversation over plain audio and leaves recording, report and picture', async () => {
    const ran = await call({}, [
      '--protocol',
      'pcm',
      '--agent',
      'clinic',
      '--play',
      join(words, 'friday.wav'),
      '--say',
      'at ten o clock',
      '--record',
      'call.wav',
      '--report',
      'call.json',
      '--picture',
      'call.svg',
      '--expect',
      'it is booked',
      '--expect-end',
      'agent.finished',
    ]);
    expect(ran.err).toBe('');
    expect(ran.code).toBe(0);
    expect(ran.out).toContain('Which day?');
    expect(ran.out).toContain('“at ten o clock”');
    expect(agent?.starts[0]).toMatchObject({ rate: 16000, agent: 'clinic' });
    const { rate, channels } = readWav(readFileSync(join(folder, 'call.wav')));
    expect([rate, channels.length]).toEqual([16000, 2]);
    expect(channels[0]?.some((sample) => Math.abs(sample) > 3000)).toBe(true);
    expect(channels[1]?.some((sample) => Math.abs(sample) > 3000)).toBe(true);
    const report = JSON.parse(readFileSync(join(folder, 'call.json'), 'utf8')) as {
      responses: { how: string }[];
      transcript: { text: string }[];
      faults: string[];
    };
    expect(report.responses.map(({ how }) => how)).toEqual(['answered', 'answered']);
    expect(report.transcript.map(({ text }) => text)).toEqual(LINES);
    expect(report.faults).toEqual([]);
    expect(readFileSync(join(folder, 'call.svg'), 'utf8')).toContain('</svg>');
  });

  it('holds it over Twilio too, interrupts, presses keys, and signs as Twilio does', async () => {
    const file = script([
      { say: 'hang on a moment please', voice: 'kal', bargeInMs: 300 },
      { listen: true },
      { keys: '12#' },
      { listen: true },
    ]);
    const ran = await call({}, ['--script', file, '--json', '--agent', 'clinic'], {
      TWILIO_AUTH_TOKEN: 'secret-1',
      CXBCORE_TOKEN_KEYS: 'token-key-of-16-chars',
      CXBCORE_PUBLIC_URL: 'https://voice.example.com',
    });
    expect(ran.err).toBe('');
    const report = JSON.parse(ran.out) as Record<string, unknown> & {
      barge_ins: { delay_ms: number | null }[];
    };
    expect(ran.code).toBe(0);
    expect(report).toMatchObject({ protocol: 'twilio', end: { by: 'agent' }, failures: [], faults: [] });
    expect(report.barge_ins[0]?.delay_ms).toBeGreaterThan(150);
    const signature = String(agent?.seen[0]?.headers['x-twilio-signature']);
    const url = 'wss://voice.example.com/media/twilio';
    expect(twilio.validateRequest('secret-1', signature, url, {})).toBe(true);
    expect(agent?.starts[0]).toMatchObject({
      start: { customParameters: { agent: 'clinic', token: expect.stringMatching(/^cxb1\./) } },
    });
  });

  it('exits with 1 and says what failed when an expectation does not come true', async () => {
    const ran = await call({}, ['--protocol', 'pcm', '--expect', 'a pink elephant']);
    expect(ran.code).toBe(1);
    expect(ran.out).toContain('expected the agent to say “a pink elephant”, and it did not');
  });

  it('exits with 75 when every seat is taken, and says so', async () => {
    const body = JSON.stringify({ error: 'at_capacity', message: 'every seat is taken; try again' });
    const ran = await call({ refuse: { status: 429, body } }, []);
    expect(ran.code).toBe(75);
    expect(ran.err).toContain('refused with 429 at_capacity: every seat is taken; try again');
  });

  it('refuses a wrong caller file with the step and what would be right', async () => {
    const ran = await call({}, ['--script', script([{ sing: 'la' }])]);
    expect(ran.code).toBe(2);
    expect(ran.err).toContain('step 1: does nothing: give it one of say, play, keys');
  });
});
