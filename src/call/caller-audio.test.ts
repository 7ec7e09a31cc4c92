import { describe, expect, test } from 'vitest';
import { CallerAudio } from './caller-audio.ts';

const ramp = (from: number, length: number) => Int16Array.from({ length }, (_, i) => (from + i) % 30_000);

describe("the caller's audio", () => {
  test('is read back by position, also across the end of its memory', () => {
    const audio = new CallerAudio(100, 10);
    for (let at = 0; at < 2500; at += 70) audio.append(at, ramp(at, 70));
    expect(audio.read(1900, 2100)).toEqual(ramp(1900, 200));
    expect(audio.read(0, 100)).toHaveLength(0);
  });

  test('has silence where samples never arrived, and says so', () => {
    const audio = new CallerAudio(100, 10);
    audio.append(0, ramp(1, 20));
    expect(audio.append(50, ramp(51, 20))).toBe(30);
    expect(audio.end).toBe(70);
    expect([...audio.read(18, 52)]).toEqual([19, 20, ...Array.from({ length: 30 }, () => 0), 51, 52]);
    expect(audio.gapIn(0, 70)).toBe(30);
    expect(audio.gapIn(40, 45)).toBe(5);
  });

  test('is not written over by what comes late', () => {
    const audio = new CallerAudio(100, 10);
    audio.append(0, ramp(1, 40));
    audio.append(30, ramp(1000, 20));
    expect(audio.end).toBe(50);
    expect([...audio.read(38, 42)]).toEqual([39, 40, 1010, 1011]);
  });

  test('goes on after silence was put in, whether the line counts time or samples', () => {
    const timed = new CallerAudio(100, 10);
    timed.append(0, ramp(1, 20));
    timed.silence(80);
    timed.append(100, ramp(101, 20));
    const counted = new CallerAudio(100, 10);
    counted.append(0, ramp(1, 20));
    counted.silence(80);
    counted.append(20, ramp(101, 20));
    counted.append(40, ramp(121, 20));
    expect(timed.end).toBe(120);
    expect([...counted.read(99, 102)]).toEqual([0, 101, 102]);
    expect(counted.end).toBe(140);
    expect(timed.gapIn(0, 120) + counted.gapIn(0, 140)).toBe(0);
  });

  test('survives a jump longer than its memory', () => {
    const audio = new CallerAudio(100, 10);
    audio.append(0, ramp(1, 20));
    audio.append(1_000_000, ramp(1, 20));
    expect(audio.end).toBe(1_000_020);
    expect([...audio.read(999_998, 1_000_002)]).toEqual([0, 0, 1, 2]);
  });
});
