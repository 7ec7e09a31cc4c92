import { readFile } from 'node:fs/promises';
import { isAbsolute, resolve } from 'node:path';
import { concatSamples } from '../audio/pcm.ts';
import { resample } from '../audio/resample.ts';
import { readWav } from '../audio/wav.ts';
import type { Flite } from '../speech/device/flite.ts';
import type { SoundOf } from './caller.ts';
import { openRecordings, RECORDING_RATE, type RecordedVoice } from './phrases.ts';

/** Speaks a sentence with a synthetic voice. */
export type Synthesise = (
  voice: string,
  text: string,
) => Promise<{ readonly samples: Int16Array; readonly rate: number }>;

/** Joins the recordings of a person; see `recordings/README.md` for what it can say. */
export const HUMAN_VOICE = 'human';

/** Other than the voice agents have by default, so that nobody talks to himself. */
export const CALLER_VOICE = 'rms';

/**
 * Makes the sounds of a caller's steps: WAV files, a person's joined recordings, or a synthetic voice.
 * @param folder what relative file names are relative to
 */
export function soundMaker(options: { folder: string; synthesise: Synthesise; voice?: string }): SoundOf {
  let human: RecordedVoice | undefined;
  return async (step, rate) => {
    if (step.do === 'play') {
      const parts: Int16Array[] = [];
      for (const file of step.files) {
        const path = isAbsolute(file) ? file : resolve(options.folder, file);
        const sound = readWav(await readFile(path));
        parts.push(atRate(sound.channels[0] ?? new Int16Array(0), sound.rate, rate));
      }
      return concatSamples(parts);
    }
    const voice = step.voice ?? options.voice ?? CALLER_VOICE;
    if (voice === HUMAN_VOICE) {
      human ??= openRecordings();
      return atRate(human.say(step.text), RECORDING_RATE, rate);
    }
    const spoken = await options.synthesise(voice, step.text);
    return atRate(spoken.samples, spoken.rate, rate);
  };
}

function atRate(samples: Int16Array, from: number, to: number): Int16Array {
  return from === to ? samples : resample(samples, from, to);
}

/** The synthetic voices of this package, each loaded when it is first used. */
export function deviceVoices(): Synthesise {
  const loaded = new Map<string, Promise<Flite>>();
  return async (voice, text) => {
    const { loadFlite } = await import('../speech/device/flite.ts');
    const flite = loaded.get(voice) ?? loadFlite([voice]);
    loaded.set(voice, flite);
    return (await flite).speak(voice, text);
  };
}
