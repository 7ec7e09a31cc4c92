import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { readMonoWav } from '../audio/wav.ts';
import { packageRoot } from '../kit/entry.ts';

/** One file of `recordings/`, as `manifest.json` describes it. */
export interface Recording {
  /** Path below the folder of recordings. */
  readonly file: string;
  /** What is said, in lower case; empty when it is no speech. */
  readonly text: string;
  readonly kind: string;
  readonly speaker: string;
  readonly licence: string;
  readonly use: 'tuning' | 'test' | 'demo';
}

const MANIFEST = z.array(
  z.object({
    file: z.string(),
    text: z.string(),
    kind: z.string(),
    speaker: z.string(),
    licence: z.string(),
    use: z.enum(['tuning', 'test', 'demo']),
  }),
);

/** Samples per second of every recording. */
export const RECORDING_RATE = 8000;

/** The pause between two joined recordings that sounds unhurried without ending a turn. */
const GAP_MS = 60;

/**
 * Joins recordings into one stretch of speech, with a short pause between each two. Pure.
 *
 * @param parts samples at 8 kHz
 */
export function joinRecordings(
  parts: readonly Int16Array[],
  { gapMs = GAP_MS, rate = RECORDING_RATE }: { readonly gapMs?: number; readonly rate?: number } = {},
): Int16Array {
  const gap = Math.round((gapMs * rate) / 1000);
  const length = parts.reduce((sum, part) => sum + part.length, 0) + gap * Math.max(0, parts.length - 1);
  const joined = new Int16Array(length);
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length + gap;
  }
  return joined;
}

/**
 * Splits a text into recorded pieces, the longest first. Pure.
 *
 * @throws Error that names the first word nobody recorded
 */
export function splitPhrase(text: string, recorded: ReadonlySet<string>): string[] {
  const words = text.trim().split(/\s+/);
  const pieces: string[] = [];
  for (let at = 0; at < words.length; ) {
    let length = words.length - at;
    while (length > 0 && !recorded.has(words.slice(at, at + length).join(' '))) length--;
    if (length === 0) {
      throw new Error(
        `nobody recorded "${words[at]}" of "${text}": recordings/README.md lists what there is`,
      );
    }
    pieces.push(words.slice(at, at + length).join(' '));
    at += length;
  }
  return pieces;
}

export interface RecordedVoice {
  /** Every text that was recorded as one piece. */
  readonly texts: ReadonlySet<string>;
  /**
   * A sentence in a human voice, 8 kHz.
   * @throws Error that names the first word nobody recorded
   */
  say(text: string, options?: { readonly gapMs?: number }): Int16Array;
}

/** The manifest of a folder of recordings, checked. */
export function listRecordings(folder = join(packageRoot, 'recordings')): readonly Recording[] {
  return MANIFEST.parse(JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')));
}

export function readRecording(file: string, folder = join(packageRoot, 'recordings')): Int16Array {
  return readMonoWav(readFileSync(join(folder, file))).samples;
}

/**
 * The voice that most of the recordings have; it can say what `recordings/README.md` lists.
 *
 * @param which the recordings it may speak with; by default all single words and short phrases of the speaker
 */
export function openRecordings(
  which: (recording: Recording) => boolean = (recording) =>
    recording.speaker === 'Allison Smith' && recording.kind !== 'prompt' && recording.text !== '',
  folder = join(packageRoot, 'recordings'),
): RecordedVoice {
  const files = new Map<string, string>();
  // Of several takes the first is taken, test and demo before tuning, where words were cut out of menus.
  const takes = [...listRecordings(folder)].filter(which);
  for (const { text, file } of [
    ...takes.filter((take) => take.use !== 'tuning'),
    ...takes.filter((take) => take.use === 'tuning'),
  ])
    if (!files.has(text)) files.set(text, file);
  const samples = new Map<string, Int16Array>();
  const load = (text: string) => {
    const known = samples.get(text);
    if (known) return known;
    const read = readRecording(files.get(text) ?? '', folder);
    samples.set(text, read);
    return read;
  };
  const texts = new Set(files.keys());
  return {
    texts,
    say: (text, options) => joinRecordings(splitPhrase(text, texts).map(load), options),
  };
}
