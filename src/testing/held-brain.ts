import type { Clock } from '../kit/clock.ts';
import type { Ask, Brain, Part, TextBrain } from '../ports/brain.ts';

/** A brain that waits for something outside the process: a virtual clock stands still while it does. */
export function heldBrain(brain: Brain, clock: Clock): Brain {
  if (brain.kind !== 'text') return brain;
  const held: TextBrain = {
    kind: 'text',
    reply: (ask, signal) => partsOf(brain, ask, signal, clock),
    snapshot: () => brain.snapshot(),
    settled: (reply, how, heardText) => brain.settled(reply, how, heardText),
    close: () => brain.close(),
  };
  return held;
}

async function* partsOf(brain: TextBrain, ask: Ask, signal: AbortSignal, clock: Clock): AsyncGenerator<Part> {
  let release = clock.hold();
  try {
    for await (const part of brain.reply(ask, signal)) {
      release();
      yield part;
      release = clock.hold();
    }
  } finally {
    release();
  }
}
