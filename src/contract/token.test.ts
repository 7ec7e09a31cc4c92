import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { issueToken, verifyToken } from './token.ts';

const NOW = Date.UTC(2026, 0, 5);
const claims = { carrier: 'pcm', expiresAtMs: NOW + 60_000, callId: 'call_1', agent: 'clinic' } as const;
const expected = { keys: ['key-one'], carrier: 'pcm', nowMs: NOW } as const;

describe('a token', () => {
  test('says what it was issued for', () => {
    expect(verifyToken(issueToken(claims, 'key-one'), expected)).toEqual({
      ok: true,
      token: { ...claims, id: expect.stringMatching(/^[0-9a-f]{40}$/) },
    });
  });

  test('is one of its own even when issued twice for the same', () => {
    expect(issueToken(claims, 'key-one')).not.toBe(issueToken(claims, 'key-one'));
  });

  test('passes with any of the keys in force, so that keys can be rotated without a gap', () => {
    const keys = ['new', 'old'];
    expect(verifyToken(issueToken(claims, 'old'), { ...expected, keys }).ok).toBe(true);
    expect(verifyToken(issueToken(claims, 'new'), { ...expected, keys }).ok).toBe(true);
  });

  test('is refused with the wrong key, and when there is no key at all', () => {
    const token = issueToken(claims, 'key-two');
    expect(verifyToken(token, expected)).toEqual({ ok: false, why: 'wrong signature' });
    expect(verifyToken(token, { ...expected, keys: [] })).toEqual({ ok: false, why: 'wrong signature' });
  });

  test('is refused from the moment it expires', () => {
    const token = issueToken(claims, 'key-one');
    expect(verifyToken(token, { ...expected, nowMs: claims.expiresAtMs - 1 }).ok).toBe(true);
    expect(verifyToken(token, { ...expected, nowMs: claims.expiresAtMs })).toEqual({
      ok: false,
      why: 'expired',
    });
  });

  test('is refused by another carrier', () => {
    expect(verifyToken(issueToken(claims, 'key-one'), { ...expected, carrier: 'twilio' })).toEqual({
      ok: false,
      why: 'for another carrier',
    });
  });

  test('is refused when any character of it is changed', () => {
    const token = issueToken(claims, 'key-one');
    fc.assert(
      fc.property(
        fc.nat(token.length - 1),
        fc.constantFrom('A', 'b', '0', '.', '_', '-', '='),
        (at, character) => {
          fc.pre(token[at] !== character);
          const forged = token.slice(0, at) + character + token.slice(at + 1);
          expect(verifyToken(forged, expected).ok).toBe(false);
        },
      ),
      { numRuns: 500 },
    );
  });

  test('of any text whatever is refused without an exception', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.string().map((text) => `cxb1.${text}`),
        ),
        (text) => {
          expect(verifyToken(text, expected).ok).toBe(false);
        },
      ),
      { numRuns: 1000 },
    );
  });

  test('fits into a path, a subprotocol and a parameter of 500 characters, or is not issued', () => {
    const longest = issueToken({ ...claims, callId: 'c'.repeat(128), agent: 'a'.repeat(40) }, 'k');
    expect(longest).toMatch(/^[A-Za-z0-9._-]{1,480}$/);
    expect(() => issueToken({ ...claims, agent: 'a'.repeat(300) }, 'k')).toThrow(/more than the 480/);
  });

  test('is not issued for a call id that is none', () => {
    expect(() => issueToken({ ...claims, callId: '../x' }, 'k')).toThrow(RangeError);
  });
});

test('a token made by the documented recipe, without our code, is one of ours', () => {
  const body = `cxb1.${Buffer.from(JSON.stringify({ c: 'pcm', e: NOW + 60_000, n: 'once', a: 'clinic' })).toString('base64url')}`;
  const token = `${body}.${createHmac('sha256', 'key-one').update(`cxbcore media token\n${body}`).digest('base64url')}`;
  expect(verifyToken(token, expected)).toMatchObject({ ok: true, token: { agent: 'clinic' } });
});
