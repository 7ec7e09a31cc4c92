import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { concatSamples } from '../audio/pcm.ts';
import { writeWav } from '../audio/wav.ts';
import type { JournalMessage } from '../journal/lines.ts';
import type { MoveOutcome } from '../ports/brain.ts';
import type { CallerAudio } from './caller-audio.ts';

const FOLDER = 'messages';

/**
 * Messages that callers leave: the caller's audio as a WAV file. Owns the message being recorded; a reader of the
 * caller's audio like any other, because a message may be longer than what is kept there.
 */
export class Messages {
  readonly #audio: CallerAudio;
  readonly #dataDir: string;
  readonly #callId: string;
  #recording: { readonly id: string; parts: Int16Array[]; to: number } | undefined;
  #saved: JournalMessage[] = [];
  #made = 0;
  #writing: Promise<unknown> = Promise.resolve();

  /** @param saved messages that earlier incarnations of the call have saved */
  constructor(audio: CallerAudio, dataDir: string, callId: string, saved: readonly JournalMessage[] = []) {
    this.#saved = [...saved];
    this.#made = saved.length;
    this.#audio = audio;
    this.#dataDir = dataDir;
    this.#callId = callId;
  }

  /** The messages on the disk, by their path below the data folder. */
  get saved(): readonly JournalMessage[] {
    return this.#saved;
  }

  start(id: string, fromMs: number): void {
    this.#recording = { id, parts: [], to: this.#audio.positionOf(fromMs) };
  }

  /** More of the caller's audio is there. */
  hear(to: number): void {
    const recording = this.#recording;
    if (!recording || to <= recording.to) return;
    recording.parts.push(this.#audio.read(recording.to, to));
    recording.to = to;
  }

  /** Ends the message; resolves with what became of it, never rejects. */
  async stop(id: string, save: boolean): Promise<MoveOutcome> {
    const recording = this.#recording;
    if (recording?.id !== id) return { ok: false, why: 'no message was being recorded' };
    this.#recording = undefined;
    if (!save) return { ok: false, why: 'the message was not kept' };
    const outcome = this.#write(concatSamples(recording.parts));
    this.#writing = outcome;
    return outcome;
  }

  /** Resolves when nothing is being written any more. */
  async idle(): Promise<void> {
    await this.#writing;
  }

  async #write(samples: Int16Array): Promise<MoveOutcome> {
    const file = join(FOLDER, `${this.#callId}.${++this.#made}.wav`);
    try {
      await mkdir(join(this.#dataDir, FOLDER), { recursive: true, mode: 0o700 });
      const path = join(this.#dataDir, file);
      // Under its own name only when it is whole.
      await writeFile(`${path}.part`, writeWav({ channels: [samples], rate: this.#audio.rate }), {
        mode: 0o600,
      });
      await rename(`${path}.part`, path);
    } catch (error) {
      return { ok: false, why: `the message could not be saved: ${String(error)}` };
    }
    const seconds = Math.round((samples.length / this.#audio.rate) * 100) / 100;
    this.#saved = [...this.#saved, { file, seconds }];
    return { ok: true, detail: { file, seconds } };
  }
}
