import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Agent } from '../agent/agent.ts';
import { defineAgent } from '../agent/define.ts';
import { hear } from '../agent/hear.ts';
import { script } from '../agent/script.ts';
import { readWav } from '../audio/wav.ts';
import { type CallDeps, openCall } from '../call/call.ts';
import { noMetrics } from '../call/metrics.ts';
import { sleep } from '../kit/clock.ts';
import { packageRoot } from '../kit/entry.ts';
import { silentLog } from '../kit/log.ts';
import { ownerOf } from '../kit/owner.ts';
import { LoopbackLine } from './loopback-line.ts';

/** What the recording says, and the choice that must come out of hearing it. */
const RECORDING = 'recordings/allison/leave-a-message.wav';
const SPOKEN = 'leave a message';

/** The longest a warm-up call may take; it needs about three seconds. */
const LIMIT_MS = 30_000;

/** An agent of our own, so that no agent or tool of the user's ever runs without a caller. */
export function warmUpAgent(stt: string, tts: string): Agent {
  return defineAgent({
    name: 'warm-up',
    timeZone: 'UTC',
    stt,
    tts,
    greeting: 'Ready.',
    brain: script({
      slots: { what: hear.choice({ message: [SPOKEN], cancel: ['cancel'], repeat: ['the number'] }) },
      start: 'listen',
      message: false,
      states: {
        listen: { say: 'Yes?', hear: 'what', next: ({ what }) => (what === 'message' ? 'done' : 'listen') },
        done: { say: 'Good.', next: 'end' },
      },
    }),
  });
}

/**
 * One call over a line inside this process: recorded speech in, as a carrier's G.711, through the real engines, and
 * the agent's voice out the same way.
 * @throws Error saying what was not as expected
 */
export async function proveByCall(deps: CallDeps, agent: Agent): Promise<void> {
  // Its journal and record are nobody's: the engines are proven, not a call carried.
  const dataDir = warmUpFolder(deps.settings.dataDir);
  const hears = agent.stt !== 'none';
  const line = new LoopbackLine(deps.clock, readWav(readFileSync(join(packageRoot, RECORDING))));
  try {
    const call = openCall(
      {
        ...deps,
        log: silentLog,
        metrics: noMetrics,
        settings: { ...deps.settings, dataDir },
        agents: new Map([[agent.name, agent]]),
        defaultAgent: agent.name,
      },
      line,
    );
    // A recogniser that hears nothing cannot bring the conversation to its end.
    if (!hears) void line.greeted.then(() => call.end('operator.stopped'));
    const end = await Promise.race([call.ended, sleep(deps.clock, LIMIT_MS)]);
    if (!end) {
      call.end('operator.stopped');
      throw new Error(`the warm-up call was not over after ${LIMIT_MS} ms`);
    }
    if (agent.tts !== 'none' && !line.wasAudible) {
      throw new Error(`the voice ${agent.tts} gave only silence in the warm-up call`);
    }
    // A small word may be heard into the breath before; that the choice was understood, the end of the call shows.
    if (hears && !line.heard.some((text) => text.includes(SPOKEN))) {
      const heard = line.heard.length === 0 ? 'nothing' : `"${line.heard.join('", "')}"`;
      throw new Error(
        `the recogniser ${agent.stt} heard ${heard} instead of "${SPOKEN}" in the warm-up call, which ended with ${end.reason}`,
      );
    }
    if (hears && end.reason !== 'agent.finished') {
      throw new Error(`the warm-up call ended with ${end.reason} instead of agent.finished`);
    }
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
}

/** A new folder for this process; those of processes that were killed in their warm-up are removed. */
export function warmUpFolder(dataDir: string): string {
  const folder = join(dataDir, 'warm-up');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  for (const name of readdirSync(folder)) {
    const pid = Number(/^(\d+)-/.exec(name)?.[1]);
    if (pid === process.pid || ownerOf(pid) === undefined)
      rmSync(join(folder, name), { recursive: true, force: true });
  }
  return mkdtempSync(join(folder, `${process.pid}-`));
}
