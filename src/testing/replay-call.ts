import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openCall } from '../call/call.ts';
import { noMetrics } from '../call/metrics.ts';
import type { TurnConfig } from '../call/turn/state.ts';
import { readSettings } from '../contract/settings.ts';
import type { JournalLine } from '../journal/lines.ts';
import { journalPath } from '../journal/paths.ts';
import { readJournal } from '../journal/read.ts';
import { seededChance } from '../kit/ids.ts';
import { silentLog } from '../kit/log.ts';
import { VirtualClock } from '../kit/virtual-clock.ts';
import type { LineFacts } from '../ports/line.ts';
import type { VoiceActivityEngine } from '../ports/voice-activity.ts';
import { loadSilero } from '../speech/device/silero.ts';
import { CallerScript } from './caller-script.ts';
import { FakeLine } from './fake-line.ts';
import { Past } from './replay-ports.ts';
import { Lexicon } from './slow-voice.ts';
import { smallAgent } from './small-agent.ts';

export interface CallReplay {
  /** The journal that the replayed call wrote. */
  readonly journal: readonly JournalLine[];
}

/**
 * Lives through a call again: the caller's recorded audio goes in, and every port answers what its `port` lines in the
 * journal say, after the time it took then. Only the detector of voice activity is real.
 *
 * @param audio the caller's side from the first sample on, at the line's rate
 * @param voiceActivity the device's own when absent
 */
export async function replayCall(
  lines: readonly JournalLine[],
  audio: Int16Array,
  voiceActivity?: VoiceActivityEngine,
): Promise<CallReplay> {
  const [open] = lines;
  if (open?.kind !== 'open') throw new Error('the journal does not begin with its open line; is it whole?');
  const detector = voiceActivity ?? (await loadSilero());
  const past = new Past(lines);
  const dataDir = await mkdtemp(join(tmpdir(), 'cxbcore-replay-'));
  const clock = new VirtualClock(open.wall_ms);
  const boarded = lines.find((line) => line.kind === 'line') ?? open;
  const { turn } = boarded.seed as unknown as { readonly turn: TurnConfig };
  const transfer = past.transfer();
  const line = new FakeLine({
    clock,
    script: new CallerScript(boarded.line.rate ?? 8000),
    lexicon: new Lexicon(),
    audio,
    facts: { ...(boarded.line as unknown as LineFacts), callId: open.call },
    ...(transfer && { transfer }),
  });
  const agent = { ...smallAgent(past.tools(clock), turn.rules), name: open.agent.name };
  const recogniser = past.recogniser(clock);
  const voice = past.voice(clock);
  try {
    const call = openCall(
      {
        clock,
        chance: seededChance(1),
        log: silentLog,
        settings: readSettings(past.settings(dataDir, turn), 'replay'),
        build: open.build,
        worker: open.worker,
        agents: new Map([[agent.name, agent]]),
        defaultAgent: agent.name,
        engines: {
          voiceActivity: detector,
          recogniser: () => recogniser,
          voice: () => voice,
          reset: () => undefined,
          close: () => Promise.resolve(),
        },
        openBrain: () => past.brain(clock),
        metrics: noMetrics,
      },
      line,
    );
    past.act(clock, line, (reason) => call.end(reason));
    await clock.runUntilSettled(call.ended, turn.maxCallMs + 60_000);
    return { journal: (await readJournal(journalPath(dataDir, call.id, 1))).lines };
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
}
