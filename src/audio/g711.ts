/**
 * G.711: one byte per sample, the sound of telephone lines. Both laws by table, because a table look-up is the same
 * few microseconds for every signal. Codes are those of ITU-T G.711 (11/88) on 16-bit samples; encoders of other
 * programs may differ by one step exactly at a decision value, so codes are never compared across tools.
 */

const MULAW_BIAS = 0x84;
/** The largest magnitude the mu-law can hold once its bias is added in 15 bits. */
const MULAW_CLIP = 0x7fff - MULAW_BIAS;
const MULAW_DECODE = Int16Array.from({ length: 256 }, (_, code) => mulawSample(code));
const MULAW_ENCODE = Uint8Array.from({ length: 65_536 }, (_, index) => mulawCode(signed(index)));
const ALAW_DECODE = Int16Array.from({ length: 256 }, (_, code) => alawSample(code));
const ALAW_ENCODE = Uint8Array.from({ length: 65_536 }, (_, index) => alawCode(signed(index)));

/** The mu-law code of silence: what a gap in a mu-law stream is filled with. */
export const MULAW_SILENCE = 0xff;

/** 16-bit samples to mu-law codes, one byte each. */
export function encodeMulaw(samples: Int16Array): Uint8Array {
  return encode(samples, MULAW_ENCODE);
}

/** Mu-law codes to 16-bit samples, at most 32 124 in magnitude. */
export function decodeMulaw(codes: Uint8Array): Int16Array {
  return decode(codes, MULAW_DECODE);
}

/** 16-bit samples to A-law codes, one byte each. */
export function encodeAlaw(samples: Int16Array): Uint8Array {
  return encode(samples, ALAW_ENCODE);
}

/** A-law codes to 16-bit samples, at most 32 256 in magnitude; A-law has no zero, its smallest step is ±8. */
export function decodeAlaw(codes: Uint8Array): Int16Array {
  return decode(codes, ALAW_DECODE);
}

function encode(samples: Int16Array, table: Uint8Array): Uint8Array {
  const codes = new Uint8Array(samples.length);
  for (let i = 0; i < codes.length; i++) codes[i] = table[(samples[i] as number) & 0xffff] as number;
  return codes;
}

function decode(codes: Uint8Array, table: Int16Array): Int16Array {
  const samples = new Int16Array(codes.length);
  for (let i = 0; i < samples.length; i++) samples[i] = table[codes[i] as number] as number;
  return samples;
}

/** The 16-bit sample whose bits are `index`, as table positions are unsigned. */
function signed(index: number): number {
  return index < 0x8000 ? index : index - 0x10000;
}

/** Sign, three bits of exponent, four of mantissa, all inverted; the magnitude carries a bias of 132. */
function mulawSample(code: number): number {
  const bits = ~code & 0xff;
  const exponent = (bits >> 4) & 7;
  const magnitude = ((((bits & 0x0f) << 3) + MULAW_BIAS) << exponent) - MULAW_BIAS;
  return bits & 0x80 ? -magnitude : magnitude;
}

function mulawCode(sample: number): number {
  const biased = Math.min(Math.abs(sample), MULAW_CLIP) + MULAW_BIAS;
  const exponent = 31 - Math.clz32(biased) - 7;
  const mantissa = (biased >> (exponent + 3)) & 0x0f;
  return ~((sample < 0 ? 0x80 : 0) | (exponent << 4) | mantissa) & 0xff;
}

/** Sign, three bits of segment, four of mantissa, every second bit inverted; the sample is the middle of its step. */
function alawSample(code: number): number {
  const bits = code ^ 0x55;
  const segment = (bits >> 4) & 7;
  const step = ((bits & 0x0f) << 4) + 8;
  const magnitude = segment === 0 ? step : (step + 0x100) << (segment - 1);
  return bits & 0x80 ? magnitude : -magnitude;
}

function alawCode(sample: number): number {
  // One's complement of negative samples, as the standard's 13-bit table has it: -1 lies in the first negative step.
  const magnitude = sample < 0 ? ~sample : sample;
  const segment = Math.max(0, 31 - Math.clz32(magnitude | 0xff) - 7);
  const mantissa = (magnitude >> (segment === 0 ? 4 : segment + 3)) & 0x0f;
  return ((sample < 0 ? 0 : 0x80) | (segment << 4) | mantissa) ^ 0x55;
}
