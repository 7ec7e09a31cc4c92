/** A stretch of sound on a time axis, in milliseconds. */
export interface Stretch {
  readonly fromMs: number;
  readonly toMs: number;
}

export interface SegmentRules {
  /** A window counts as sound when its level is above this, in dB relative to full scale. */
  readonly aboveDbfs: number;
  /** The window, in milliseconds. */
  readonly windowMs: number;
  /** Pauses shorter than this do not end a stretch, in milliseconds. */
  readonly joinMs: number;
  /** Stretches shorter than this are clicks and are left out, in milliseconds. */
  readonly minMs: number;
}

/**
 * The level lies well above the quantisation noise of G.711 and well below quiet speech. Pauses between the words and
 * sentences of one utterance are at most 0.55 s in recorded prompts and read speech, so 0.6 s separates turns.
 */
export const TURN_RULES: SegmentRules = { aboveDbfs: -48, windowMs: 10, joinMs: 600, minMs: 30 };

/**
 * Finds the stretches of sound by level alone. That is enough here: the samples are what a simulated carrier played,
 * so between the words of a synthetic or studio voice there is nothing but silence.
 */
export function soundIn(samples: Int16Array, rate: number, rules: SegmentRules = TURN_RULES): Stretch[] {
  const window = Math.max(1, Math.round((rate * rules.windowMs) / 1000));
  const floor = window * (32768 * 10 ** (rules.aboveDbfs / 20)) ** 2;
  const found: { fromMs: number; toMs: number }[] = [];
  for (let at = 0; at < samples.length; at += window) {
    const end = Math.min(samples.length, at + window);
    let energy = 0;
    for (let i = at; i < end; i++) energy += (samples[i] ?? 0) ** 2;
    if (energy <= floor) continue;
    const fromMs = (at * 1000) / rate;
    const toMs = (end * 1000) / rate;
    const last = found.at(-1);
    if (last && fromMs - last.toMs < rules.joinMs) last.toMs = toMs;
    else found.push({ fromMs, toMs });
  }
  return found.filter((stretch) => stretch.toMs - stretch.fromMs >= rules.minMs);
}

/** Where speech begins and ends in a recording, in samples; undefined when there is none. */
export function speechBounds(
  samples: Int16Array,
  rate: number,
): { readonly from: number; readonly to: number } | undefined {
  // Recordings carry room noise, so "sound" is judged against the loudest part of this very recording.
  const loudest = peakLevelDbfs(samples, rate);
  const stretches = soundIn(samples, rate, {
    ...TURN_RULES,
    aboveDbfs: Math.max(-52, loudest - 32),
    minMs: 20,
  });
  const first = stretches[0];
  const last = stretches.at(-1);
  if (!first || !last) return undefined;
  return {
    from: Math.round((first.fromMs * rate) / 1000),
    to: Math.min(samples.length, Math.round((last.toMs * rate) / 1000)),
  };
}

function peakLevelDbfs(samples: Int16Array, rate: number): number {
  const window = Math.max(1, Math.round(rate / 50));
  let loudest = 0;
  for (let at = 0; at < samples.length; at += window) {
    let energy = 0;
    for (let i = at; i < Math.min(samples.length, at + window); i++) energy += (samples[i] ?? 0) ** 2;
    loudest = Math.max(loudest, energy / window);
  }
  return 10 * Math.log10(Math.max(loudest, 1e-9) / 32768 ** 2);
}
