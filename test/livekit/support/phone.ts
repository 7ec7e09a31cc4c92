import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { resample } from '../../../src/audio/resample.ts';
import { readMonoWav } from '../../../src/audio/wav.ts';
import { eventually } from './calls.ts';
import type { Party } from './far-end.ts';

export const PHONE_AGENTS = fileURLToPath(new URL('../../fixtures/phone-agents', import.meta.url));
const RECORDINGS = fileURLToPath(new URL('../../../recordings/allison/', import.meta.url));
/** A pause of the agent that is no pause between two words. */
const QUIET_MS = 700;

/** A person's recording, such as `yes`. */
export function recording(name: string, rate: number): Int16Array {
  const { rate: from, samples } = readMonoWav(readFileSync(`${RECORDINGS}${name}.wav`));
  return resample(samples, from, rate);
}

/** Waits until the agent has said something that was not heard before, and has finished. Returns when it began. */
export async function listen(party: Party, since = performance.now()): Promise<number> {
  let began = 0;
  await eventually(
    'the agent speaks',
    () => {
      began = party.loudAt.find((at) => at > since) ?? 0;
      return began > 0;
    },
    60_000,
  );
  await eventually(
    'the agent finishes',
    () => performance.now() - (party.loudAt.at(-1) ?? 0) > QUIET_MS,
    60_000,
  );
  return began;
}

/** Says a recording, with the silence after it that a telephone sends. Returns when it was over. */
export async function tell(party: Party, name: string): Promise<number> {
  await party.say(recording(name, party.rate));
  await party.said();
  const over = performance.now();
  void party.say(new Int16Array(party.rate * 3)).catch(() => undefined);
  return over;
}
