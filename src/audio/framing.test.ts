import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Framer } from './framing.ts';
import { concatSamples } from './pcm.ts';

test('frames have one size and hold every sample in order, however the input is cut', () => {
  const chunks = fc.array(fc.integer({ min: 0, max: 50 }), { maxLength: 30 });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 40 }), chunks, (size, lengths) => {
      const framer = new Framer(size);
      const frames: Int16Array[] = [];
      let next = 0;
      for (const length of lengths) {
        frames.push(...framer.push(Int16Array.from({ length }, () => next++)));
      }
      const count = next;
      const last = framer.flush();
      if (last) frames.push(last);
      expect(frames.every((frame) => frame.length === size)).toBe(true);
      expect(frames.length).toBe(Math.ceil(count / size));
      const all = concatSamples(frames);
      for (let i = 0; i < all.length; i++) expect(all[i]).toBe(i < count ? i : 0);
    }),
  );
});

test('a later chunk does not change a frame handed out before', () => {
  const framer = new Framer(2);
  const [first] = framer.push(Int16Array.of(1, 2, 3));
  framer.push(Int16Array.of(4));
  expect([...(first as Int16Array)]).toEqual([1, 2]);
});

test('nothing waits after a reset', () => {
  const framer = new Framer(4);
  framer.push(Int16Array.of(1, 2, 3));
  expect(framer.held).toBe(3);
  framer.reset();
  expect(framer.held).toBe(0);
  expect(framer.flush()).toBeUndefined();
});

test('a frame of no samples is refused', () => {
  expect(() => new Framer(0)).toThrow(RangeError);
});
