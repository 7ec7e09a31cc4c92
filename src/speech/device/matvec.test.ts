import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import wabt from 'wabt';
import { wasm } from '../../kit/wasm.ts';
import { MATVEC_BASE64 } from './matvec-bytes.ts';
import { compileMatvec } from './silero-weights.ts';

test('the kernel that is shipped is the one that matvec.wat describes', async () => {
  const source = readFileSync(new URL('matvec.wat', import.meta.url), 'utf8');
  const tools = await wabt();
  const module = tools.parseWat('matvec.wat', source, { simd: true });
  expect(Buffer.from(module.toBinary({}).buffer).toString('base64')).toBe(MATVEC_BASE64);
});

test('the kernel multiplies, adds and cuts off as plain arithmetic does', async () => {
  const memory = new wasm.Memory({ initial: 1 });
  const floats = new Float32Array(memory.buffer);
  const matvec = await compileMatvec(memory);
  const size = fc.integer({ min: 1, max: 6 }).map((n) => n * 4);
  // Small whole numbers: their sums are exact, whatever the order.
  const value = fc.integer({ min: -9, max: 9 });
  const values = (length: number): fc.Arbitrary<number[]> =>
    fc.array(value, { minLength: length, maxLength: length });
  const cases = fc
    .tuple(size, size, fc.constantFrom(0, -Infinity), fc.integer({ min: 0, max: 3 }))
    .chain(([rows, columns, floor, shift]) =>
      fc.record({
        rows: fc.constant(rows),
        columns: fc.constant(columns),
        floor: fc.constant(floor),
        shift: fc.constant(shift),
        w: values(rows * columns),
        b: values(rows),
        x: values(columns),
      }),
    );
  fc.assert(
    fc.property(cases, ({ rows, columns, floor, shift, w, b, x }) => {
      const [atW, atB, atX, atY] = [shift, 1000 + shift, 2000 + shift, 3000 + shift];
      floats.fill(NaN);
      floats.set(w, atW);
      floats.set(b, atB);
      floats.set(x, atX);
      matvec(rows, columns, atW * 4, atB * 4, atX * 4, atY * 4, floor);
      const expected = b.map((start, row) => {
        const sum = x.reduce((total, xi, i) => total + xi * (w[row * columns + i] as number), start);
        return Math.max(floor, sum);
      });
      expect([...floats.subarray(atY, atY + rows)].map((y) => y + 0)).toEqual(expected);
      expect(floats[atY + rows]).toBeNaN();
    }),
  );
});
