import { decodeAlaw, decodeMulaw } from './g711.ts';
import { bytesFromSamples, samplesFromBytes } from './pcm.ts';

/** Sound as a WAV file holds it: one array of samples per channel, all of the same length. */
export interface Sound {
  /** Samples per second. */
  readonly rate: number;
  readonly channels: readonly Int16Array[];
}

/** The bytes are not a WAV file this program reads; the message says what is wrong with them. */
export class WavError extends Error {
  override readonly name = 'WavError';
}

const FORMATS: Readonly<Record<number, string>> = { 1: 'PCM', 6: 'A-law', 7: 'mu-law' };
const EXTENSIBLE = 0xfffe;
const CHANNELS_MAX = 8;
/** Programs that write to a pipe do not know the length and put this, or a neighbour of 2^31, in its place. */
const UNKNOWN_LENGTH = 0x7fff_ff00;

interface Format {
  readonly tag: number;
  readonly channels: number;
  readonly rate: number;
  readonly bits: number;
}

/**
 * Reads 8- and 16-bit PCM, mu-law and A-law, 1 to 8 channels. A `data` chunk of unknown length, as pipes write it,
 * reaches to the end of the bytes; one that is merely cut short is refused, because half a recording is not the
 * recording. Throws WavError.
 */
export function readWav(bytes: Uint8Array): Sound {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 12 || tag(bytes, 0) !== 'RIFF' || tag(bytes, 8) !== 'WAVE') {
    throw new WavError('this is not a WAV file: it does not begin with RIFF and WAVE');
  }
  let format: Format | undefined;
  for (let at = 12; at + 8 <= bytes.length; ) {
    const name = tag(bytes, at);
    const length = view.getUint32(at + 4, true);
    const body = at + 8;
    if (name === 'fmt ') format = readFormat(view, body, length);
    if (name === 'data') {
      if (!format)
        throw new WavError('the WAV file has its samples before their format: no "fmt " chunk seen');
      const rest = bytes.length - body;
      if (length > rest && length < UNKNOWN_LENGTH) {
        throw new WavError(`the WAV file is cut short: ${length} bytes of sound announced, ${rest} there`);
      }
      return decode(format, bytes.subarray(body, body + Math.min(length, rest)));
    }
    at = body + length + (length & 1);
  }
  throw new WavError('the WAV file has no sound in it: no "data" chunk found');
}

/** Reads a WAV file of one channel; throws WavError when there are more. */
export function readMonoWav(bytes: Uint8Array): { readonly rate: number; readonly samples: Int16Array } {
  const { rate, channels } = readWav(bytes);
  if (channels.length > 1)
    throw new WavError(`the WAV file has ${channels.length} channels; one is expected`);
  return { rate, samples: channels[0] as Int16Array };
}

/** A 16-bit PCM file of one or more channels of the same length. */
export function writeWav(sound: Sound): Uint8Array {
  const { rate, channels } = sound;
  const length = channels[0]?.length ?? 0;
  if (channels.length < 1 || channels.length > CHANNELS_MAX || channels.some((c) => c.length !== length)) {
    throw new RangeError(`a WAV file needs 1 to ${CHANNELS_MAX} channels of the same length`);
  }
  const frameBytes = channels.length * 2;
  const dataBytes = length * frameBytes;
  if (dataBytes > 0xffff_ffff - 36) throw new RangeError('a WAV file holds at most 4 GiB');
  const bytes = new Uint8Array(44 + dataBytes);
  const view = new DataView(bytes.buffer);
  const text = (at: number, word: string): void => bytes.set(Buffer.from(word, 'latin1'), at);
  text(0, 'RIFF');
  view.setUint32(4, 36 + dataBytes, true);
  text(8, 'WAVEfmt ');
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, channels.length, true);
  view.setUint32(24, rate, true);
  view.setUint32(28, rate * frameBytes, true);
  view.setUint16(32, frameBytes, true);
  view.setUint16(34, 16, true);
  text(36, 'data');
  view.setUint32(40, dataBytes, true);
  bytes.set(bytesFromSamples(interleave(channels, length)), 44);
  return bytes;
}

function tag(bytes: Uint8Array, at: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + 4));
}

function readFormat(view: DataView, at: number, length: number): Format {
  if (length < 16 || at + length > view.byteLength) {
    throw new WavError(`the WAV file's "fmt " chunk is damaged: ${length} bytes long`);
  }
  const outer = view.getUint16(at, true);
  // The extensible format hides the plain one in the first two bytes of a 16-byte id.
  const inner = outer === EXTENSIBLE && length >= 40 ? view.getUint16(at + 24, true) : outer;
  const format = {
    tag: inner,
    channels: view.getUint16(at + 2, true),
    rate: view.getUint32(at + 4, true),
    bits: view.getUint16(at + 14, true),
  };
  const name = FORMATS[inner];
  if (name === undefined || (format.bits !== 8 && !(inner === 1 && format.bits === 16))) {
    const what = name ?? `format ${inner}`;
    throw new WavError(
      `WAV files with ${format.bits}-bit ${what} are not read; convert it to 16-bit PCM (sox in.wav -b 16 out.wav)`,
    );
  }
  if (format.channels < 1 || format.channels > CHANNELS_MAX || format.rate < 1000 || format.rate > 192_000) {
    throw new WavError(
      `the WAV file says ${format.channels} channels at ${format.rate} samples per second; ` +
        `1 to ${CHANNELS_MAX} channels at 1000 to 192000 are read`,
    );
  }
  return format;
}

function decode(format: Format, data: Uint8Array): Sound {
  const bytesPerSample = format.bits >> 3;
  const count = Math.floor(data.length / (format.channels * bytesPerSample)) * format.channels;
  const codes = data.subarray(0, count * bytesPerSample);
  return { rate: format.rate, channels: deinterleave(samplesOf(format, codes), format.channels) };
}

function samplesOf(format: Format, codes: Uint8Array): Int16Array {
  if (format.tag === 7) return decodeMulaw(codes);
  if (format.tag === 6) return decodeAlaw(codes);
  if (format.bits === 16) return samplesFromBytes(codes);
  // 8-bit PCM is unsigned: 128 is silence.
  return Int16Array.from(codes, (code) => (code - 128) << 8);
}

function deinterleave(samples: Int16Array, channels: number): Int16Array[] {
  if (channels === 1) return [samples];
  const length = samples.length / channels;
  return Array.from({ length: channels }, (_, channel) =>
    Int16Array.from({ length }, (_unused, i) => samples[i * channels + channel] as number),
  );
}

function interleave(channels: readonly Int16Array[], length: number): Int16Array {
  if (channels.length === 1) return channels[0] as Int16Array;
  const all = new Int16Array(length * channels.length);
  channels.forEach((samples, channel) => {
    for (let i = 0; i < length; i++) all[i * channels.length + channel] = samples[i] as number;
  });
  return all;
}
