import { slotNames } from '../../agent/check-script.ts';
import { understand } from '../../agent/hear/understand.ts';
import { EXPECT_NOTHING } from '../../ports/expectation.ts';
import { answered } from './answer.ts';
import { change, type Draft, type Surroundings, say, stateOf } from './draft.ts';
import { afterConfirming, afterTool, afterTransfer, enter, goOn } from './flow.ts';
import { emptyMemory, type Memory } from './memory.ts';
import { type News, newsOf } from './news.ts';
import { askNow, end, giveUp, nobody, person, takeMessage } from './ways.ts';

/**
 * A conversation's next step. Pure: the same memory and the same ask give the same reply, so an answer may be
 * prepared before the caller's turn is certainly over, and thrown away again.
 *
 * @throws when a function of the agent file throws, or its states lead round in a circle
 */
export function next(memory: Memory, about: Surroundings): Pick<Draft, 'memory' | 'parts'> {
  const news = newsOf(about.ask.conversation, memory.seen);
  const d: Draft = { ...about, memory, parts: [], ran: new Map(), steps: 0 };
  change(d, { seen: news.seen });
  switch (about.ask.why) {
    case 'open':
      greet(d);
      break;
    case 'goodbye':
      say(d, d.phrases.tooLong);
      break;
    case 'continued':
      goOnAfterBreak(d, news);
      break;
    case 'silence':
      silent(d, news.silences);
      break;
    case 'turn':
    case 'digits':
    case 'tool':
    case 'moved':
      react(d, news);
      break;
  }
  return { memory: d.memory, parts: d.parts };
}

function greet(d: Draft): void {
  const { greeting } = d.agent;
  const { vars, line } = d.context;
  say(d, typeof greeting === 'string' ? greeting : greeting({ vars, line }));
  enter(d, d.spec.start);
}

function goOnAfterBreak(d: Draft, news: News): void {
  say(d, d.phrases.continued);
  const { waiting } = d.memory;
  change(d, { waiting: null, tries: 0 });
  if (waiting?.for === 'tool') return afterBrokenTool(d, waiting, news);
  // What was said, or begun, just before is answered now; nothing that ran for it runs again.
  for (const [name, outcome] of news.ran) d.ran.set(name, outcome);
  if (d.memory.question === '' && d.memory.state === d.spec.start) return enter(d, d.spec.start);
  if (!waiting && d.memory.phase !== 'over' && answered(d, news)) return;
  switch (waiting?.for) {
    case 'person':
    case 'transfer':
    case 'message':
      return nobody(d);
    case 'hold':
    case undefined:
      if (d.memory.phase === 'over') return enter(d, d.spec.start);
      return askNow(d);
  }
}

/** A tool was running. What may be done twice is done again; whether another one had an effect, nobody knows. */
function afterBrokenTool(
  d: Draft,
  waiting: { readonly id: string; readonly name: string },
  news: News,
): void {
  const outcome = news.outcome(waiting.id);
  if (outcome) return afterTool(d, waiting.name, outcome);
  if (d.agent.tools[waiting.name]?.effect !== 'once') return afterConfirming(d, waiting.id);
  afterTool(d, waiting.name, { ok: false, error: 'interrupted', why: 'unknown-outcome' });
}

/** The caller said nothing for a while: asked again in other words, at last let go. */
function silent(d: Draft, count: number): void {
  if (count >= 3 || d.memory.tries >= 2) {
    say(d, d.phrases.silentGoodbye);
    return end(d, 'caller.silent');
  }
  change(d, { tries: d.memory.tries + 1 });
  say(d, d.memory.tries === 1 ? d.phrases.silent : d.phrases.stillSilent);
  askNow(d);
}

function react(d: Draft, news: News): void {
  const { waiting } = d.memory;
  if (waiting?.for === 'tool') {
    const outcome = news.outcome(waiting.id);
    if (outcome) return afterTool(d, waiting.name, outcome);
    if (news.text === '' && news.keys === '' && !news.unclear) return say(d, d.phrases.working);
    const wish = understand(news.text, EXPECT_NOTHING, { today: d.now.date }).universal;
    return wish === 'person' ? person(d) : say(d, d.phrases.working);
  }
  if (waiting && news.move && !(waiting.for === 'hold' && news.text !== ''))
    return moved(d, waiting.for, news.move);
  if (waiting) {
    // The caller spoke instead of waiting: what they say counts, and the waiting is over.
    const was = d.memory;
    change(d, { waiting: null });
    if (answered(d, news)) return;
    change(d, { waiting: was.waiting, tries: was.tries });
    return carryOn(d, waiting.for);
  }
  // A tool nobody waits for any more has ended.
  if (d.ask.why === 'tool' && news.text === '' && news.keys === '') return;
  if (d.memory.phase === 'over') return afterTheEnd(d, news);
  if (!answered(d, news)) missed(d);
}

/** What was waited for has come, or has not. */
function moved(
  d: Draft,
  what: 'person' | 'transfer' | 'message' | 'hold',
  outcome: NonNullable<News['move']>,
): void {
  change(d, { waiting: null });
  switch (what) {
    case 'person':
      return outcome.ok ? end(d, 'agent.transferred') : nobody(d);
    case 'transfer':
      return outcome.ok ? end(d, 'agent.transferred') : afterTransfer(d, outcome.why);
    case 'message':
      say(d, outcome.ok ? d.phrases.messageTaken : d.phrases.giveUpGoodbye);
      if (outcome.ok) return end(d, 'agent.message_taken');
      return end(d, d.memory.gaveUp ? 'caller.not_understood' : 'agent.finished');
    case 'hold':
      say(d, d.phrases.stillThere);
      return askNow(d);
  }
}

/** Something meaningless was said while waiting. */
function carryOn(d: Draft, what: 'person' | 'transfer' | 'message' | 'hold'): void {
  change(d, { waiting: null });
  switch (what) {
    case 'person':
      return person(d);
    case 'message':
      return takeMessage(d);
    case 'transfer':
      return goOn(d);
    case 'hold':
      say(d, d.phrases.stillThere);
      return askNow(d);
  }
}

/** The goodbye was interrupted: a new wish is a new beginning, anything else another goodbye. */
function afterTheEnd(d: Draft, news: News): void {
  const before = d.memory;
  change(d, { ...emptyMemory(d.spec.start), seen: before.seen, outcomes: before.outcomes });
  if (answered(d, news)) return;
  change(d, before);
  say(d, d.phrases.goodbye);
  end(d, 'agent.finished');
}

/** Not understood: rephrased, then by keys, then a person. */
function missed(d: Draft): void {
  const tries = d.memory.tries + 1;
  change(d, { tries });
  if (tries >= 3) return giveUp(d);
  // A state that asks nothing has nothing to repeat; it goes on as it would have.
  if (slotNames(stateOf(d).hear).length === 0 && d.memory.phase !== 'confirming') return goOn(d);
  say(d, tries === 1 ? d.phrases.notUnderstood : d.phrases.stillNotUnderstood);
  askNow(d);
}
