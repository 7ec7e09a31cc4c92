import type { StateLine } from './lines.ts';

/** Two states in a row as one: the later, with what the earlier alone knew of the conversation. */
export function mergeStates(earlier: StateLine, later: StateLine): StateLine {
  const [a, b] = [earlier.conversation, later.conversation];
  if (b.from < a.from) return later;
  return {
    ...later,
    conversation: { from: a.from, items: [...a.items.slice(0, b.from - a.from), ...b.items] },
  };
}
