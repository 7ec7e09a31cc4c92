import { dropSpeculation, speculate } from './ask.ts';
import { type Draft, emit, newId, stopTimer, timerAfter, timerAt } from './draft.ts';
import { completeness, endWait } from './endpoint.ts';
import type { EventOf } from './events.ts';
import { decideOverlap, overlapBegins, wordsOver } from './interruption.ts';
import { rest } from './rest.ts';
import type { Stretch, Turn } from './state.ts';
import { changeStretch, deafened, finaliseOpen, listen } from './stretches.ts';
import { newTextOf, takesUnclear, takeTurn, textOf } from './turns.ts';
import { spokeWhileWaiting, stoppedWhileWaiting } from './waiting.ts';

/** What the caller says: where a turn begins, pauses and ends. All times are times of the caller's audio. */

/**
 * Silence after which an answer is prepared, in case nothing more comes: early when the words are an answer already,
 * later when there is time until the end of the turn and the caller may only be between two words.
 */
const SPECULATE_MS = { complete: 130, open: 250 };
/** An answer is prepared at most so often for one turn. */
const MAX_SPECULATIONS = 6;
/** Nobody speaks longer at a stretch; also the memory of the caller's audio is limited. */
const TURN_MAX_MS = 45_000;

export function speechStart(d: Draft, event: EventOf<'speech-start'>): void {
  if (spokeWhileWaiting(d)) return;
  stopTimer(d, 'silence');
  const { fromMs } = event;
  let turn: Turn;
  switch (d.caller.is) {
    case 'speaking':
      return;
    case 'silent':
      turn = { fromMs, toMs: fromMs, stretches: [], before: '', p: undefined, speculations: 0 };
      break;
    case 'pausing':
    case 'settling':
      ({ turn } = d.caller);
      for (const timer of ['endpoint', 'speculate', 'final'] as const) stopTimer(d, timer);
      dropSpeculation(d);
  }
  // Also a turn that had reached its limit and goes on has one again.
  if (d.timers['turn-limit'] === undefined) timerAt(d, 'turn-limit', fromMs + TURN_MAX_MS);
  if (turn.stretches.at(-1)?.state !== 'open') turn = listen(d, turn, fromMs);
  d.caller = { is: 'speaking', turn, sinceMs: fromMs };
  overlapBegins(d, fromMs);
}

export function speechEnd(d: Draft, event: EventOf<'speech-end'>): void {
  if (stoppedWhileWaiting(d, event)) return;
  if (d.caller.is !== 'speaking') return;
  stopTimer(d, 'barge');
  d.caller = { is: 'pausing', turn: { ...d.caller.turn, toMs: event.endMs, p: undefined } };
  // A held agent waits for the words, not for the silence: they decide whether it goes on.
  if (d.agent.is === 'held') finaliseOpen(d);
  armEndpoint(d);
  if (d.config.turnModel && d.question === undefined && d.agent.is === 'idle') {
    d.question = newId(d, 'q');
    emit(d, { kind: 'ask-turn-model', question: d.question, fromMs: d.caller.turn.fromMs });
  }
}

/** The turn model's answer moves the end of the turn, never decides it. */
export function turnModel(d: Draft, event: EventOf<'turn-model'>): void {
  if (d.question !== event.question) return;
  d.question = undefined;
  if (d.caller.is !== 'pausing' || event.p === null) return;
  d.caller = { ...d.caller, turn: { ...d.caller.turn, p: event.p } };
  armEndpoint(d);
}

export function partial(d: Draft, event: EventOf<'partial'>): void {
  if (d.caller.is === 'silent') return;
  const turn = changeStretch(d.caller.turn, event.stretch, { text: event.text, echo: event.echo });
  if (!turn) return;
  d.caller = { ...d.caller, turn };
  if (d.agent.is !== 'idle') wordsOver(d, d.caller);
  // The interruption may have changed the turn, so it is read again.
  if (d.caller.is !== 'pausing') return;
  if (d.speculation && d.speculation.basis !== textOf(d.caller.turn)) dropSpeculation(d);
  armEndpoint(d);
}

/** A stretch was understood, or not, or given up. */
export function settled(
  d: Draft,
  event: EventOf<'final'> | EventOf<'unclear'> | EventOf<'stretch-failed'>,
): void {
  if (d.caller.is === 'silent') return;
  const change: Partial<Stretch> = { state: 'settled' };
  if (event.kind === 'final') Object.assign(change, { text: event.text, echo: event.echo });
  if (event.kind === 'unclear') Object.assign(change, { text: '', unclear: true });
  const turn = changeStretch(d.caller.turn, event.stretch, change);
  if (!turn) return;
  d.caller = { ...d.caller, turn };
  if (event.kind === 'stretch-failed' && deafened(d, event)) return;
  if (event.kind !== 'stretch-failed') d.deafness = 0;
  if (d.caller.is === 'settling') completeWhenSettled(d);
  else if (d.caller.is === 'pausing' && d.agent.is === 'held') heldWordsFinal(d);
  else armEndpoint(d);
}

