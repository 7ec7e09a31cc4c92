import type { JournalItem, Redacted } from '../journal/items.ts';
import type { JournalLine, OpenLine, StateLine } from '../journal/lines.ts';
import type { Json } from '../kit/json.ts';
import type { Item, ToolOutcome } from '../ports/brain.ts';
import type { Past } from './past.ts';

/** Said of a tool that ran when its worker died: nobody can know, so it is never run again. */
const UNKNOWN: ToolOutcome = {
  ok: false,
  why: 'unknown-outcome',
  error: 'the call broke off before it answered',
};

type Written = Readonly<Record<string, string | Redacted>>;

/**
 * From the journals of a call's dead incarnations to what the next one needs. Pure.
 * @param incarnations the lines of each, in order; at least one of them begins with its `open` line
 */
export function recall(incarnations: readonly (readonly JournalLine[])[]): Past | undefined {
  const lines = incarnations.flat();
  const opens = lines.filter((line): line is OpenLine => line.kind === 'open');
  const open = opens.at(-1);
  if (!open) return undefined;
  const state = lines.findLast((line): line is StateLine => line.kind === 'state');
  const conversation = conversationOf(lines);
  const redacted = new Map<string, Written>();
  const plain = (items: readonly JournalItem[]) => items.map((item) => inClear(item, redacted));
  const tools = toolsOf(lines);
  const since = state ? lines.slice(lines.lastIndexOf(state) + 1) : lines;
  const { line } = lines.findLast((one) => one.kind === 'line') ?? open;
  return {
    incarnation: open.incarnation,
    lines,
    open: { ...open, line },
    conversation: plain(conversation),
    unwritten: plain(itemsSince(since, tools, conversation, line.rate ?? 8000)),
    redacted,
    brain: state?.brain,
    result: state?.result ?? {},
    messages: state?.messages ?? [],
    counters: state?.counters ?? {},
    keys: keysSince(state, since),
    begun: new Map(tools.map(({ key, outcome }) => [key, outcome])),
    usedMs: incarnations.reduce((sum, one) => sum + lengthOf(one), 0),
  };
}

function conversationOf(lines: readonly JournalLine[]): JournalItem[] {
  let items: JournalItem[] = [];
  for (const line of lines)
    if (line.kind === 'state')
      items = [...items.slice(0, line.conversation.from), ...line.conversation.items];
  return items;
}

interface Run {
  /** `<reply>/<the brain's id>` */
  readonly run: string;
  readonly name: string;
  readonly key: string;
  readonly effect: string;
  readonly input: Json;
  readonly outcome: ToolOutcome;
  readonly ended: boolean;
}

function toolsOf(lines: readonly JournalLine[]): Run[] {
  const runs = new Map<string, Run>();
  for (const line of lines) {
    if (line.kind !== 'port' || line.port !== 'tool') continue;
    const { tool: run } = line;
    if (line.what === 'intent') {
      const { name, key, effect, input } = line;
      runs.set(run, { run, name, key, effect, input, outcome: UNKNOWN, ended: false });
    } else {
      const known = runs.get(run);
      if (known) runs.set(run, { ...known, outcome: line.outcome as ToolOutcome, ended: true });
    }
  }
  return [...runs.values()];
}

/** What happened after the conversation was last written down, and what was under way. */
function itemsSince(
  lines: readonly JournalLine[],
  tools: readonly Run[],
  before: readonly JournalItem[],
  rate: number,
): JournalItem[] {
  let items: JournalItem[] = [];
  const dropped = new Set<string>();
  for (const line of lines) {
    if (line.kind !== 'out') continue;
    const effect = line.effect as {
      readonly kind: string;
      readonly item?: JournalItem | string;
      readonly reply?: string;
      readonly how?: string;
    };
    if (effect.kind === 'item' && typeof effect.item === 'object') items.push(positioned(effect.item, rate));
    if (effect.kind === 'unsay') items = items.filter(({ id }) => id !== effect.item);
    if (effect.kind === 'cancel' && effect.how === 'dropped' && effect.reply) dropped.add(effect.reply);
  }
  const known = new Set([...before, ...items].flatMap((item) => (item.kind === 'tool' ? [item.tool] : [])));
  for (const { run, name, input, outcome, ended, effect } of tools) {
    const slash = run.indexOf('/');
    const [reply, tool] = [run.slice(0, slash), run.slice(slash + 1)] as const;
    // What may be run again has not been run.
    if (known.has(tool) || dropped.has(reply) || (!ended && effect !== 'once')) continue;
    items.push({ kind: 'tool', id: `${run}!`, tool, name, input, outcome });
  }
  return items;
}

/** The machine's items have their positions in milliseconds. */
function positioned(item: JournalItem, rate: number): JournalItem {
  if (item.kind !== 'caller' && item.kind !== 'unclear') return item;
  const { fromMs = 0, toMs = 0, ...rest } = item as typeof item & { fromMs?: number; toMs?: number };
  const position = (ms: number) => Math.round((ms / 1000) * rate);
  return { ...rest, from: position(fromMs), to: position(toMs) };
}

/** An item as a brain can take it: what was redacted is not known any more. */
function inClear(item: JournalItem, redacted: Map<string, Written>): Item {
  if (item.kind === 'keys' && typeof item.digits !== 'string') {
    redacted.set(item.id, { digits: item.digits });
    return { ...item, digits: '' };
  }
  if ('text' in item && typeof item.text !== 'string') {
    redacted.set(item.id, { text: item.text });
    return { ...item, text: '' } as Item;
  }
  return item as Item;
}

/** Keys that are not used yet; those that were redacted have to be keyed again. */
function keysSince(state: StateLine | undefined, lines: readonly JournalLine[]): string {
  let keys = typeof state?.digits === 'string' ? state.digits : '';
  for (const line of lines) {
    if (line.kind === 'in') {
      const { kind, digit } = line.event as { readonly kind: string; readonly digit?: Json };
      if (kind === 'key') keys = typeof digit === 'string' ? (digit === '*' ? '*' : keys + digit) : '';
    } else if (line.kind === 'out' && (line.effect as { item?: JournalItem }).item?.kind === 'keys') {
      keys = '';
    }
  }
  return keys;
}

function lengthOf(lines: readonly JournalLine[]): number {
  const [first] = lines;
  if (first?.kind !== 'open') return 0;
  let last = first.t;
  for (const line of lines) if ('t' in line && line.t !== undefined) last = Math.max(last, line.t);
  return last - first.t;
}
