import type { Item, MoveOutcome, ToolOutcome } from '../../ports/brain.ts';

/** What has happened since the brain last looked. */
export interface News {
  /** All that the caller said. */
  readonly text: string;
  readonly keys: string;
  /** Something was said and not understood. */
  readonly unclear: boolean;
  /** How often in a row nothing was said. */
  readonly silences: number;
  readonly move: MoveOutcome | undefined;
  outcome(tool: string): ToolOutcome | undefined;
  /** Tools that have ended since, by their name. */
  readonly ran: ReadonlyMap<string, ToolOutcome>;
  /** How much has happened by now. */
  readonly seen: number;
}

/**
 * @param seen how much had happened when the brain last looked. A number, because what a reply was prepared for before
 * the turn was over gets its id only afterwards, in the same place.
 */
export function newsOf(conversation: readonly Item[], seen: number): News {
  // What the agent says and what its tools give is added when it happens to be over, so only the rest is counted.
  const events = conversation.filter(({ kind }) => kind !== 'agent' && kind !== 'tool');
  const fresh = events.slice(seen);
  const tools = new Map(
    conversation.flatMap((item) => (item.kind === 'tool' ? [[item.tool, item.outcome]] : [])),
  );
  return {
    text: fresh.flatMap((item) => (item.kind === 'caller' ? [item.text] : [])).join(' '),
    keys: fresh.flatMap((item) => (item.kind === 'keys' ? [item.digits] : [])).join(''),
    unclear: fresh.some(({ kind }) => kind === 'unclear'),
    silences: fresh.reduce((most, item) => (item.kind === 'silence' ? Math.max(most, item.count) : most), 0),
    move: fresh.flatMap((item) => (item.kind === 'move' ? [item.outcome] : [])).at(-1),
    outcome: (tool) => tools.get(tool),
    ran: ranSince(conversation, seen),
    seen: events.length,
  };
}

function ranSince(conversation: readonly Item[], seen: number): Map<string, ToolOutcome> {
  const ran = new Map<string, ToolOutcome>();
  let events = 0;
  for (const item of conversation) {
    if (item.kind === 'tool') {
      if (events > seen) ran.set(item.name, item.outcome);
    } else if (item.kind !== 'agent') events++;
  }
  return ran;
}
