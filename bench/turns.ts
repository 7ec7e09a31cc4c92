// Measures turns where the caller hears them, at the simulated carrier's loudspeaker: end of speech to first audio with
// 1, 4, 8 and 16 calls, interruption to silence, what the record believes was heard, breaks inside speech, CPU.
//
//   npm run bench:turns -- [--calls 1,4,8,16] [--rounds 1] [--json]
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type Host, startHost } from '../src/fleet/host.ts';
import { keepAlive, realClock } from '../src/kit/clock.ts';
import { packageRoot } from '../src/kit/entry.ts';
import { silentLog } from '../src/kit/log.ts';
import { shownText } from '../src/sim/call-record.ts';
import { wordsRight } from '../src/sim/words.ts';
import type { CallersPlan, CallersResult } from './callers.ts';
import { type Figure, percentile, printFigures } from './figures.ts';
import { cpuSecondsOf, memoriesOf } from './worker-use.ts';

/** The words of the questions, in their order. */
const QUESTIONS = [
  'shall we begin',
  'sales accounting or family',
  'your four digit code',
  'which day and what time',
  'is that right',
  'to cancel or to change',
  'your four digit number',
  'which other day and what time',
] as const;
const ANSWERS = [
  [
    'yes',
    'sales',
    'four seven one nine',
    'friday at ten thirty a m',
    'right',
    'cancel',
    'two zero five eight',
    'monday at four p m',
  ],
  [
    'no',
    'accounting',
    'one two eight six',
    'tomorrow at nine fifteen a m',
    'yes',
    'change',
    'nine three four seven',
    'tuesday at eleven a m',
  ],
  [
    'right',
    'family',
    'five five zero three',
    'thursday at two p m',
    'no',
    'to cancel',
    'six one eight four',
    'wednesday at three thirty p m',
  ],
  [
    'yes',
    'family',
    'eight two nine one',
    'monday at nine a m',
    'right',
    'to change',
    'three six two seven',
    'friday at one p m',
  ],
] as const;
/** Callers who begin at the same moment would speak in lock-step, as no callers do. */
const APART_MS = 1370;
const UNCLEAR_WITHIN_MS = 500;

interface Level {
  readonly calls: number;
  readonly closed: readonly number[];
  readonly open: readonly number[];
  /** Turns that were not understood: they wait longer, because the caller may be going on. */
  readonly unclear: readonly number[];
  readonly turns: number;
  readonly cut: number;
  readonly unanswered: number;
  readonly firstFrame: readonly number[];
  readonly words: { readonly right: number; readonly of: number };
  readonly underruns: number;
  readonly speechS: number;
  readonly callS: number;
  readonly workerCpuS: number;
  /** Of each worker, when the last call has ended. */
  readonly memoriesMb: readonly number[];
  readonly callersCpuS: number;
  readonly lateMaxMs: number;
  readonly failed: readonly string[];
}

const { values } = parseArgs({
  options: {
    calls: { type: 'string', default: '1,4,8,16' },
    rounds: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
  },
});
const levels = values.calls.split(',').map(Number);
const rounds = Number(values.rounds);
const say = (text: string) => void process.stderr.write(`${text}\n`);

await main();

async function main(): Promise<void> {
  const release = keepAlive();
  const folder = mkdtempSync(join(tmpdir(), 'cxb-bench-'));
  const workers = Math.max(...levels);
  say(`starting ${workers} workers …`);
  const host = await startHost({
    workers,
    frontPort: 0,
    front: 'auto',
    socketDir: join(folder, 'run'),
    dataDir: join(folder, 'data'),
    env: {
      ...process.env,
      CXBCORE_MODE: 'development',
      CXBCORE_AGENTS: join(packageRoot, 'bench/agents'),
      CXBCORE_AGENT: 'turns',
    },
    clock: realClock,
    log: silentLog,
  });
  try {
    await host.ready(workers);
    const measured: Level[] = [];
    for (const calls of levels) {
      say(`${calls} ${calls === 1 ? 'call' : 'calls'} at once …`);
      measured.push(await turnsWith(host, calls, rounds));
    }
    say('interruptions …');
    const interruptions = await interrupt(host);
    say('keys without engines …');
    const instant = await pressKeys(host);
    report(measured, interruptions, instant, host.front);
  } finally {
    await host.stop('now');
    rmSync(folder, { recursive: true, force: true });
    release();
  }
}

async function turnsWith(host: Host, count: number, times: number): Promise<Level> {
  const results: CallersResult[] = [];
  const before = cpuSecondsOf(host);
  for (let round = 0; round < times; round++) {
    const calls = Array.from({ length: count }, (_, i) => ({
      id: `turns-${count}-${round}-${i}`,
      protocol: 'twilio' as const,
      agent: 'turns',
      startMs: i * APART_MS,
      steps: [
        {
          answer: QUESTIONS.map((to, n) => ({ to, say: ANSWERS[(i + round) % ANSWERS.length]?.[n] })),
          turns: 24,
          limitS: 15,
        },
      ],
    }));
    results.push(await place(host, calls));
  }
  return { ...levelOf(count, results, cpuSecondsOf(host) - before), memoriesMb: memoriesOf(host) };
}

