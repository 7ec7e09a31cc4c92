import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Framer } from '../audio/framing.ts';
import { mix } from '../audio/level.ts';
import { concatSamples, floatsFromSamples } from '../audio/pcm.ts';
import { silence, tone, whiteNoise } from '../audio/tones.ts';
import { seededChance } from '../kit/ids.ts';
import { type Edge, Edges } from './edges.ts';

const RATE = 16_000;
const FRAME_MS = 32;

const voice = (seconds: number, dbfs = -20): Int16Array => tone([300, 900], seconds, RATE, dbfs);

/** The sound on a line with a little hiss. */
function onLine(sound: Int16Array, hissDb = -60): Int16Array {
  return mix(sound, whiteNoise(sound.length / RATE, RATE, hissDb, seededChance(9)));
}

/** The edges of a sound when the detector says these probabilities, and the last of them from there on. */
function edgesOf(sound: Int16Array, probabilities: readonly number[], edges = new Edges()): Edge[] {
  return new Framer(512)
    .push(sound)
    .flatMap(
      (frame, i) =>
        edges.frame(probabilities[i] ?? probabilities.at(-1) ?? 0, floatsFromSamples(frame)) ?? [],
    );
}

/** Probabilities as a detector gives them that notices speech and silence some frames late. */
function late(fromMs: number, toMs: number, frames = 2): number[] {
  const first = Math.floor(fromMs / FRAME_MS) + frames;
  const last = Math.floor(toMs / FRAME_MS) + frames;
  return [...Array.from({ length: last + 1 }, (_, i) => (i < first ? 0.02 : 0.95)), 0.02];
}

describe('when edges are noticed', () => {
  const flat = new Int16Array(512 * 40);
  const kinds = (probabilities: number[]): string[] =>
    edgesOf(flat, probabilities).map(({ kind, noticedMs }) => `${kind} ${noticedMs / FRAME_MS}`);

  test('two frames above a half begin speech, one does not', () => {
    expect(kinds([0, 0.9, 0, 0.9, 0, 0])).toEqual([]);
    expect(kinds([0, 0.51, 0.51, 0.9])).toEqual(['start 3']);
  });

  test('a half is not above a half', () => {
    expect(kinds([0.5])).toEqual([]);
  });

  test('two frames below 0.35 end it, one does not, nor any number between the thresholds', () => {
    expect(kinds([0.9, 0.9, 0.3, 0.9, 0.36, 0.4, 0.4, 0.36, 0.3, 0.9])).toEqual(['start 2']);
    expect(kinds([0.9, 0.9, 0.9, 0.34, 0.34, 0])).toEqual(['start 2', 'end 5']);
  });

  test('speech that goes on begins anew', () => {
    expect(kinds([0.9, 0.9, 0, 0, 0.4, 0.9, 0.9, 0.9, 0])).toEqual(['start 2', 'end 4', 'start 7', 'end 10']);
  });
});

