/**
 * 16-bit little-endian samples to and from bytes. Bytes from sockets and base64 start anywhere in their buffer, and a
 * view of 16-bit numbers must start at an even address, so reading always copies. All hosts this runs on are
 * little-endian, as are all carriers' raw formats.
 */

/** Whole samples of `bytes`; a last odd byte is left out (a stream that may split a sample needs a PcmReader). */
export function samplesFromBytes(bytes: Uint8Array): Int16Array {
  const samples = new Int16Array(bytes.length >> 1);
  new Uint8Array(samples.buffer).set(bytes.subarray(0, samples.length * 2));
  return samples;
}

/** The bytes of `samples`, as a view of the same memory: copy it if the samples will be written to again. */
export function bytesFromSamples(samples: Int16Array): Uint8Array {
  return new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength);
}

/** Base64 text to bytes; characters outside the alphabet are skipped, as Node does. */
export function bytesFromBase64(text: string): Uint8Array {
  return Buffer.from(text, 'base64');
}

export function base64FromBytes(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

/** Samples as -1…1 in `into` (made when missing), which must be at least as long. */
export function floatsFromSamples(
  samples: Int16Array,
  into: Float32Array = new Float32Array(samples.length),
): Float32Array {
  for (let i = 0; i < samples.length; i++) into[i] = (samples[i] as number) / 32_768;
  return into;
}

/** -1…1 to 16-bit samples, rounded; what lies outside is clipped. */
export function samplesFromFloats(floats: Float32Array): Int16Array {
  const samples = new Int16Array(floats.length);
  for (let i = 0; i < floats.length; i++) samples[i] = clip((floats[i] as number) * 32_768);
  return samples;
}

/** The nearest 16-bit sample. */
export function clip(value: number): number {
  return Math.max(-32_768, Math.min(32_767, Math.round(value)));
}

/** One array after the other. */
export function concatSamples(parts: readonly Int16Array[]): Int16Array<ArrayBuffer> {
  let length = 0;
  for (const part of parts) length += part.length;
  const all = new Int16Array(length);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** Reads a byte stream whose pieces may end in the middle of a sample: the odd byte waits for the next piece. */
export class PcmReader {
  #odd: number | undefined;

  push(bytes: Uint8Array): Int16Array {
    if (this.#odd === undefined) {
      if (bytes.length & 1) this.#odd = bytes[bytes.length - 1];
      return samplesFromBytes(bytes);
    }
    const joined = new Uint8Array(bytes.length + 1);
    joined[0] = this.#odd;
    joined.set(bytes, 1);
    this.#odd = undefined;
    return this.push(joined);
  }

  /** Forgets a waiting byte. */
  reset(): void {
    this.#odd = undefined;
  }
}