function levelOf(
  count: number,
  results: readonly CallersResult[],
  workerCpuS: number,
): Omit<Level, 'memoriesMb'> {
  const level = {
    calls: count,
    closed: [] as number[],
    open: [] as number[],
    unclear: [] as number[],
    turns: 0,
    cut: 0,
    unanswered: 0,
    firstFrame: [] as number[],
    words: { right: 0, of: 0 },
    underruns: 0,
    speechS: 0,
    callS: 0,
    workerCpuS,
    callersCpuS: results.reduce((sum, result) => sum + result.cpuS, 0),
    lateMaxMs: Math.max(...results.map((result) => result.lateMaxMs)),
    failed: [] as string[],
  };
  for (const { id, report, record, refused } of results.flatMap((result) => result.calls)) {
    if (!report) {
      level.failed.push(`${id}: ${refused ?? 'no report'}`);
      continue;
    }
    level.callS += report.duration_ms / 1000;
    level.speechS += report.agent_speech_ms / 1000;
    level.underruns += report.underruns.length;
    if (report.first_audio_ms !== null) level.firstFrame.push(report.first_audio_ms);
    if (report.caller.how !== 'done') level.failed.push(`${id}: ${report.caller.why ?? report.caller.how}`);
    const spoken = report.turns.filter(({ who }) => who === 'caller');
    for (const [i, { how, delay_ms, caller_end_ms }] of report.responses.entries()) {
      level.turns++;
      if (how === 'cut') level.cut++;
      if (how === 'unanswered') level.unanswered++;
      if (delay_ms === null) continue;
      const unclear = record?.conversation.some(
        ({ unclear: what, to_ms = 0 }) => what && Math.abs(to_ms - caller_end_ms) < UNCLEAR_WITHIN_MS,
      );
      const open = / at /.test(spoken[i]?.text ?? '');
      (unclear ? level.unclear : open ? level.open : level.closed).push(delay_ms);
    }
    const said = report.turns.flatMap(({ who, text }) => (who === 'caller' && text ? [text] : [])).join(' ');
    const heard = (record?.conversation ?? [])
      .filter(({ who }) => who === 'caller')
      .map(({ text }) => shownText(text));
    const score = wordsRight(said, heard.join(' '));
    level.words.right += score.right;
    level.words.of += score.of;
  }
  return level;
}

interface Interruptions {
  readonly speech: readonly number[];
  readonly keys: readonly number[];
  readonly ledger: readonly number[];
  readonly missed: number;
}

/** Four callers at once interrupt four notices each, by voice and by key. */
async function interrupt(host: Host): Promise<Interruptions> {
  const count = Math.min(4, Math.max(...levels));
  const calls = Array.from({ length: count * 2 }, (_, i) => ({
    id: `talker-${i}`,
    protocol: 'twilio' as const,
    agent: 'talker',
    startMs: (i % count) * APART_MS,
    // Keys closer together than 1.5 s would count as one turn.
    steps: [1700, 2100, 1900, 2600].map((bargeInMs) =>
      i < count ? { say: 'yes', bargeInMs } : { keys: '1', bargeInMs },
    ),
  }));
  const results = [await place(host, calls.slice(0, count)), await place(host, calls.slice(count))];
  const found = { speech: [] as number[], keys: [] as number[], ledger: [] as number[], missed: 0 };
  for (const { report, cuts } of results.flatMap((result) => result.calls)) {
    found.ledger.push(...cuts.map(({ playedMs, heardMs }) => Math.abs(playedMs - heardMs)));
    for (const { by, delay_ms } of report?.barge_ins ?? []) {
      if (delay_ms === null) {
        found.missed++;
        continue;
      }
      (by === 'key' ? found.keys : found.speech).push(delay_ms);
    }
  }
  return found;
}

/** From the key to the first frame of the answer, with engines that take no time. */
async function pressKeys(host: Host): Promise<number[]> {
  const key = [{ pauseMs: 1500 }, { keys: '4' }];
  const calls = Array.from({ length: Math.min(4, Math.max(...levels)) }, (_, i) => ({
    id: `instant-${i}`,
    protocol: 'twilio' as const,
    agent: 'instant',
    startMs: i * 130,
    steps: [...key, ...key, ...key, ...key, { pauseMs: 1500 }, { hangUp: true }],
  }));
  const { calls: results } = await place(host, calls);
  return results.flatMap(({ keys, starts }) =>
    keys.flatMap((at) => {
      const first = starts.find((start) => start >= at);
      return first === undefined ? [] : [first - at];
    }),
  );
}

