import type { RecogniserEngine } from './recogniser.ts';
import type { TurnModel } from './turn-model.ts';
import type { VoiceEngine } from './voice.ts';
import type { VoiceActivityEngine } from './voice-activity.ts';

/** The engines of one worker process, loaded and warm; every call of the process uses them one after the other. */
export interface Engines {
  readonly voiceActivity: VoiceActivityEngine;
  /** @param name an agent's `stt`, such as `device` or `none` */
  recogniser(name: string): RecogniserEngine;
  /** @param name an agent's `tts`, such as `device/slt` or `none` */
  voice(name: string): VoiceEngine;
  /** Absent: silence and words alone decide when a turn ends. */
  readonly turnModel?: TurnModel;
  /**
   * Between calls: everything a call can colour is as it was before the first. Resolves when the engines have said so;
   * rejects when one cannot be used any more, and never settles when one hangs.
   */
  reset(): void | Promise<void>;
  /** Called once, with the reason, when an engine has died. Absent: none of them can. */
  onBroken?(listener: (why: string) => void): void;
  close(): Promise<void>;
}
