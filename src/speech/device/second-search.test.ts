import { readFileSync } from 'node:fs';
import { beforeEach, expect, test } from 'vitest';
import wabt from 'wabt';
import { wasm } from '../../kit/wasm.ts';
import { SecondSearch } from './second-search.ts';
import { SECOND_SEARCH_BASE64 } from './second-search-bytes.ts';

/** A native program with searches that report who did what; the functions of each are 1, 2, 3 and 4 in its table. */
const PROGRAM = `(module
  (import "test" "did" (func $did (param i32 i32 i32) (result i32)))
  (memory (export "s") 1)
  (table (export "C") 5 5 funcref)
  (elem (i32.const 1) $start $step $finish $free)
  (func $start (param i32) (result i32) (call $did (local.get 0) (i32.const 1) (i32.const 0)))
  (func $step (param i32 i32) (result i32) (call $did (local.get 0) (i32.const 2) (local.get 1)))
  (func $finish (param i32) (result i32) (call $did (local.get 0) (i32.const 3) (i32.const 0)))
  (func $free (param i32) (drop (call $did (local.get 0) (i32.const 4) (i32.const 0)))))`;
const [DECODER, MODEL, FUNCTIONS, PHONES, ANSWERS] = [64, 4000, 128, 512, 640] as const;

let did: number[][];
let failing: number | undefined;
let words: Int32Array;
let asm: Record<string, unknown>;
/** Runs a function of a search as native code does: by its number. */
let run: (search: number, number: number, ...rest: number[]) => number;

beforeEach(async () => {
  did = [];
  failing = undefined;
  const { buffer } = (await wabt()).parseWat('program.wat', PROGRAM).toBinary({});
  const { exports } = new wasm.Instance(await wasm.compile(buffer), {
    test: {
      did: (search: number, what: number, frame: number) => {
        did.push([search, what, frame]);
        return search === failing ? -1 : 1;
      },
    },
  });
  asm = exports;
  words = new Int32Array((exports['s'] as { buffer: ArrayBuffer }).buffer);
  words.set([1, 2, 3, 0, 4], FUNCTIONS / 4);
  words[PHONES / 4] = FUNCTIONS;
  words[ANSWERS / 4] = FUNCTIONS;
  words[DECODER / 4 + 4] = MODEL;
  words[DECODER / 4 + 8] = PHONES;
  const table = exports['C'] as { get(number: number): (...values: number[]) => number };
  run = (search, number, ...rest) => table.get(number)(search, ...rest);
});

const take = () => SecondSearch.takeFrom({ HEAPU8: new Uint8Array(words.buffer), asm }, DECODER, MODEL);
const current = () => words[DECODER / 4 + 8];

test('the functions that are shipped are those that second-search.wat describes', async () => {
  const source = readFileSync(new URL('second-search.wat', import.meta.url), 'utf8');
  const { buffer } = (await wabt()).parseWat('second-search.wat', source).toBinary({});
  expect(Buffer.from(buffer).toString('base64')).toBe(SECOND_SEARCH_BASE64);
});

test('a search that was taken out goes along with the one that the decoder has later', async () => {
  await take();
  expect(current()).toBe(0);
  words[DECODER / 4 + 8] = ANSWERS;
  run(ANSWERS, 1);
  run(ANSWERS, 2, 7);
  run(ANSWERS, 3);
  expect(did).toEqual([
    [ANSWERS, 1, 0],
    [PHONES, 1, 0],
    [ANSWERS, 2, 7],
    [PHONES, 2, 7],
    [ANSWERS, 3, 0],
    [PHONES, 3, 0],
  ]);
});

test('a frame fails when either search fails', async () => {
  await take();
  expect(run(ANSWERS, 2, 0)).toBeGreaterThan(0);
  failing = PHONES;
  expect(run(ANSWERS, 2, 1)).toBeLessThan(0);
  failing = ANSWERS;
  expect(run(ANSWERS, 2, 2)).toBeLessThan(0);
});

test('the decoder has its own search again after a look at the second, also when the look fails', async () => {
  const second = await take();
  words[DECODER / 4 + 8] = ANSWERS;
  expect(second.inPlace(current)).toBe(PHONES);
  expect(current()).toBe(ANSWERS);
  expect(() =>
    second.inPlace(() => {
      throw new Error('no path');
    }),
  ).toThrow('no path');
  expect(current()).toBe(ANSWERS);
});

test('closing frees the search that was taken, and no other', async () => {
  const second = await take();
  second.close();
  expect(did).toEqual([[PHONES, 4, 0]]);
});

test('a package that keeps its parts elsewhere is refused by name', async () => {
  words[DECODER / 4 + 4] = MODEL + 4;
  await expect(take()).rejects.toThrow(/soundswallower is laid out differently.*package\.json/);
});
