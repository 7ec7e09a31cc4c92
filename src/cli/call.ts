import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import pc from 'picocolors';
import type { ExitName } from '../contract/exit-codes.ts';
import { realClock } from '../kit/clock.ts';
import { newId } from '../kit/ids.ts';
import type { RecordView } from '../sim/call-record.ts';
import type { SaidWords } from '../sim/call-words.ts';
import type { ReadyStep } from '../sim/caller.ts';
import type { ConversationReport } from '../sim/conversation-report.ts';
import type { CallPlan, PlacedCall } from '../sim/place-call.ts';
import { failedExpectations, summary } from './call-outcome.ts';
import { callPlan, callScript, textOf } from './call-plan.ts';
import { type Command, type CommandInput, UsageError } from './command.ts';
import { ConversationView } from './conversation-view.ts';

export const call: Command = {
  name: 'call',
  summary: 'Call an agent as a telephone would, and see what it does.',
  description:
    'Plays a caller over the protocol of Twilio Media Streams or over plain audio: recordings or sentences, pauses, ' +
    'interruptions, keys. Prints the conversation with its times while it happens. API keys and tokens are taken from ' +
    'CXBCORE_API_KEYS, TWILIO_AUTH_TOKEN and CXBCORE_TOKEN_KEYS, never from the command line. Recordings are played ' +
    'first, then sentences, then keys, each after the agent has spoken; for anything else write a script.',
  examples: [
    { run: 'cxbcore call http://127.0.0.1:8080', means: 'hear the greeting, then hang up' },
    {
      run: 'cxbcore call http://127.0.0.1:8080 --say "I want to cancel" --keys 1234 --record call.wav',
      means: 'speak, then press keys; keep a stereo recording',
    },
    {
      run: 'cxbcore call http://127.0.0.1:8080 --script caller.json --expect "is that right" --expect-end agent.finished',
      means: 'a caller written as a file, as a test: exit code 1 when an expectation fails',
    },
  ],
  arguments: [
    { name: 'url', means: 'the address of the host, or of a media route (this machine)', optional: true },
  ],
  options: [
    { flags: '--url <url>', means: 'the same as the argument' },
    { flags: '--protocol <name>', means: 'twilio or pcm (what the address says, else twilio)' },
    { flags: '--agent <name>', means: 'who is to answer (the host decides)' },
    { flags: '--from <number>', means: "the caller's number" },
    { flags: '--to <number>', means: 'the number that was called' },
    { flags: '--call-id <id>', means: 'the id the call is to have' },
    { flags: '--play <file>', means: 'play a WAV file as the caller', many: true },
    { flags: '--say <text>', means: 'speak a sentence as the caller', many: true },
    { flags: '--keys <keys>', means: 'press keys: 0-9, *, #', many: true },
    { flags: '--voice <name>', means: 'the voice of --say: rms, slt, awb, kal, or human (recorded words)' },
    { flags: '--barge-in <ms>', means: 'begin the first act so long after the agent began to speak' },
    { flags: '--script <file>', means: 'what the caller does, as JSON: {"steps": [{"say": …}, …]}' },
    { flags: '--record <file>', means: 'write a stereo WAV: caller left, agent right' },
    { flags: '--report <file>', means: 'write what was measured, as JSON' },
    { flags: '--picture <file>', means: 'draw the call on one time axis, as SVG' },
    { flags: '--expect <text>', means: 'the agent must say this', many: true },
    { flags: '--expect-end <reason>', means: 'the call must end for this reason' },
    {
      flags: '--data-dir <dir>',
      means: "the host's data folder, for words Twilio's protocol does not carry",
    },
    { flags: '--json', means: 'print the report instead of the conversation' },
  ],
  run,
};

interface Conversed {
  readonly placed: PlacedCall;
  readonly said: readonly SaidWords[];
}

/** How long the host may take to write the record of a call that has ended. */
const RECORD_MS = 3000;

async function run(input: CommandInput): Promise<ExitName> {
  const { options, io } = input;
  const json = options['json'] === true;
  const plan = callPlan(input, realClock);
  const steps = await stepsOf(plan, options);
  const { Refused } = await import('../sim/connect.ts');
  const view = new ConversationView((line) => (json ? undefined : io.out(line)), {
    label: '',
    paint: 'cyan',
    colour: io.terminal && !io.env['NO_COLOR'],
    columns: columnsOf(io.env),
  });
  try {
    return await finish(await converse(plan, steps, input, view), input, view, json);
  } catch (error) {
    if (!(error instanceof Refused) && !isNetworkError(error)) throw error;
    io.err(`${error.message}\n`);
    return error instanceof Refused && (error.status === 429 || error.status === 503)
      ? 'notNow'
      : 'expectationFailed';
  }
}

