import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeAlaw, decodeMulaw, encodeAlaw, encodeMulaw, MULAW_SILENCE } from './g711.ts';

interface Golden {
  readonly mulawDecoded: number[];
  readonly alawDecoded: number[];
  readonly mulawEncodedSha256: string;
  readonly alawEncodedSha256: string;
}
const goldenFile = new URL('../../test/golden/g711/codes.json', import.meta.url);
const golden = JSON.parse(readFileSync(goldenFile, 'utf8')) as Golden;

const everyCode = Uint8Array.from({ length: 256 }, (_, code) => code);
const everySample = Int16Array.from({ length: 65_536 }, (_, i) => i - 32_768);
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

const laws = [
  {
    law: 'mu-law',
    encode: encodeMulaw,
    decode: decodeMulaw,
    decoded: golden.mulawDecoded,
    encodedSha256: golden.mulawEncodedSha256,
    // Half of the largest step, and what is cut off above the largest code.
    worstError: 512 + 32_768 - 32_636,
  },
  {
    law: 'A-law',
    encode: encodeAlaw,
    decode: decodeAlaw,
    decoded: golden.alawDecoded,
    encodedSha256: golden.alawEncodedSha256,
    worstError: 512,
  },
];

describe.each(laws)('$law', ({ encode, decode, decoded, encodedSha256, worstError }) => {
  test('all 256 codes decode to the reference values', () => {
    expect([...decode(everyCode)]).toEqual(decoded);
  });

  test('all 65536 samples encode to the reference codes', () => {
    expect(sha256(encode(everySample))).toBe(encodedSha256);
  });

  test('a decoded sample encodes to a code of the same sample', () => {
    const samples = decode(everyCode);
    expect([...decode(encode(samples))]).toEqual([...samples]);
  });

  test('no sample comes back further off than half a step', () => {
    const back = decode(encode(everySample));
    const worst = everySample.reduce((most, x, i) => Math.max(most, Math.abs(x - (back[i] as number))), 0);
    expect(worst).toBeLessThanOrEqual(worstError);
  });

  test('a louder sample never decodes to a quieter one', () => {
    fc.assert(
      fc.property(fc.integer({ min: -32_768, max: 32_766 }), (x) => {
        const [low, high] = decode(encode(Int16Array.of(x, x + 1)));
        return (low as number) <= (high as number);
      }),
    );
  });

  test('samples and codes that lie inside a larger buffer are read from their own place', () => {
    const samples = Int16Array.of(9, 100, -100, 9);
    expect([...encode(samples.subarray(1, 3))]).toEqual([...encode(Int16Array.of(100, -100))]);
    const codes = Uint8Array.of(9, 1, 2, 9);
    expect([...decode(codes.subarray(1, 3))]).toEqual([...decode(Uint8Array.of(1, 2))]);
  });
});

test('the mu-law code of silence decodes to 0', () => {
  expect([...decodeMulaw(Uint8Array.of(MULAW_SILENCE))]).toEqual([0]);
  expect([...encodeMulaw(Int16Array.of(0))]).toEqual([MULAW_SILENCE]);
});