function place(host: Host, calls: CallersPlan['calls']): Promise<CallersResult> {
  const plan: CallersPlan = { url: host.url, dataDir: host.settings.dataDir, calls };
  const program = fileURLToPath(new URL('./callers.js', import.meta.url));
  const child: ChildProcess = spawn(process.execPath, [program], { stdio: ['pipe', 'pipe', 'inherit'] });
  let out = '';
  child.stdout?.on('data', (chunk) => {
    out += String(chunk);
  });
  child.stdin?.end(JSON.stringify(plan));
  return new Promise((resolve, reject) => {
    child.on('close', (code) => {
      if (code === 0) resolve(JSON.parse(out) as CallersResult);
      else reject(new Error(`the callers ended with ${code}`));
    });
  });
}

function report(
  measured: readonly Level[],
  cuts: Interruptions,
  instant: readonly number[],
  front: string,
): void {
  const figures: Figure[] = [];
  for (const level of measured) {
    const label = `${level.calls} ${level.calls === 1 ? 'call' : 'calls'}`;
    const minutes = level.callS / 60;
    figures.push(
      {
        what: `${label}: end of speech → first audio, closed answers, p50`,
        value: percentile(level.closed, 50),
        unit: 'ms',
        goal: 380,
      },
      { what: `${label}: … p95`, value: percentile(level.closed, 95), unit: 'ms', goal: 550 },
      { what: `${label}: … open slots, p50`, value: percentile(level.open, 50), unit: 'ms', goal: 650 },
      { what: `${label}: … p95`, value: percentile(level.open, 95), unit: 'ms', goal: 1000 },
      {
        what: `${label}: turns not understood, of ${level.turns}`,
        value: (100 * level.unclear.length) / Math.max(1, level.turns),
        unit: '%',
      },
      {
        what: `${label}: turns cut, of ${level.turns}`,
        value: (100 * level.cut) / Math.max(1, level.turns),
        unit: '%',
        goal: 2,
      },
      { what: `${label}: turns unanswered`, value: level.unanswered, unit: '', goal: 0 },
      {
        what: `${label}: start message → first frame, p95`,
        value: percentile(level.firstFrame, 95),
        unit: 'ms',
        goal: 80,
      },
      {
        what: `${label}: breaks inside speech, in ${(level.speechS / 60).toFixed(1)} min of speech`,
        value: level.underruns,
        unit: '',
        goal: 0,
      },
      {
        what: `${label}: worker CPU per call minute`,
        value: level.workerCpuS / Math.max(0.01, minutes),
        unit: 's',
        goal: 4.5,
      },
      {
        what: `${label}: memory of a worker after ${rounds} of them (PSS), mean`,
        value: level.memoriesMb.reduce((a, b) => a + b, 0) / level.memoriesMb.length,
        unit: 'MB',
        goal: 110,
      },
      { what: `${label}: … largest`, value: Math.max(...level.memoriesMb), unit: 'MB' },
      {
        what: `${label}: words right, of ${level.words.of}`,
        value: (100 * level.words.right) / Math.max(1, level.words.of),
        unit: '%',
      },
      { what: `${label}: callers' own CPU / latest tick`, value: level.lateMaxMs, unit: 'ms late' },
      { what: `${label}: calls that did not go as planned`, value: level.failed.length, unit: '', goal: 0 },
    );
  }
  figures.push(
    {
      what: 'interruption by voice → silence, p50',
      value: percentile(cuts.speech, 50),
      unit: 'ms',
      goal: 260,
    },
    { what: '… p95', value: percentile(cuts.speech, 95), unit: 'ms', goal: 340 },
    { what: 'interruption by key → silence, p50', value: percentile(cuts.keys, 50), unit: 'ms', goal: 60 },
    { what: '… p95', value: percentile(cuts.keys, 95), unit: 'ms', goal: 100 },
    {
      what: `interruptions without effect, of ${cuts.speech.length + cuts.keys.length + cuts.missed}`,
      value: cuts.missed,
      unit: '',
      goal: 0,
    },
    {
      what: 'heard by the record ↔ by the loudspeaker, p95',
      value: percentile(cuts.ledger, 95),
      unit: 'ms',
      goal: 60,
    },
    {
      what: 'decision → first frame, engines that take no time, p50',
      value: percentile(instant, 50),
      unit: 'ms',
      goal: 5,
    },
    { what: '… p95', value: percentile(instant, 95), unit: 'ms', goal: 20 },
  );
  for (const level of measured) for (const why of level.failed) say(why);
  if (values.json) {
    process.stdout.write(
      `${JSON.stringify({ cores: cpus().length, front, figures, measured, cuts, instant }, null, 2)}\n`,
    );
    return;
  }
  process.stdout.write(`${cpus().length} cores shared by workers, ${front} and callers\n\n`);
  process.stdout.write(printFigures(figures));
}
