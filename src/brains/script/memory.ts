import type { Offered } from '../../agent/hear/fill.ts';
import type { SlotValue } from '../../agent/hear.ts';
import type { ScriptSpec } from '../../agent/script.ts';
import type { Json } from '../../kit/json.ts';
import type { ToolOutcome } from '../../ports/brain.ts';

/** Options as they were read out. */
export interface ReadOut extends Offered {
  /** How each was said, so that what was heard of the reply tells which were. */
  readonly said: readonly string[];
}

/** Where in its script a conversation is. Plain data: it is journalled after every reply and can be gone on from. */
export interface Memory {
  readonly state: string;
  /** What the current state is doing: asking, reading back, asking what to change, or nothing any more. */
  readonly phase: 'asking' | 'confirming' | 'changing' | 'over';
  readonly slots: Readonly<Record<string, SlotValue>>;
  /** Parts of the day known for a time that is still missing. */
  readonly parts: Readonly<Record<string, string>>;
  /** How each tool last ended, by its name. */
  readonly outcomes: Readonly<Record<string, ToolOutcome>>;
  /** How often in a row the present question got no usable answer. */
  readonly tries: number;
  /** What the conversation waits for. */
  readonly waiting:
    | { readonly for: 'tool'; readonly id: string; readonly name: string }
    | { readonly for: 'person' | 'transfer' | 'message' | 'hold' }
    | null;
  readonly offered: ReadOut | null;
  /** The question as last asked, for "repeat". */
  readonly question: string;
  /** How much of what happened in the conversation was taken into account. */
  readonly seen: number;
  /** The caller was given up on, so the end is theirs rather than ours. */
  readonly gaveUp: boolean;
}

export function emptyMemory(start: string): Memory {
  return {
    state: start,
    phase: 'asking',
    slots: {},
    parts: {},
    outcomes: {},
    tries: 0,
    waiting: null,
    offered: null,
    question: '',
    seen: 0,
    gaveUp: false,
  };
}

/** The most a snapshot may take, as the port promises. */
const SNAPSHOT_MAX_BYTES = 64 * 1024;

/**
 * The memory as it may be written down: sensitive values are left out, and will be asked for again. Outcomes that do
 * not fit are forgotten rather than the conversation.
 */
export function snapshotOf(memory: Memory, spec: ScriptSpec): Json {
  const slots = Object.fromEntries(
    Object.entries(memory.slots).filter(([name]) => {
      const hear = spec.slots[name];
      return !(hear?.kind === 'digits' && hear.sensitive);
    }),
  );
  const whole = { ...memory, slots } as unknown as Json;
  if (Buffer.byteLength(JSON.stringify(whole)) <= SNAPSHOT_MAX_BYTES) return whole;
  return { ...memory, slots, outcomes: {} } as unknown as Json;
}

/** Undefined when the snapshot is of another script, or of none: the conversation then begins anew. */
export function memoryFrom(snapshot: Json | undefined, spec: ScriptSpec): Memory | undefined {
  if (typeof snapshot !== 'object' || snapshot === null || Array.isArray(snapshot)) return undefined;
  const memory = { ...emptyMemory(spec.start), ...(snapshot as unknown as Partial<Memory>) };
  return memory.state in spec.states ? memory : undefined;
}
