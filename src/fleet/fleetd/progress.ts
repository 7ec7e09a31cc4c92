import type { JournalLine } from '../../journal/lines.ts';
import { recordItem } from '../../journal/record-item.ts';
import type { TailLine } from '../../journal/tail.ts';

/** Which events somebody has: those of the journal up to a line's end, and of that line the first few. */
type Place = readonly [incarnation: number, end: number, part: number];

const NOWHERE: Place = [0, 0, 0];

/** The id of the last event a client got, when it was cut off; everything is new to one without. */
function placeOf(id: string | undefined): Place {
  const [, incarnation, end, part] = /^(\d{1,6})\.(\d{1,12})\.(\d{1,9})$/.exec(id ?? '') ?? [];
  if (incarnation === undefined || end === undefined || part === undefined) return NOWHERE;
  return [Number(incarnation), Number(end), Number(part)];
}

const isAfter = (one: Place, other: Place): boolean => {
  const at = one.findIndex((value, i) => value !== other[i]);
  return at >= 0 && (one[at] ?? 0) > (other[at] ?? 0);
};

/** One server-sent event (WHATWG HTML, section 9.2); JSON has no line breaks. */
export function serverSentEvent(name: string, data: unknown, id?: string): string {
  return `${id === undefined ? '' : `id: ${id}\n`}event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}

/**
 * A call's progress for somebody who follows it, from its journal's lines. An event's id is its place in the journal, so
 * whoever comes back with the last one gets all that came after it and nothing twice.
 */
export class Progress {
  readonly #after: Place;
  /** Samples per second of the line, which positions count in. */
  #rate = 8000;
  #items = 0;
  #over = false;

  constructor(lastEventId: string | undefined) {
    this.#after = placeOf(lastEventId);
  }

  /** The end has been told, now or before. */
  get over(): boolean {
    return this.#over;
  }

  /** What is new with these lines: `event`, `said`, `unsaid` and, as the last, `end`. */
  tell(lines: readonly TailLine[]): string {
    return lines
      .flatMap(({ incarnation, end, line }) =>
        this.#newsOf(line).map(([name, data], part) => {
          const place: Place = [incarnation, end, part + 1];
          return isAfter(place, this.#after) ? serverSentEvent(name, data, place.join('.')) : '';
        }),
      )
      .join('');
  }

  #newsOf(line: JournalLine): readonly (readonly [name: string, data: unknown])[] {
    switch (line.kind) {
      case 'open':
      case 'line':
        this.#rate = line.line.rate ?? this.#rate;
        return [];
      case 'event':
        return [
          ['event', { what: line.what, at: new Date(line.wall_ms).toISOString(), detail: line.detail }],
        ];
      case 'state':
        return this.#said(line.conversation);
      case 'died':
        return [
          ['event', { what: 'worker.died', at: new Date(line.wall_ms).toISOString(), detail: line.cause }],
        ];
      case 'end':
        this.#over = true;
        return [['end', { reason: line.reason, ...(line.detail !== undefined && { detail: line.detail }) }]];
      case 'in':
      case 'out':
      case 'port':
        return [];
    }
  }

  /** Everything from `from` on is replaced: what had been told of it is taken back first. */
  #said({ from, items }: Extract<JournalLine, { kind: 'state' }>['conversation']) {
    const news: (readonly [string, unknown])[] = [];
    if (from < this.#items) news.push(['unsaid', { from }]);
    for (const [i, item] of items.entries())
      news.push(['said', { index: from + i, ...recordItem(item, this.#rate) }]);
    this.#items = from + items.length;
    return news;
  }
}
