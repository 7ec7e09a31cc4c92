import { readFile } from 'node:fs/promises';
import { concatSamples } from '../audio/pcm.ts';
import { resample } from '../audio/resample.ts';
import { readMonoWav } from '../audio/wav.ts';
import type { Settings } from '../contract/settings.ts';

const VOICE = 'slt';
/** A caller who has just been connected, or who has to be switched to our audio first, would miss the beginning. */
const LEAD_MS = 400;

/**
 * What a caller is told for whom no seat is free, as samples at `rate`: the operator's recording, else their sentence
 * in the device's voice.
 *
 * @throws Error when the recording cannot be read, or the voice is not installed
 */
export async function sentenceOf(
  settings: Pick<Settings, 'busyText' | 'busyWav'>,
  rate: number,
): Promise<Int16Array> {
  const sound =
    settings.busyWav === undefined ? await spoken(settings.busyText) : await recorded(settings.busyWav);
  return concatSamples([new Int16Array((LEAD_MS * rate) / 1000), resample(sound.samples, sound.rate, rate)]);
}

async function recorded(path: string): Promise<{ readonly samples: Int16Array; readonly rate: number }> {
  try {
    return readMonoWav(await readFile(path));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`CXBCORE_BUSY_WAV (${path}) cannot be played: ${why}`, { cause });
  }
}

async function spoken(text: string): Promise<{ readonly samples: Int16Array; readonly rate: number }> {
  // Only where there is no recording: the voice takes a third of a second of a processor to load.
  const { loadFlite } = await import('../speech/device/flite.ts');
  const flite = await loadFlite([VOICE]);
  return flite.speak(VOICE, text);
}
