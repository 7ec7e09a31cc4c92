import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../kit/clock.ts';
import { type Json, parseJson } from '../kit/json.ts';
import { shownText } from './call-record.ts';

/** What a call's journal tells while the call runs. */
export type JournalNews =
  /** The agent is heard from now on, with these words; more may follow under the same reply. */
  | { readonly kind: 'agent'; readonly reply: string; readonly text: string }
  | { readonly kind: 'heard'; readonly text: string }
  | { readonly kind: 'unclear' }
  | { readonly kind: 'tool'; readonly name: string }
  /** The reply was interrupted; the caller heard so much of it. */
  | { readonly kind: 'cut'; readonly reply: string; readonly heard: string }
  /** What the call believes of a reply that is over: how much was heard, in milliseconds of its audio. */
  | { readonly kind: 'ledger'; readonly reply: string; readonly heardMs: number }
  | { readonly kind: 'end'; readonly reason: string };

const LOOK_MS = 40;
const MAX_READ_BYTES = 262_144;

type Fields = Readonly<Record<string, Json>>;

/**
 * Follows the journal of one call as it is written: that is where the words are when the line's protocol has no place
 * for them. A journal that cannot be read is a call without words, never an error.
 * @returns a function that reads what is left and stops
 */
export function watchJournal(
  dataDir: string,
  callId: string,
  clock: Clock,
  onNews: (news: JournalNews) => void,
): () => Promise<void> {
  const tail = new Tail(join(dataDir, 'journal', `${callId}.1.jsonl`));
  const reader = new JournalReader(onNews);
  let reading: Promise<void> = Promise.resolve();
  let last: Promise<void> | undefined;
  const readOn = async () => {
    for (const line of await tail.read()) reader.line(line);
  };
  const look = () => {
    if (last) return;
    reading = readOn().then(() => void clock.after(LOOK_MS, look));
  };
  look();
  return () => {
    last ??= reading.then(readOn).then(() => tail.close());
    return last;
  };
}

/** Turns the lines of a journal into news. */
export class JournalReader {
  readonly #onNews: (news: JournalNews) => void;
  readonly #texts = new Map<string, string[]>();
  readonly #sounding = new Set<string>();

  constructor(onNews: (news: JournalNews) => void) {
    this.#onNews = onNews;
  }

  line(text: string): void {
    const line = fields(parseJson(text));
    const event = fields(line?.['event']);
    if (line?.['kind'] === 'end') this.#onNews({ kind: 'end', reason: words(line['reason']) });
    else if (line?.['kind'] === 'in' && event) this.#input(event);
    else if (line?.['kind'] === 'port' && line['port'] === 'brain' && event) this.#part(event);
    else if (line?.['kind'] === 'port' && line['port'] === 'line' && event?.['kind'] === 'ledger')
      this.#onNews({ kind: 'ledger', reply: words(event['reply']), heardMs: Number(event['heard']) });
  }

  #input(event: Fields): void {
    const reply = words(event['reply']);
    switch (words(event['kind'])) {
      case 'sounding':
        this.#sounding.add(reply);
        for (const text of this.#texts.get(reply) ?? []) this.#onNews({ kind: 'agent', reply, text });
        return;
      case 'final':
        if (event['echo'] !== true) this.#onNews({ kind: 'heard', text: words(event['text']) });
        return;
      case 'reply-over':
        if (event['how'] === 'cut' && this.#sounding.has(reply))
          this.#onNews({ kind: 'cut', reply, heard: words(event['heard']) });
        return;
      case 'unclear':
        return this.#onNews({ kind: 'unclear' });
      case 'tool-asked':
        return this.#onNews({ kind: 'tool', name: words(event['name']) });
      default: // everything else of a call's inner life
    }
  }

  /** A brain may think of words that are never said, so they wait until the reply is heard. */
  #part(event: Fields): void {
    const part = fields(event['part']) ?? event;
    const reply = words(event['reply']);
    const text = words(part['text']);
    if (part['kind'] !== 'text' || text === '') return;
    if (this.#sounding.has(reply)) this.#onNews({ kind: 'agent', reply, text });
    else this.#texts.set(reply, [...(this.#texts.get(reply) ?? []), text]);
  }
}

/** The whole lines of a growing file, each once. */
class Tail {
  readonly #path: string;
  #file: FileHandle | undefined;
  /** Keeps half a character that a read ended with for the next one. */
  readonly #decoder = new TextDecoder();
  #rest = '';

  constructor(path: string) {
    this.#path = path;
  }

  async read(): Promise<string[]> {
    this.#file ??= await open(this.#path).catch(() => undefined); // not begun yet
    if (!this.#file) return [];
    const chunk = Buffer.alloc(MAX_READ_BYTES);
    const { bytesRead } = await this.#file.read(chunk, 0, MAX_READ_BYTES, null);
    const lines = (this.#rest + this.#decoder.decode(chunk.subarray(0, bytesRead), { stream: true })).split(
      '\n',
    );
    this.#rest = lines.pop() ?? '';
    return lines;
  }

  async close(): Promise<void> {
    await this.#file?.close();
    this.#file = undefined;
  }
}

function fields(value: Json | undefined): Fields | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : undefined;
}

/** Text, or what stands for a text that may not be written. */
function words(value: Json | undefined): string {
  if (typeof value === 'string') return value;
  const redacted = fields(value)?.['redacted'];
  return typeof redacted === 'string' ? shownText({ redacted }) : '';
}
