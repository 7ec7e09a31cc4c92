import { fromDb, peak, rms, scale, toDb } from '../../audio/level.ts';

/** The level of the speech itself, pauses left out, and the most a peak may have, in dBFS. */
const LEVEL_DB = -18;
const PEAK_DB = -1;

const FRAME_S = 0.005;
/** Below its loud parts by this much, a frame of synthetic speech is a pause or the hiss around it. */
const PAUSE_DB = 32;
/** A frame no further below is surely speech. */
const LOUD_DB = 15;
/** A closed stop consonant is silent for this long; what lies beyond a longer gap at either end is hiss. */
const GAP_S = 0.08;
/** What is kept before the first and after the last frame of speech, and faded. */
const LEAD_S = 0.01;
const TAIL_S = 0.03;

/**
 * Synthetic speech made ready for a line: the silence around it cut off, because it would only be waited for (0.2 s at
 * the start with most voices), and brought to about -18 dBFS without clipping. Empty for a sound without speech.
 */
export function polish(samples: Int16Array, rate: number): Int16Array {
  const size = Math.round(FRAME_S * rate);
  const levels: number[] = [];
  for (let at = 0; at + size <= samples.length; at += size) {
    levels.push(toDb(rms(samples.subarray(at, at + size))));
  }
  const loudest = levels.toSorted((a, b) => b - a)[Math.floor(levels.length / 20)] ?? -Infinity;
  // Sixty below full scale is what a voice's silence has: nothing was said.
  if (loudest < -60) return new Int16Array(0);
  const isLoud = (level: number): boolean => level > loudest - LOUD_DB;
  const isSpeech = (level: number): boolean => level > loudest - PAUSE_DB;
  const gap = Math.round(GAP_S / FRAME_S);
  const first = reach(levels, levels.findIndex(isLoud), -1, gap, isSpeech);
  const last = reach(levels, levels.findLastIndex(isLoud), 1, gap, isSpeech);
  const from = Math.max(0, Math.round(first * size - LEAD_S * rate));
  const to = Math.min(samples.length, Math.round((last + 1) * size + TAIL_S * rate));
  const factor = gain(
    samples.subarray(from, to),
    levels.filter((level) => isSpeech(level)),
  );
  const out = scale(samples.subarray(from, to), factor);
  fade(out, LEAD_S * rate, TAIL_S * rate);
  return out;
}

/** From a frame in one direction, the last frame of speech that no gap longer than this separates. */
function reach(
  levels: readonly number[],
  start: number,
  step: 1 | -1,
  gap: number,
  isSpeech: (level: number) => boolean,
): number {
  let reached = start;
  for (let i = start; Math.abs(i - reached) <= gap; i += step) {
    const level = levels[i];
    if (level === undefined) break;
    if (isSpeech(level)) reached = i;
  }
  return reached;
}

function gain(samples: Int16Array, speechLevels: readonly number[]): number {
  const power = speechLevels.reduce((sum, level) => sum + 10 ** (level / 10), 0) / speechLevels.length;
  return Math.min(fromDb(LEVEL_DB) / Math.sqrt(power), fromDb(PEAK_DB) / peak(samples));
}

function fade(samples: Int16Array, lead: number, tail: number): void {
  for (let i = 0; i < lead && i < samples.length; i++) samples[i] = ((samples[i] as number) * i) / lead;
  for (let i = 0; i < tail && i < samples.length; i++) {
    const at = samples.length - 1 - i;
    samples[at] = ((samples[at] as number) * i) / tail;
  }
}
