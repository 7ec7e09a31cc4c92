import { ask } from './ask.ts';
import { apologise } from './closing.ts';
import { type Draft, timerAfter, timerAt } from './draft.ts';
import { takeKeys } from './keys.ts';
import { takeTurn } from './turns.ts';

/** How long a tool may take before its filler is said. */
const FILLER_MS = 700;

/** The agent has nothing to say right now: what comes next? */
export function rest(d: Draft): void {
  if (d.agent.is !== 'idle' || d.call.is === 'closing' || d.call.is === 'ended') return;
  if (d.tools.length > 0) {
    d.agent = { is: 'thinking', reply: undefined };
    if (d.tools.some((tool) => tool.filler !== '') && d.timers.filler === undefined)
      timerAfter(d, 'filler', FILLER_MS);
    return;
  }
  if (d.call.is === 'waiting') return;
  if (d.outcomes) return askAboutTools(d);
  if (d.moved !== undefined) {
    const item = d.moved;
    d.moved = undefined;
    return ask(d, 'moved', { item });
  }
  if (d.pending) return takeTurn(d, d.pending);
  if (d.awaitsHello) return awaitHello(d);
  takeKeys(d);
  if (d.agent.is === 'idle') awaitCaller(d);
}

/** An agent that goes from tool to tool without end would never let the caller speak. */
function askAboutTools(d: Draft): void {
  d.toolSteps++;
  if (d.toolSteps > d.config.maxToolSteps) return apologise(d, 'agent.failed');
  ask(d, 'tool');
}

/** The caller is to speak next; after a while of silence the brain is asked what to do. */
export function awaitCaller(d: Draft): void {
  if (d.call.is === 'opening') d.call = { is: 'live' };
  if (d.call.is !== 'live' || d.caller.is !== 'silent' || d.keys !== '' || d.trouble) return;
  timerAt(d, 'silence', d.at + d.config.rules.silenceMs);
}

/** Whoever was called is to speak first; after a while of silence the agent does. */
export function awaitHello(d: Draft): void {
  d.awaitsHello = true;
  timerAt(d, 'hello', d.at + d.config.helloMs);
}

/** Whoever was called has not said a word: the agent begins. One who is speaking is heard first. */
export function greet(d: Draft): void {
  if (!d.awaitsHello || d.caller.is !== 'silent') return;
  d.awaitsHello = false;
  ask(d, 'open');
}
