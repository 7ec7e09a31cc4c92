import { readMonoWav } from '../../audio/wav.ts';
import { openProgram } from './flite-program.ts';
import { SOUND_FILE } from './flite-system.ts';
import { polish } from './polish.ts';

/** The voices inside Flite that are offered, with the rate they speak at; `kal` is the cheapest, `slt` the clearest. */
export const FLITE_VOICES: Readonly<Record<string, number>> = {
  slt: 16_000,
  rms: 16_000,
  awb: 16_000,
  kal: 8000,
};

/** The longest text of one call, in characters: two minutes of speech. */
export const FLITE_TEXT_MAX = 2000;

interface Speech {
  /** Mono, without the silence around the speech, at about -18 dBFS; empty when the text has nothing to say. */
  readonly samples: Int16Array;
  /** Samples per second. */
  readonly rate: number;
}

/** Speech synthesis in the calling thread: 10 to 50 ms of its time per sentence. */
export interface Flite {
  /**
   * Speaks one text; the same text with the same voice gives the same samples, bit for bit.
   *
   * @throws RangeError for a voice that was not loaded, or a text longer than FLITE_TEXT_MAX; Error when the synthesis
   *   itself fails, after which it can be used again
   */
  speak(voice: string, text: string): Speech;
}

/**
 * Loads Flite and warms these voices, about 0.3 s of CPU each.
 *
 * @throws Error when the optional package is missing, RangeError for a voice that does not exist
 */
export async function loadFlite(voices: readonly string[]): Promise<Flite> {
  for (const voice of voices) {
    if (!Object.hasOwn(FLITE_VOICES, voice)) {
      throw new RangeError(
        `there is no device voice "${voice}"; choose ${Object.keys(FLITE_VOICES).join(', ')}`,
      );
    }
  }
  const program = await openProgram(voices);
  const flite: Flite = {
    speak(voice, text) {
      if (!voices.includes(voice)) throw new RangeError(`the device voice "${voice}" was not loaded`);
      if (text.length > FLITE_TEXT_MAX) {
        throw new RangeError(
          `a text of ${text.length} characters is too long to speak; split it at ${FLITE_TEXT_MAX}`,
        );
      }
      const rate = FLITE_VOICES[voice] as number;
      const plain = speakable(text);
      if (plain === '') return { samples: new Int16Array(0), rate };
      const sound = readMonoWav(program.run(['flite', '-voice', voice, '-t', plain, '-o', SOUND_FILE]));
      return { samples: polish(sound.samples, sound.rate), rate: sound.rate };
    },
  };
  // The first sentences of a voice run in slow code: here, not in somebody's call.
  for (const voice of voices) flite.speak(voice, 'One moment, please, I am looking it up for you.');
  return flite;
}

/** What Flite can read of a text: plain ASCII, one space between words; nothing when there is no letter or digit. */
function speakable(text: string): string {
  const plain = text
    .normalize('NFKD')
    .replaceAll(/[\u2018\u2019]/g, "'")
    .replaceAll(/[\u2012-\u2015]/g, ', ')
    .replaceAll(/[\u0300-\u036f]/g, '')
    .replaceAll(/[^\x21-\x7e]+/g, ' ')
    .trim();
  return /[a-z0-9]/i.test(plain) ? plain : '';
}