/** The silence is long enough: the turn is over, its final words are awaited. */
export function settle(d: Draft): void {
  if (d.caller.is !== 'pausing' && d.caller.is !== 'speaking') return;
  for (const timer of ['endpoint', 'speculate', 'turn-limit', 'barge'] as const) stopTimer(d, timer);
  const toMs = d.caller.is === 'speaking' ? d.at : d.caller.turn.toMs;
  d.caller = { is: 'settling', turn: { ...d.caller.turn, toMs } };
  finaliseOpen(d);
  timerAfter(d, 'final', d.config.finalMs);
  completeWhenSettled(d);
}

/** The final text is late: what was understood until then counts. */
export function finalLate(d: Draft): void {
  if (d.caller.is !== 'settling') return;
  let { turn } = d.caller;
  for (const stretch of turn.stretches) {
    if (stretch.state === 'settled') continue;
    emit(d, { kind: 'drop-stretch', stretch: stretch.id });
    turn = changeStretch(turn, stretch.id, { state: 'settled' }) ?? turn;
  }
  complete(d, turn);
}

/** A little silence: an answer to the words so far is prepared. */
export function prepareAnswer(d: Draft): void {
  if (d.caller.is !== 'pausing' || d.agent.is !== 'idle' || d.speculation || d.pending || d.awaitsHello)
    return;
  const { turn } = d.caller;
  const text = textOf(turn);
  // Nothing understood so far: recognisers look again at what they could not follow, and that takes its time.
  if (text === '') return finaliseOpen(d);
  if (turn.speculations >= MAX_SPECULATIONS) return;
  d.caller = { ...d.caller, turn: { ...turn, speculations: turn.speculations + 1 } };
  speculate(d, { text, fromMs: turn.fromMs, toMs: turn.toMs });
}

export function turnHint(d: Draft, event: EventOf<'turn-hint'>): void {
  if (event.what === 'end') settle(d);
  else if (event.what === 'eager-end') prepareAnswer(d);
  else dropSpeculation(d);
}

function armEndpoint(d: Draft): void {
  if (d.caller.is !== 'pausing') return;
  const { turn } = d.caller;
  const text = textOf(turn);
  timerAt(d, 'endpoint', turn.toMs + endWait(text, d.expectation, d.config.rules, turn.p));
  const judged = completeness(text, d.expectation);
  const mayPrepare = d.agent.is === 'idle' && !d.speculation && text !== '';
  if (mayPrepare && judged !== 'going-on') timerAt(d, 'speculate', turn.toMs + SPECULATE_MS[judged]);
  else if (text === '' && d.agent.is === 'idle')
    timerAt(d, 'speculate', turn.toMs + d.config.rules.closedEndMs);
  else stopTimer(d, 'speculate');
}

/** What was said over a held agent is final before the silence is long enough to end a turn. */
function heldWordsFinal(d: Draft): void {
  if (d.caller.is !== 'pausing' || d.caller.turn.stretches.some((stretch) => stretch.state !== 'settled'))
    return;
  if (!decideOverlap(d, d.caller.turn)) return endTurn(d);
  armEndpoint(d);
}

function completeWhenSettled(d: Draft): void {
  if (d.caller.is !== 'settling') return;
  const { turn } = d.caller;
  if (turn.stretches.every((stretch) => stretch.state === 'settled')) complete(d, turn);
}

function complete(d: Draft, turn: Turn): void {
  d.caller = { is: 'settling', turn };
  const counts = decideOverlap(d, turn);
  // A cut may have made this turn the end of a longer one.
  const whole = d.caller.is === 'settling' ? d.caller.turn : turn;
  endTurn(d);
  // What was said over the announcement of a message is the message.
  if (!counts || d.call.is === 'waiting') return;
  if (textOf(whole) === '' && !takesUnclear(whole)) {
    dropSpeculation(d);
    return rest(d);
  }
  if (d.agent.is === 'idle') takeTurn(d, whole);
  else if (newTextOf(whole) !== '') d.pending = whole;
}

function endTurn(d: Draft): void {
  for (const timer of ['endpoint', 'speculate', 'final', 'turn-limit', 'barge'] as const) stopTimer(d, timer);
  d.caller = { is: 'silent' };
}
