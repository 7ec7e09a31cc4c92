import type { RecordItem } from './call-record.ts';
import type { JournalItem } from './items.ts';

/** An item of the conversation as the record has it. */
export function recordItem(item: JournalItem, rate: number): RecordItem {
  const ms = (position: number) => Math.round((position / rate) * 1000);
  const at = (key: 'from_ms' | 'to_ms', position: number | undefined) =>
    optional(key, position === undefined ? undefined : ms(position));
  switch (item.kind) {
    case 'caller':
      return { who: 'caller', text: item.text, from_ms: ms(item.from), to_ms: ms(item.to) };
    case 'unclear':
      return { who: 'caller', unclear: true, from_ms: ms(item.from), to_ms: ms(item.to) };
    case 'keys':
      return { who: 'caller', keys: item.digits, ...at('from_ms', item.at) };
    case 'silence':
      return { who: 'caller', silent: item.count, ...at('from_ms', item.at) };
    case 'agent':
      return {
        who: 'agent',
        text: item.text,
        cut: item.cut,
        ...at('from_ms', item.from),
        ...at('to_ms', item.to),
      };
    case 'tool':
      return { who: 'agent', tool: item.name, ok: item.outcome.ok };
    case 'move':
      return { who: 'agent', move: item.move, ok: item.outcome.ok };
  }
}

/** A member that is there only when it has a value. */
export function optional<K extends string, V>(key: K, value: V | undefined): { readonly [P in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { readonly [P in K]?: V });
}