/** What the caller will say and do, with its sounds made, so that nobody waits for them in the call. */
async function stepsOf(plan: CallPlan, options: CommandInput['options']): Promise<readonly ReadyStep[]> {
  const { script, folder } = await callScript(options);
  const { deviceVoices, soundMaker } = await import('../sim/sounds.ts');
  const { readySteps } = await import('../sim/caller.ts');
  const voice = textOf(options, 'voice');
  const sounds = soundMaker({
    folder,
    synthesise: deviceVoices(),
    ...(voice === undefined ? {} : { voice }),
  });
  try {
    return await readySteps(script, plan.protocol === 'twilio' ? 8000 : (plan.rate ?? 16_000), sounds);
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

/** Holds the call and shows it while it runs. */
async function converse(
  plan: CallPlan,
  steps: readonly ReadyStep[],
  { options, io }: CommandInput,
  view: ConversationView,
): Promise<Conversed> {
  const clock = realClock;
  const { placeCall } = await import('../sim/place-call.ts');
  const { listenAlong } = await import('../sim/listen-along.ts');
  const { watchJournal } = await import('../sim/journal-watch.ts');
  // A call that has an id of ours can be followed in the host's journal, where all words are.
  const dataDir = dataDirOf(options, io.env);
  const callId = plan.callId ?? (dataDir === undefined ? undefined : newId('call'));
  const stops: (() => unknown)[] = [];
  const said: SaidWords[] = [];
  let axis = () => 0;
  const agentSays = (text: string, reply?: string) => {
    said.push({ atMs: axis(), text });
    view.agentSays(text, reply);
  };
  try {
    const placed = await placeCall({ ...plan, ...(callId === undefined ? {} : { callId }) }, steps, clock, {
      begun: (far, caller) => {
        io.interrupted.addEventListener('abort', () => far.hangUp(), { once: true });
        axis = () => far.nowMs();
        view.note(0, `connected to ${plan.url} over ${plan.protocol}`);
        stops.push(listenAlong(far, clock, (news) => view.heard(news)));
        if (dataDir === undefined || callId === undefined || plan.protocol === 'pcm') return;
        const follow = watchJournal(dataDir, callId, clock, (news) => {
          if (news.kind === 'cut') view.cutAfter(far.nowMs(), news.heard);
          if (news.kind !== 'agent') return;
          agentSays(news.text, news.reply);
          caller.agentSays(news.text);
        });
        stops.push(follow);
      },
      caller: (news) => view.caller(news),
      news: (news) => {
        if (news.kind === 'transcript' && news.who === 'agent' && news.final) agentSays(news.text);
      },
    });
    return { placed, said };
  } finally {
    for (const stop of stops) await stop();
  }
}

async function finish(
  { placed, said }: Conversed,
  { options, io }: CommandInput,
  view: ConversationView,
  json: boolean,
): Promise<ExitName> {
  const { far, outcome } = placed;
  const record = await recordOf(placed, dataDirOf(options, io.env));
  const { withRecord } = await import('../sim/call-words.ts');
  const report = withRecord(placed.report, record);
  await writeFiles(placed, report, said, options);
  far.release();
  const failures = failedExpectations(report, outcome, options);
  if (json) io.out(`${JSON.stringify({ ...report, failures }, null, 2)}\n`);
  else {
    const reason = report.end.reason ? ` (${report.end.reason})` : '';
    view.note(report.duration_ms, `the ${report.end.by} ended the call${reason}`);
    const colour = pc.createColors(io.terminal && !io.env['NO_COLOR']);
    io.out(`\n${summary(report)}\n`);
    for (const failure of failures) io.out(`${colour.red('failed')}  ${failure}\n`);
  }
  return failures.length > 0 ? 'expectationFailed' : 'ok';
}

async function writeFiles(
  placed: PlacedCall,
  report: ConversationReport,
  said: readonly SaidWords[],
  options: CommandInput['options'],
): Promise<void> {
  const { far } = placed;
  const recordFile = textOf(options, 'record');
  const reportFile = textOf(options, 'report');
  const pictureFile = textOf(options, 'picture');
  if (recordFile !== undefined) {
    const { stereoRecording } = await import('../sim/stereo.ts');
    await writeFile(recordFile, stereoRecording(far));
  }
  if (reportFile !== undefined) await writeFile(reportFile, `${JSON.stringify(report, null, 2)}\n`);
  if (pictureFile !== undefined) {
    const { pictureSvg } = await import('../sim/picture.ts');
    const { placedTexts } = await import('../sim/call-words.ts');
    await writeFile(
      pictureFile,
      pictureSvg({
        title: report.call_id ?? 'a call',
        rate: far.mouth.rate,
        caller: far.mouth.said(),
        agent: far.loudspeaker.heard(),
        report,
        agentTexts: placedTexts(report, said),
      }),
    );
  }
}

/** The record of the call, where this machine is the host. */
async function recordOf(
  { report }: PlacedCall,
  dataDir: string | undefined,
): Promise<RecordView | undefined> {
  if (dataDir === undefined || report.call_id === null) return undefined;
  const { waitForRecord } = await import('../sim/call-record.ts');
  return waitForRecord(dataDir, report.call_id, realClock, RECORD_MS);
}

function dataDirOf(options: CommandInput['options'], env: CommandInput['io']['env']): string | undefined {
  return (
    textOf(options, 'dataDir') ?? env['CXBCORE_DATA_DIR'] ?? (existsSync('data/records') ? 'data' : undefined)
  );
}

function isNetworkError(error: unknown): error is Error {
  return error instanceof Error && ('code' in error || /socket hang up|handshake/i.test(error.message));
}

function columnsOf(env: Readonly<Record<string, string | undefined>>): number {
  const columns = process.stdout.columns ?? Number(env['COLUMNS']);
  return columns >= 40 ? columns : 100;
}
