import type { Clock } from '../../kit/clock.ts';
import type { Log } from '../../kit/log.ts';
import type { RecogniserEngine } from '../../ports/recogniser.ts';
import type { VoiceEngine } from '../../ports/voice.ts';
import { startSpeechThread } from './link.ts';
import { DeviceRecogniser } from './recogniser.ts';
import { DeviceVoice } from './voice.ts';

/** What one speech thread offers to its process. */
export interface DeviceSpeech {
  readonly recogniser: RecogniserEngine | undefined;
  readonly voice: VoiceEngine | undefined;
  /** Resolves when the thread has done everything it was told before; rejects, with the reason, when it is broken. */
  answers(): Promise<void>;
  /** Called once, with the reason, when the thread has died; at once when it is dead already. */
  onBroken(listener: (why: string) => void): void;
  /** Ends the thread. */
  close(): Promise<void>;
}

/**
 * Starts the speech thread with what is needed: about 40 MB to hear, 40 MB to speak, and a second to load.
 *
 * @param options.voices names such as `slt`; none: nobody speaks
 * @throws Error that names a missing package, or a voice that does not exist
 */
export async function openDeviceSpeech(options: {
  readonly hears: boolean;
  readonly voices: readonly string[];
  readonly clock: Clock;
  readonly log: Log;
}): Promise<DeviceSpeech> {
  const { hears, voices, clock, log } = options;
  const unique = [...new Set(voices)];
  const started = clock.now();
  const link = await startSpeechThread({ hears, voices: unique }, clock);
  log.debug('device speech loaded', { hears, voices: unique, ms: Math.round(clock.now() - started) });
  return {
    recogniser: hears ? new DeviceRecogniser(link, { clock, log }) : undefined,
    voice: unique.length > 0 ? new DeviceVoice(link, { clock, voices: unique }) : undefined,
    answers: () => link.answers(),
    onBroken(listener) {
      if (link.broken !== undefined) return listener(link.broken);
      return link.listen((message) => message.kind === 'broken' && listener(message.message));
    },
    close: () => link.close(),
  };
}
