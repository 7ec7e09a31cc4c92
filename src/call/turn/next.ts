import { ask } from './ask.ts';
import {
  finalLate,
  partial,
  prepareAnswer,
  settle,
  settled,
  speechEnd,
  speechStart,
  turnHint,
  turnModel,
} from './caller.ts';
import { apologise, finish, sayGoodbye } from './closing.ts';
import { type Draft, emit, newId, stopTimer, timerAfter, timerFired } from './draft.ts';
import type { Effect } from './effects.ts';
import type { EventOf, TurnEvent } from './events.ts';
import { heldLongEnough, spokeLongEnough } from './interruption.ts';
import { key, keysTimedOut } from './keys.ts';
import {
  answering,
  brainDone,
  expected,
  fill,
  moveAsked,
  passage,
  replyLate,
  replyOver,
  sounding,
  toolAsked,
  toolEnded,
} from './replies.ts';
import { awaitCaller, awaitHello, greet } from './rest.ts';
import type { TimerName, TurnState } from './state.ts';
import { keyWhileWaiting, moveOver, quietWhileWaiting, waitedEnough } from './waiting.ts';

/** After so many silences in a row the call ends, whatever the brain wants. */
const MAX_SILENCES = 8;

/**
 * The turn machine: who has the word, and what is done about it. Pure: the same state and event always give the same
 * state and effects; nothing is awaited, and no clock is read. Events about work that is over change nothing.
 */
export function next(state: TurnState, event: TurnEvent): readonly [TurnState, readonly Effect[]] {
  if (state.call.is === 'ended') return [state, []];
  const draft: Draft = { ...state, at: event.at, effects: [] };
  if (state.call.is !== 'closing' || !UNHEARD_WHILE_CLOSING.has(event.kind)) apply(draft, event);
  const { at: _at, effects, ...changed } = draft;
  return [changed, effects];
}

/** A closing call says its last words and takes nothing new up. */
const UNHEARD_WHILE_CLOSING: ReadonlySet<TurnEvent['kind']> = new Set([
  'speech-start',
  'speech-end',
  'partial',
  'final',
  'unclear',
  'stretch-failed',
  'turn-hint',
  'key',
]);

function apply(d: Draft, event: TurnEvent): void {
  switch (event.kind) {
    case 'opened':
      return opened(d);
    case 'speech-start':
      return speechStart(d, event);
    case 'speech-end':
      return speechEnd(d, event);
    case 'partial':
      return partial(d, event);
    case 'final':
    case 'unclear':
    case 'stretch-failed':
      return settled(d, event);
    case 'stretch-dropped':
      return;
    case 'turn-hint':
      return turnHint(d, event);
    case 'turn-model':
      return turnModel(d, event);
    case 'first-text':
    case 'more':
      return answering(d, event);
    case 'expect':
      return expected(d, event);
    case 'tool-asked':
      return toolAsked(d, event);
    case 'move-asked':
      return moveAsked(d, event);
    case 'brain-done':
      return brainDone(d, event);
    case 'sounding':
      return sounding(d, event);
    case 'passage':
      return passage(d, event);
    case 'reply-over':
      return replyOver(d, event);
    case 'tool-ended':
      return toolEnded(d, event);
    case 'move-over':
      return moveOver(d, event);
    case 'key':
      return keyWhileWaiting(d) ? undefined : key(d, event);
    case 'line':
      return line(d, event);
    case 'timer':
      return timer(d, event);
    case 'end-asked':
      return finish(d, event.reason);
  }
}

const BY_TIMER: { readonly [K in TimerName]: (d: Draft) => void } = {
  hello: greet,
  endpoint: settle,
  speculate: prepareAnswer,
  final: finalLate,
  'turn-limit': settle,
  barge: spokeLongEnough,
  held: heldLongEnough,
  silence: silent,
  keys: keysTimedOut,
  reply: replyLate,
  filler: fill,
  move: waitedEnough,
  quiet: quietWhileWaiting,
  goodbye: (d) => sayGoodbye(d, 'limit.duration'),
  limit: (d) => finish(d, 'limit.duration'),
  closing: (d) => d.call.is === 'closing' && finish(d, d.call.reason),
};

function timer(d: Draft, event: EventOf<'timer'>): void {
  const name = timerFired(d, event.timer);
  if (name) BY_TIMER[name](d);
}

function opened(d: Draft): void {
  const { maxCallMs, goodbyeMs } = d.config;
  timerAfter(d, 'goodbye', Math.max(0, maxCallMs - goodbyeMs));
  timerAfter(d, 'limit', maxCallMs);
  if (d.config.broken) return apologise(d, d.config.broken);
  if (d.config.continues?.begun) return ask(d, 'continued');
  if (d.config.helloMs > 0) awaitHello(d);
  else ask(d, 'open');
}

/** Nobody has said anything for a while. */
function silent(d: Draft): void {
  const isQuiet = d.agent.is === 'idle' && d.caller.is === 'silent' && d.call.is === 'live';
  if (!isQuiet || d.tools.length > 0 || d.keys !== '' || d.trouble) return;
  d.silences++;
  if (d.silences > MAX_SILENCES) return sayGoodbye(d, 'caller.silent');
  const id = newId(d, 'i');
  emit(d, { kind: 'item', item: { id, kind: 'silence', count: d.silences } });
  ask(d, 'silence', { item: id });
}

function line(d: Draft, event: EventOf<'line'>): void {
  if (event.what === 'stalled') emit(d, { kind: 'count', what: 'stalls' });
  if (event.what === 'trouble') {
    d.trouble = true;
    stopTimer(d, 'silence');
  }
  if (event.what === 'resumed' && d.trouble) {
    d.trouble = false;
    if (d.agent.is === 'idle') awaitCaller(d);
  }
}
