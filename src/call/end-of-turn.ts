import type { TurnModel } from '../ports/turn-model.ts';

/** How long a turn model may think: it only ever moves a timer. */
const DEADLINE_MS = 150;

/**
 * The probability that the turn is complete, from its sound; null when the model is absent, late or failing.
 * @param turn the last of the turn, at 16 kHz
 */
export async function askTurnModel(model: TurnModel | undefined, turn: Int16Array): Promise<number | null> {
  try {
    return (await model?.ask(turn, DEADLINE_MS)) ?? null;
  } catch {
    return null; // silence and words decide without it, as on a host that has no model
  }
}
