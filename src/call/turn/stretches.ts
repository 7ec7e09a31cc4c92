import { apologise } from './closing.ts';
import { type Draft, emit, newId } from './draft.ts';
import type { EventOf } from './events.ts';
import type { Stretch, Turn } from './state.ts';

/** The stretches of speech that make a turn, each recognised as one. */

export function listen(d: Draft, turn: Turn, fromMs: number): Turn {
  const id = newId(d, 's');
  emit(d, { kind: 'listen', stretch: id, fromMs });
  const stretch: Stretch = { id, text: '', state: 'open', unclear: false, echo: false };
  return { ...turn, stretches: [...turn.stretches, stretch] };
}

export function finaliseOpen(d: Draft): void {
  if (d.caller.is === 'silent') return;
  const { turn } = d.caller;
  const open = turn.stretches.find((stretch) => stretch.state === 'open');
  if (!open) return;
  emit(d, { kind: 'finalise', stretch: open.id, uptoMs: turn.toMs });
  d.caller = { ...d.caller, turn: changeStretch(turn, open.id, { state: 'finalising' }) ?? turn };
}

export function changeStretch(turn: Turn, id: string, change: Partial<Stretch>): Turn | undefined {
  if (!turn.stretches.some((stretch) => stretch.id === id && stretch.state !== 'settled')) return undefined;
  return {
    ...turn,
    stretches: turn.stretches.map((stretch) => (stretch.id === id ? { ...stretch, ...change } : stretch)),
  };
}

/** So many failures of the recogniser in a row end the call. */
const MAX_DEAFNESS = 3;

/** The recogniser failed. True when that ended the call. */
export function deafened(d: Draft, event: EventOf<'stretch-failed'>): boolean {
  d.deafness++;
  if (!event.retryable || d.deafness >= MAX_DEAFNESS) {
    apologise(d, 'speech.failed');
    return true;
  }
  if (d.caller.is === 'speaking') d.caller = { ...d.caller, turn: listen(d, d.caller.turn, d.at) };
  return false;
}
