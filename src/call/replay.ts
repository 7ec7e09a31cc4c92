import type { JournalLine } from '../journal/lines.ts';
import type { Json } from '../kit/json.ts';
import { filledIn, isRedacted, keysByInput } from './redacted-inputs.ts';
import type { Effect } from './turn/effects.ts';
import type { TurnEvent } from './turn/events.ts';
import { next } from './turn/next.ts';
import { initialState, type TurnConfig } from './turn/state.ts';

/** Where a replay of the turn machine went another way than the call did. */
interface Difference {
  /** The number of the input, as in the journal. */
  readonly input: number;
  readonly event: Json;
  readonly journalled: readonly Json[];
  readonly replayed: readonly Json[];
}

export interface MachineReplay {
  readonly inputs: number;
  readonly effects: number;
  /** Absent when every input gave the effects it gave in the call. */
  readonly difference?: Difference;
}

/**
 * Gives the inputs of a journal to the turn machine again and compares its effects with those written down. Digits that
 * were redacted are replayed as other ones, and compared as redacted.
 * @throws Error when the journal does not hold the machine's configuration
 */
export function replayMachine(lines: readonly JournalLine[]): MachineReplay {
  let state = initialState(configOf(lines));
  const journalled = effectsByInput(lines);
  const keys = keysByInput(lines);
  let inputs = 0;
  let effects = 0;
  for (const line of lines) {
    if (line.kind !== 'in') continue;
    const event = filledIn(line.event, keys.get(line.n)) as unknown as TurnEvent;
    const [changed, given] = next(state, event);
    state = changed;
    inputs++;
    const expected = journalled.get(line.n) ?? [];
    effects += expected.length;
    const replayed = given.map((effect) => plain(effect));
    if (!alike(expected, replayed))
      return {
        inputs,
        effects,
        difference: { input: line.n, event: line.event, journalled: expected, replayed },
      };
  }
  return { inputs, effects };
}

function configOf(lines: readonly JournalLine[]): TurnConfig {
  const begun = lines.findLast((line) => line.kind === 'line' || line.kind === 'open');
  const seed = begun && (begun.seed as { readonly turn?: Json } | null);
  if (!seed?.turn)
    throw new Error('the journal does not hold the configuration of its turn machine; is it whole?');
  return seed.turn as unknown as TurnConfig;
}

function effectsByInput(lines: readonly JournalLine[]): Map<number, Json[]> {
  const effects = new Map<number, Json[]>();
  for (const line of lines) {
    if (line.kind !== 'out') continue;
    const of = effects.get(line.of);
    if (of) of.push(line.effect);
    else effects.set(line.of, [line.effect]);
  }
  return effects;
}

/** An effect as it would stand in a journal. */
function plain(effect: Effect): Json {
  return JSON.parse(JSON.stringify(effect)) as Json;
}

/** Equal, where a redacted value equals any text. */
function alike(written: Json | undefined, given: Json | undefined): boolean {
  if (isRedacted(written)) return typeof given === 'string';
  if (typeof written !== 'object' || written === null || typeof given !== 'object' || given === null)
    return written === given;
  if (Array.isArray(written) !== Array.isArray(given)) return false;
  const keys = new Set([...Object.keys(written), ...Object.keys(given)]);
  const [a, b] = [written, given] as [Record<string, Json>, Record<string, Json>];
  return [...keys].every((key) => alike(a[key], b[key]));
}
