import type { Clock } from '../kit/clock.ts';
import { Ear } from './ear.ts';
import type { FarEnd } from './far-end.ts';
import { startTicker } from './ticker.ts';

/** What a person listening along would notice, while it happens. */
export type HeardNews =
  /** `delayMs` since the caller's last word, when this is the first sound after it. */
  | { readonly kind: 'begins'; readonly atMs: number; readonly delayMs: number | undefined }
  | { readonly kind: 'ends'; readonly fromMs: number; readonly toMs: number; readonly cut: boolean };

const LOOK_MS = 20;
/** Longer than the pauses between sentences, so that a reply is one thing. */
const QUIET_MS = 600;

/** @returns a function that stops it; what is still being said is then told as ended */
export function listenAlong(far: FarEnd, clock: Clock, onNews: (news: HeardNews) => void): () => void {
  const ear = new Ear(far.loudspeaker);
  let sinceMs = 0;
  let begunMs: number | undefined;
  let answeredMs = -1;
  const begin = () => {
    const atMs = ear.begunSince(sinceMs);
    if (atMs === undefined) return;
    begunMs = atMs;
    const said = far.mouth.utterances.findLast(({ toMs }) => toMs <= atMs);
    const first = said !== undefined && said.toMs > answeredMs;
    if (said) answeredMs = said.toMs;
    onNews({ kind: 'begins', atMs, delayMs: first ? atMs - said.toMs : undefined });
  };
  const end = (nextMs?: number) => {
    if (begunMs === undefined) return;
    const clearedMs = far.loudspeaker.clearings.findLast(
      ({ atMs }) => nextMs !== undefined && atMs <= nextMs,
    )?.atMs;
    const toMs = clearedMs ?? ear.lastSoundMs() ?? begunMs;
    const fromMs = begunMs;
    const cut = far.loudspeaker.clearings.some(
      ({ atMs, droppedMs }) => droppedMs > 0 && atMs > fromMs && Math.abs(atMs - toMs) < 100,
    );
    begunMs = undefined;
    sinceMs = toMs;
    onNews({ kind: 'ends', fromMs, toMs, cut });
  };
  const stop = startTicker(clock, LOOK_MS, () => {
    if (begunMs === undefined) return begin();
    // After an interruption the next reply may begin at once.
    const next = ear.begunSince(begunMs + 1);
    if (next !== undefined) {
      end(next);
      begin();
    } else if (far.nowMs() - (ear.lastSoundMs() ?? 0) >= QUIET_MS) end();
  });
  return () => {
    stop();
    end();
  };
}
