import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { readMonoWav } from '../../src/audio/wav.ts';
import { freeWorker, type WorkerProcess } from '../support/worker.ts';

const RECORDINGS = fileURLToPath(new URL('../../recordings/', import.meta.url));
const DEVICE_AGENTS = fileURLToPath(new URL('../fixtures/device-agents', import.meta.url));
const RATE = 8000;
/** The caller speaks when the question has long been asked. */
const LEAD_S = 4;
const FRAME = 160;

interface Heard {
  /** What the call journalled of the caller's speech: edges and recognised words with their places. */
  readonly hearing: readonly unknown[];
  readonly agentTexts: readonly string[];
  /** The agent's audio up to the caller's first word. */
  readonly spokenHash: string;
  readonly reason: unknown;
}

/** Calls, says one recording at always the same place of the stream, and stays until the agent ends the call. */
async function call(worker: WorkerProcess, id: string, recording: string, gain: number): Promise<Heard> {
  const { samples } = readMonoWav(readFileSync(join(RECORDINGS, recording)));
  const speech = Int16Array.from(samples, (sample) => Math.max(-32_768, Math.min(32_767, sample * gain)));
  const stream = new Int16Array(RATE * (LEAD_S + 25));
  stream.set(speech, RATE * LEAD_S);

  const socket = new WebSocket(`ws+unix:${worker.socket}:/media/pcm`);
  await new Promise((resolve, reject) => void socket.once('open', resolve).once('error', reject));
  const agentTexts: string[] = [];
  const spoken = createHash('sha256');
  let at = 0;
  let reason: unknown;
  socket.on('message', (data: Buffer, binary) => {
    if (binary) {
      if (at < RATE * LEAD_S) spoken.update(data);
      return;
    }
    const message = JSON.parse(data.toString()) as Record<string, unknown>;
    if (message['event'] === 'transcript' && message['who'] === 'agent')
      agentTexts.push(String(message['text']));
    if (message['event'] === 'mark') socket.send(data.toString());
    if (message['event'] === 'end') reason = message['reason'];
  });
  const closed = new Promise((resolve) => void socket.once('close', resolve));
  socket.send(JSON.stringify({ event: 'start', rate: RATE, call_id: id }));
  const startedMs = performance.now();
  const timer = setInterval(() => {
    for (; at < ((performance.now() - startedMs) * RATE) / 1000 && at < stream.length; at += FRAME) {
      if (socket.readyState === WebSocket.OPEN) socket.send(Buffer.from(stream.slice(at, at + FRAME).buffer));
    }
  }, 20);
  await closed;
  clearInterval(timer);
  await worker.until(({ state }) => state === 'free');
  return {
    hearing: hearingOf(join(worker.dataDir, 'journal', `${id}.1.jsonl`)),
    agentTexts,
    spokenHash: spoken.digest('hex'),
    reason,
  };
}

interface Line {
  readonly kind: string;
  readonly port?: string;
  readonly event?: {
    readonly kind?: string;
    readonly fromMs?: number;
    readonly endMs?: number;
    readonly text?: string;
    readonly words?: unknown;
  };
}

function hearingOf(journal: string): unknown[] {
  const lines = readFileSync(journal, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
  return lines.flatMap<unknown>(({ kind, port, event }) => {
    if (kind === 'in' && event?.kind === 'speech-start') return [{ speechFromMs: event.fromMs }];
    if (kind === 'in' && event?.kind === 'speech-end') return [{ speechEndMs: event.endMs }];
    if (port === 'recogniser') return [{ what: event?.kind, text: event?.text, words: event?.words }];
    return [];
  });
}

it('a call hears and says the same whether or not another call took place before it', async () => {
  const env = { CXBCORE_AGENTS: DEVICE_AGENTS };
  const [used, fresh] = await Promise.all([freeWorker({ env, number: 1 }), freeWorker({ env, number: 2 })]);
  // A caller before who is very loud, and another person.
  await call(used, 'before', 'cmu/go-forward.wav', 6);
  const after = await call(used, 'second', 'allison/cancel.wav', 1);
  const alone = await call(fresh, 'second', 'allison/cancel.wav', 1);
  expect(alone.reason).toBe('agent.finished');
  expect(alone.hearing.length).toBeGreaterThan(2);
  expect(after).toEqual(alone);
});
