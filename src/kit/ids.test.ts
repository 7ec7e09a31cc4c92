import { describe, expect, it } from 'vitest';
import { newId, sameSecret, seededChance } from './ids.ts';

describe('ids', () => {
  it('are what a call id may be', () => expect(newId('call')).toMatch(/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/));

  it('repeat with the same seed and differ without', () => {
    expect(newId('call', seededChance(7))).toBe(newId('call', seededChance(7)));
    expect(newId('call')).not.toBe(newId('call'));
  });

  it('use the whole alphabet of a seeded source', () => {
    const seen = new Set(newId('x', seededChance(3), 4000).slice(2));
    expect(seen.size).toBe(32);
  });

  it('are compared whole', () => {
    expect(sameSecret('abc', 'abc')).toBe(true);
    expect(sameSecret('abc', 'abd')).toBe(false);
    expect(sameSecret('abc', 'abcd')).toBe(false);
    expect(sameSecret('', '')).toBe(true);
  });
});
