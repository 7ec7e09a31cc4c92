import type { Clock } from '../kit/clock.ts';
import type { Engines } from '../ports/engines.ts';
import type { CallerScript } from './caller-script.ts';
import type { AudibleWords } from './fake-line.ts';
import { loudnessVoiceActivity, slowRecogniser } from './slow-hearing.ts';
import { Lexicon, slowVoice } from './slow-voice.ts';
import { SpokenSound } from './spoken-sound.ts';

/** Engines, and the means to know which words the agent's sound consists of. */
interface Heard {
  readonly engines: Engines;
  readonly words: AudibleWords;
}

/** Engines that understand what the script says and speak in words, slow on purpose. */
export function slowEngines(
  options: { readonly finalMs?: number; readonly voiceMs?: number },
  clock: Clock,
  script: CallerScript,
): Heard {
  const words = new Lexicon();
  const recogniser = slowRecogniser({
    clock,
    script,
    ...(options.finalMs !== undefined && { finalMs: options.finalMs }),
  });
  const voice = slowVoice({
    clock,
    lexicon: words,
    ...(options.voiceMs !== undefined && { firstMs: options.voiceMs }),
  });
  return {
    words,
    engines: {
      voiceActivity: loudnessVoiceActivity(),
      recogniser: () => recogniser,
      voice: () => voice,
      reset: () => undefined,
      close: () => Promise.resolve(),
    },
  };
}

/** Real engines, whose voice is listened to. */
export function listenedTo(engines: Engines): Heard {
  const words = new SpokenSound();
  return { words, engines: { ...engines, voice: (name) => words.hear(engines.voice(name)) } };
}
