import { randomBytes, timingSafeEqual } from 'node:crypto';

/** Chance as an input: whoever makes ids or seeds takes one of these, so that a call can be replayed. */
export interface Chance {
  /** `count` random bytes. */
  bytes(count: number): Uint8Array;
}

export const realChance: Chance = { bytes: (count) => randomBytes(count) };

/** A repeatable source (xorshift32), for tests and replay; never for secrets. */
export function seededChance(seed: number): Chance {
  let state = seed >>> 0 || 0x9e3779b9;
  return {
    bytes(count) {
      const out = new Uint8Array(count);
      for (let i = 0; i < count; i++) {
        state ^= state << 13;
        state ^= state >>> 17;
        state ^= state << 5;
        out[i] = state & 0xff;
      }
      return out;
    },
  };
}

const ALPHABET = 'abcdefghijkmnpqrstuvwxyz23456789';

/** A readable id such as `call_h3kq…`: `length` characters of 5 bits each after the prefix. */
export function newId(prefix: string, chance: Chance = realChance, length = 20): string {
  let id = `${prefix}_`;
  for (const byte of chance.bytes(length)) id += ALPHABET[byte & 31];
  return id;
}

/** Compares two secrets in a time that does not depend on where they differ. */
export function sameSecret(a: string, b: string): boolean {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length === right.length && timingSafeEqual(left, right);
}
