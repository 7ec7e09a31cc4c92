import type { ExitName } from '../../contract/exit-codes.ts';
import { HostError } from '../../fleet/events.ts';
import { realClock, sleep } from '../../kit/clock.ts';
import { deviceVoices, soundMaker } from '../../sim/sounds.ts';
import { startTicker } from '../../sim/ticker.ts';
import type { CommandIo } from '../command.ts';
import { ConversationView } from '../conversation-view.ts';
import { CAST, SEATS } from './cast.ts';
import { writeResults } from './files.ts';
import { type Missed, type Played, play, rehearse } from './play.ts';
import { DemoShow } from './show.ts';
import { openStage, type Stage } from './stage.ts';
import { type Expectation, expectationsOf, missed, type Row, rowOf } from './verdict.ts';

export interface DemoOptions {
  readonly front: 'auto' | 'nginx' | 'builtin';
  readonly out: string | undefined;
  readonly json: boolean;
}

/** How often the memory of the workers is looked at. */
const MEMORY_MS = 2000;
/** How long four workers may take to get ready, two at a time. */
const READY_LIMIT_MS = 60_000;

/** Runs the whole demo. The stage is taken down whatever happens. */
export async function runDemo(io: CommandIo, options: DemoOptions): Promise<ExitName> {
  const clock = realClock;
  const show = new DemoShow(io, clock, options.json);
  const startedMs = clock.now();
  show.begin();
  let stage: Stage | undefined;
  try {
    const rehearsed = Promise.all(
      CAST.map((role) => rehearse(role, soundMaker({ folder: '.', synthesise: deviceVoices() }))),
    );
    stage = await openStage({
      workers: SEATS,
      front: options.front,
      out: options.out,
      env: io.env,
      onEvent: (event) => show.host(event),
    });
    await orInterrupted(warm(stage, show, startedMs), io.interrupted);
    const steps = await rehearsed;
    show.ready(stage.host, (clock.now() - startedMs) / 1000);
    const memory = watchMemory(stage);
    const curtainMs = clock.now();
    const here = stage;
    const playing = CAST.map((role, i) => play(role, steps[i] ?? [], here, viewOf(show, role), curtainMs));
    const played = await orInterrupted(Promise.all(playing), io.interrupted);
    const pss = memory();
    return await applaud(io, options, show, stage, played, pss, (clock.now() - startedMs) / 1000);
  } catch (error) {
    if (error instanceof Interrupted) {
      show.line('Stopping …');
      return 'expectationFailed';
    }
    if (!(error instanceof HostError)) throw error;
    show.line();
    io.err(`error: ${error.message}\n`);
    return error.exit;
  } finally {
    await stage?.close();
  }
}

/** @throws HostError when the workers do not become ready in time */
async function warm({ host, clock }: Stage, show: DemoShow, startedMs: number): Promise<void> {
  const stop = startTicker(clock, 1000, () => show.warming((clock.now() - startedMs) / 1000));
  const late = sleep(clock, READY_LIMIT_MS).then(() => {
    throw new HostError(`the workers were not ready after ${READY_LIMIT_MS / 1000} s`, 'notNow');
  });
  try {
    await Promise.race([host.ready(SEATS), late]);
  } finally {
    stop();
  }
}

async function applaud(
  io: CommandIo,
  options: DemoOptions,
  show: DemoShow,
  stage: Stage,
  all: readonly (Played | Missed)[],
  pss: ReadonlyMap<string, number>,
  seconds: number,
): Promise<ExitName> {
  const played = all.flatMap((call) => ('why' in call ? [] : [call]));
  const rows = played.map((call) => rowOf(call, pss.get(call.callId)));
  const expectations = all.flatMap((call) => ('why' in call ? [missed(call)] : expectationsOf(call)));
  const page = await writeResults(stage.folder, played, rows);
  const held = expectations.every((expectation) => expectation.held);
  if (options.json)
    io.out(`${JSON.stringify(asJson(stage, played, rows, expectations, page, seconds), null, 2)}\n`);
  else {
    show.table(rows);
    const [interrupted] = played.filter(({ role }) => role.interrupts);
    if (interrupted) show.picture(interrupted);
    show.end(expectations, page, seconds);
  }
  return held ? 'ok' : 'expectationFailed';
}

function asJson(
  stage: Stage,
  played: readonly Played[],
  rows: readonly Row[],
  expectations: readonly Expectation[],
  page: string,
  seconds: number,
): object {
  return {
    ok: expectations.every(({ held }) => held),
    seconds: Math.round(seconds * 10) / 10,
    workers: SEATS,
    front: stage.host.front,
    folder: stage.folder,
    page,
    expectations,
    calls: played.map(({ role, callId, report, record, refusal }, i) => ({
      ...rows[i],
      about: role.about,
      call_id: callId,
      refusal: refusal ?? null,
      result: record?.result ?? null,
      report,
    })),
  };
}

function viewOf(show: DemoShow, { name, paint }: (typeof CAST)[number]): ConversationView {
  return new ConversationView((text) => show.raw(text), {
    label: name.padEnd(5),
    paint,
    colour: show.colours,
    columns: show.columns,
  });
}

/** The largest share of memory each call's worker had while it carried it, by call id. */
function watchMemory({ host, clock }: Stage): () => ReadonlyMap<string, number> {
  const largest = new Map<string, number>();
  let stopped = false;
  const look = async () => {
    for (const { worker } of host.workers()) {
      const { memory, call } = (await host.status(worker)) ?? {};
      if (call && typeof memory?.pss === 'number')
        largest.set(call.call_id, Math.max(memory.pss, largest.get(call.call_id) ?? 0));
    }
    if (!stopped) clock.after(MEMORY_MS, () => void look());
  };
  clock.after(MEMORY_MS, () => void look());
  return () => {
    stopped = true;
    return largest;
  };
}

class Interrupted extends Error {}

async function orInterrupted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const interrupted = new Promise<never>((_resolve, reject) => {
    const stop = () => reject(new Interrupted('interrupted'));
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
  return Promise.race([work, interrupted]);
}
