import type { JournalLine } from '../journal/lines.ts';
import type { Json } from '../kit/json.ts';

/** What stands in a journal for inputs that must not be written down, made into inputs again. */

interface Redacted {
  readonly redacted: string;
  readonly length: number;
  /** The same words with other digits. */
  readonly like?: string;
}

export function isRedacted(value: Json | undefined): value is Json & Redacted {
  return typeof value === 'object' && value !== null && 'redacted' in value;
}

/**
 * An input in which everything redacted is something again: other digits, as many and in the same places.
 * @param key the key that was pressed, where it is known
 */
export function filledIn(value: Json, key = '0'): Json {
  if (isRedacted(value)) return value.like ?? (value.length === 1 ? key : '0'.repeat(value.length));
  if (Array.isArray(value)) return value.map((entry: Json) => filledIn(entry, key));
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([name, entry]) => [name, filledIn(entry, key)]));
  return value;
}

/**
 * Keys are redacted before it is known which question they answer; when they answered one that is not sensitive, the
 * conversation has them in clear. By the number of the input.
 */
export function keysByInput(lines: readonly JournalLine[]): ReadonlyMap<number, string> {
  const known = new Map<number, string>();
  let pressed: { readonly n: number; readonly key: string | undefined }[] = [];
  for (const line of lines) {
    if (line.kind === 'in') {
      const { kind, digit } = line.event as { readonly kind: string; readonly digit?: Json };
      if (kind !== 'key') continue;
      const key = typeof digit === 'string' ? digit : undefined;
      // The question is asked again, and what was keyed before does not count.
      pressed = [...(key === '*' ? [] : pressed), { n: line.n, key }];
    } else if (line.kind === 'out') {
      const { item } = line.effect as { readonly item?: { readonly kind?: string; readonly digits?: Json } };
      if (item?.kind !== 'keys' || item.digits === undefined) continue;
      const { digits } = item;
      const count = isRedacted(digits) || typeof digits === 'string' ? digits.length : 0;
      // The key that ended the answer before is not part of what it was.
      if (pressed[0]?.key === '#' && digits !== '#') pressed.shift();
      const taken = pressed.splice(0, count);
      if (typeof digits === 'string')
        for (const [at, { n }] of taken.entries()) known.set(n, digits[at] ?? '0');
    }
  }
  return known;
}
