import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { Framer } from '../../audio/framing.ts';
import { floatsFromSamples } from '../../audio/pcm.ts';
import { readMonoWav } from '../../audio/wav.ts';
import type { VoiceActivityDetector, VoiceActivityEngine } from '../../ports/voice-activity.ts';
import { loadSilero } from './silero.ts';

const golden = new URL('../../../test/golden/silero/', import.meta.url);
const { probabilities } = JSON.parse(readFileSync(new URL('probabilities.json', golden), 'utf8')) as {
  probabilities: number[];
};
const { samples } = readMonoWav(readFileSync(new URL('input.wav', golden)));
const frames = new Framer(512).push(samples).map((frame) => floatsFromSamples(frame));

let engine: VoiceActivityEngine;
beforeAll(async () => {
  engine = await loadSilero();
});

function listen(detector: VoiceActivityDetector): number[] {
  return frames.map((frame) => detector.process(frame));
}

function largestDifference(a: readonly number[], b: readonly number[]): number {
  return a.reduce((worst, x, i) => Math.max(worst, Math.abs(x - (b[i] ?? Infinity))), 0);
}

describe('the detector', () => {
  test('gives the probabilities of ONNX Runtime on speech, noise and tones, within 1e-5', () => {
    expect(probabilities.length).toBe(frames.length);
    // Both kinds of frames are in the recording, else the comparison would show little.
    expect(probabilities.filter((p) => p > 0.9).length).toBeGreaterThan(50);
    expect(probabilities.filter((p) => p < 0.1).length).toBeGreaterThan(50);
    expect(largestDifference(listen(engine.open()), probabilities)).toBeLessThan(1e-5);
  });

  test('gives the same probabilities bit for bit, again after a reset and beside another detector', () => {
    const first = engine.open();
    const expected = listen(first);
    first.reset();
    const other = engine.open();
    const both = frames.map((frame, i) => {
      other.process(frames[frames.length - 1 - i] as Float32Array);
      return first.process(frame);
    });
    expect(both).toEqual(expected);
  });

  test('depends on what was heard before', () => {
    const detector = engine.open();
    const expected = listen(detector);
    expect(listen(detector)).not.toEqual(expected);
  });

  test('refuses a frame of another length', () => {
    expect(() => engine.open().process(new Float32Array(256))).toThrow(/512 samples, this one 256/);
  });

  test('does not change the frame it is given', () => {
    const frame = Float32Array.from({ length: 512 }, (_, i) => Math.sin(i / 9));
    const before = frame.slice();
    engine.open().process(frame);
    expect(frame).toEqual(before);
  });

  test('stays within 0…1 at the loudest input', () => {
    const detector = engine.open();
    const square = Float32Array.from({ length: 512 }, (_, i) => (i & 16 ? 1 : -1));
    for (let i = 0; i < 100; i++) {
      const p = detector.process(square);
      expect(p >= 0 && p <= 1).toBe(true);
    }
  });
});

test('the model file is the one whose hash stands beside it', () => {
  const folder = new URL('../../../models/silero-vad/', import.meta.url);
  const [sum, name] = readFileSync(new URL('SHA256SUMS', folder), 'utf8').trim().split(/\s+/);
  const bytes = readFileSync(new URL(name as string, folder));
  expect(createHash('sha256').update(bytes).digest('hex')).toBe(sum);
});