describe('where edges are', () => {
  test.each([-65, -50, -40])('within a block of the sound, with hiss at %i dBFS', (hiss) => {
    for (const offset of [0, 0.007, 0.013, 0.025]) {
      const [from, to] = [1 + offset, 1.8 + offset];
      const sound = concatSamples([silence(from, RATE), voice(0.8), silence(1, RATE)]);
      const [start, end] = edgesOf(onLine(sound, hiss), late(from * 1000, to * 1000, 3)) as [Edge, Edge];
      expect(Math.abs(start.atMs - from * 1000)).toBeLessThanOrEqual(20);
      expect(Math.abs(end.atMs - to * 1000)).toBeLessThanOrEqual(20);
      expect(end.noticedMs - end.atMs).toBeGreaterThan(90);
    }
  });

  test('the burst after a closed stop belongs to the word, at either end', () => {
    const burst = (): Int16Array => voice(0.02, -30);
    const gap = (): Int16Array => silence(0.048, RATE);
    const parts = [silence(1, RATE), burst(), gap(), voice(0.5), gap(), burst(), silence(1, RATE)];
    const [start, end] = edgesOf(onLine(concatSamples(parts)), late(1068, 1568)) as [Edge, Edge];
    expect(Math.abs(start.atMs - 1000)).toBeLessThanOrEqual(20);
    expect(Math.abs(end.atMs - 1636)).toBeLessThanOrEqual(20);
  });

  test('a click long before the speech is not its beginning', () => {
    const parts = [silence(1, RATE), voice(0.02), silence(0.2, RATE), voice(0.5), silence(1, RATE)];
    const [start] = edgesOf(onLine(concatSamples(parts)), late(1220, 1720)) as [Edge];
    expect(Math.abs(start.atMs - 1220)).toBeLessThanOrEqual(20);
  });

  test('noise that is there from the first moment does not move the end', () => {
    const sound = concatSamples([voice(0.8), silence(0.6, RATE)]);
    const [start, end] = edgesOf(onLine(sound, -45), late(0, 800)) as [Edge, Edge];
    expect(start.atMs).toBeLessThanOrEqual(20);
    expect(Math.abs(end.atMs - 800)).toBeLessThanOrEqual(20);
  });

  test('on a line of digital silence too', () => {
    const sound = concatSamples([silence(1, RATE), voice(0.5), silence(0.5, RATE)]);
    const [start, end] = edgesOf(sound, late(1000, 1500)) as [Edge, Edge];
    expect(Math.abs(start.atMs - 1000)).toBeLessThanOrEqual(20);
    expect(Math.abs(end.atMs - 1500)).toBeLessThanOrEqual(20);
  });

  test('in step with the line when the view is late', () => {
    const sound = onLine(concatSamples([silence(1, RATE), voice(0.5), silence(0.5, RATE)]));
    const [a, b] = edgesOf(sound, late(1000, 1500)) as [Edge, Edge];
    const shifted = edgesOf(sound, late(1000, 1500), new Edges({ lateMs: 3 }));
    expect(shifted).toEqual([
      { kind: 'start', atMs: a.atMs - 3, noticedMs: a.noticedMs - 3 },
      { kind: 'end', atMs: b.atMs - 3, noticedMs: b.noticedMs - 3 },
    ]);
  });

  test('a sound that goes on after its end for the detector begins again where it ended, not before', () => {
    const sound = onLine(concatSamples([silence(1, RATE), voice(3)]));
    const doubtful = [...late(1000, 2000), 0.02, ...Array.from({ length: 9 }, () => 0.95)];
    const [, end, again] = edgesOf(sound, doubtful) as [Edge, Edge, Edge];
    expect(end.kind).toBe('end');
    expect(again).toMatchObject({ kind: 'start', atMs: end.atMs });
  });

  test('after minutes of talk as in the first seconds', () => {
    const edges = new Edges();
    const turn = onLine(concatSamples([silence(0.96, RATE), voice(0.64), silence(0.64, RATE)]));
    for (let i = 0; i < 60; i++) {
      const found = edgesOf(turn, [...late(960, 1600), ...Array.from({ length: 20 }, () => 0.02)], edges);
      const begun = i * 35 * 64;
      expect(found.map(({ kind }) => kind)).toEqual(['start', 'end']);
      expect(Math.abs((found[0] as Edge).atMs - begun - 960)).toBeLessThanOrEqual(20);
      expect(Math.abs((found[1] as Edge).atMs - begun - 1600)).toBeLessThanOrEqual(20);
    }
  });
});

test('whatever is heard: starts and ends take turns, never before the last edge nor after the moment', () => {
  const frames = fc.array(
    fc.record({
      p: fc.double({ min: 0, max: 1, noNaN: true }),
      level: fc.constantFrom(0, 1e-5, 1e-3, 0.1, 1),
    }),
    { maxLength: 300 },
  );
  fc.assert(
    fc.property(frames, (list) => {
      const edges = new Edges();
      const found = list.flatMap(({ p, level }) => edges.frame(p, new Float32Array(512).fill(level)) ?? []);
      let [last, noticed] = [0, 0];
      found.forEach((edge, i) => {
        expect(edge.kind).toBe(i % 2 ? 'end' : 'start');
        expect(edge.atMs).toBeGreaterThanOrEqual(last);
        expect(edge.atMs).toBeLessThanOrEqual(edge.noticedMs);
        expect(edge.noticedMs).toBeGreaterThan(noticed);
        last = edge.atMs;
        noticed = edge.noticedMs;
      });
    }),
  );
});

test('a frame that is no multiple of a block is refused', () => {
  expect(() => new Edges().frame(0, new Float32Array(500))).toThrow(/multiple of 256/);
});
