import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  base64FromBytes,
  bytesFromBase64,
  bytesFromSamples,
  concatSamples,
  floatsFromSamples,
  PcmReader,
  samplesFromBytes,
  samplesFromFloats,
} from './pcm.ts';

const sample = fc.integer({ min: -32_768, max: 32_767 });
const samplesOf = fc.array(sample, { maxLength: 400 }).map((list) => Int16Array.from(list));

test('samples survive the way through bytes and base64, wherever the bytes lie in their buffer', () => {
  fc.assert(
    fc.property(samplesOf, fc.integer({ min: 0, max: 3 }), (samples, offset) => {
      const bytes = bytesFromBase64(base64FromBytes(bytesFromSamples(samples)));
      const shifted = new Uint8Array(bytes.length + offset).subarray(offset);
      shifted.set(bytes);
      expect(samplesFromBytes(shifted)).toEqual(samples);
    }),
  );
});

test('bytes are little-endian', () => {
  expect([...bytesFromSamples(Int16Array.of(0x0102, -2))]).toEqual([0x02, 0x01, 0xfe, 0xff]);
  expect([...samplesFromBytes(Uint8Array.of(0x02, 0x01, 0xfe, 0xff, 0x77))]).toEqual([0x0102, -2]);
});

test('a byte stream gives the same samples however it is cut', () => {
  fc.assert(
    fc.property(samplesOf, fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 60 }), (samples, cuts) => {
      const bytes = bytesFromSamples(samples);
      const reader = new PcmReader();
      const parts: Int16Array[] = [];
      let at = 0;
      for (const cut of cuts) {
        parts.push(reader.push(bytes.subarray(at, at + cut)));
        at = Math.min(bytes.length, at + cut);
      }
      parts.push(reader.push(bytes.subarray(at)));
      expect(concatSamples(parts)).toEqual(samples);
    }),
  );
});

test('a reader that was reset forgets its odd byte', () => {
  const reader = new PcmReader();
  reader.push(Uint8Array.of(1, 2, 3));
  reader.reset();
  expect([...reader.push(Uint8Array.of(4, 0))]).toEqual([4]);
});

test('samples survive the way through floats', () => {
  fc.assert(
    fc.property(samplesOf, (samples) => {
      expect(samplesFromFloats(floatsFromSamples(samples))).toEqual(samples);
    }),
  );
});

test('floats outside -1…1 are clipped', () => {
  expect([...samplesFromFloats(Float32Array.of(2, -2, 1))]).toEqual([32_767, -32_768, 32_767]);
});
