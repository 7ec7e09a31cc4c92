// What the voice-activity detector costs: CPU per 32 ms frame, share of a core per call, and memory.
// Usage: node scripts/run-ts.mjs bench/vad.ts
import { readFileSync } from 'node:fs';
import { Framer } from '../src/audio/framing.ts';
import { floatsFromSamples } from '../src/audio/pcm.ts';
import { Resampler } from '../src/audio/resample.ts';
import { pinkNoise } from '../src/audio/tones.ts';
import { seededChance } from '../src/kit/ids.ts';
import { RATE } from './line-sound.ts';

/** Memory that is this process's alone, in MB. */
function privateMb(): number {
  const text = readFileSync('/proc/self/smaps_rollup', 'utf8');
  return Number(/Private_Dirty:\s+(\d+) kB/.exec(text)?.[1]) / 1024;
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

const before = { memory: privateMb(), cpu: cpuMs() };
const { loadSilero } = await import('../src/speech/device/silero.ts');
const engine = await loadSilero();
const loaded = { memory: privateMb(), cpu: cpuMs() };
const frame = new Float32Array(engine.frameSamples);
const first = engine.open();
for (let i = 0; i < 500; i++) {
  for (let k = 0; k < frame.length; k++) frame[k] = Math.sin(k * k * 0.001 * (i + 1)) / 10;
  first.process(frame);
}
const working = privateMb();

const noise = pinkNoise(60, RATE, -30, seededChance(1));
const cold = cpuMs();

const view = new Resampler(RATE, 16_000);
const frames20 = new Framer(RATE / 50).push(noise);
const wide = frames20.map((frame) => view.push(frame));
const resampled = cpuMs();
const framer = new Framer(engine.frameSamples);
const frames = wide.flatMap((part) => framer.push(part)).map((frame) => floatsFromSamples(frame));
const detector = engine.open();
for (const frame of frames) detector.process(frame);

const rounds = 5;
const started = cpuMs();
for (let i = 0; i < rounds; i++) for (const frame of frames) detector.process(frame);
const perFrame = ((cpuMs() - started) * 1000) / (rounds * frames.length);
const perUpsampled = ((resampled - cold) * 1000) / frames20.length;
const share = perFrame / 32_000 + perUpsampled / 20_000;

process.stdout.write(
  [
    `engine ${engine.name}, ${rounds * frames.length} frames`,
    `load                                 ${(loaded.cpu - before.cpu).toFixed(0)} ms CPU`,
    `memory added, private                ${(working - before.memory).toFixed(1)} MB at work, of it by loading ${(loaded.memory - before.memory).toFixed(1)} MB`,
    `detector, per 32 ms                  ${perFrame.toFixed(0)} µs CPU`,
    `8 to 16 kHz, per 20 ms, cold         ${perUpsampled.toFixed(0)} µs CPU`,
    `share of a core per call, both       ${(share * 100).toFixed(2)} %`,
    '',
  ].join('\n'),
);
