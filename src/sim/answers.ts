import type { Answer } from './caller-script.ts';
import { plain } from './words.ts';

/** An answer with its sounds, where it has some. */
export interface ReadyAnswer {
  readonly to: string;
  readonly once: boolean;
  /** The first of them, and the next one each time the same is asked again. */
  readonly acts: readonly Act[];
}

export type Act =
  | { readonly kind: 'sound'; readonly text: string; readonly samples: Int16Array }
  | { readonly kind: 'keys'; readonly keys: string };

/** How often somebody says the same again to an agent that did not understand. */
const AGAIN_MAX = 2;

/** Chooses what to say by what the agent said; remembers what has been used up. */
export class Answers {
  readonly #answers: readonly ReadyAnswer[];
  readonly #used = new Set<ReadyAnswer>();
  #last: ReadyAnswer | undefined;
  /** How often in a row the last one has been given. */
  #given = 0;
  /** How often in a row the agent said something there is no answer to. */
  #lost = 0;

  constructor(answers: readonly ReadyAnswer[]) {
    this.#answers = answers;
  }

  /** Something is there to be said to this. */
  fit(said: string): boolean {
    return this.#best(said) !== undefined;
  }

  /** @returns undefined when there is nothing to say to this, and saying the last thing again has not helped */
  to(said: string): Act | undefined {
    const best = this.#best(said);
    if (!best && this.#lost++ >= AGAIN_MAX) return undefined;
    if (best) this.#lost = 0;
    const answer = best ?? this.#last;
    if (!answer) return undefined;
    if (best?.once) this.#used.add(best);
    this.#given = answer === this.#last ? this.#given + 1 : 0;
    this.#last = answer;
    return answer.acts[Math.min(this.#given, answer.acts.length - 1)];
  }

  #best(said: string): ReadyAnswer | undefined {
    const words = ` ${plain(said)} `;
    let best: ReadyAnswer | undefined;
    let bestAt = -1;
    for (const answer of this.#answers) {
      if (this.#used.has(answer)) continue;
      const at = words.lastIndexOf(` ${plain(answer.to)} `);
      if (at > bestAt) {
        best = answer;
        bestAt = at;
      }
    }
    return best;
  }
}

/** Prepares the sounds of a table of answers. */
export async function readyAnswers(
  answers: readonly Answer[],
  soundOf: (text: string, voice: string | undefined) => Promise<Int16Array>,
): Promise<ReadyAnswer[]> {
  const ready: ReadyAnswer[] = [];
  for (const answer of answers) {
    const { to, once } = answer;
    const acts: Act[] = [];
    if ('keys' in answer) acts.push({ kind: 'keys', keys: answer.keys });
    else
      for (const text of answer.say)
        acts.push({ kind: 'sound', text, samples: await soundOf(text, answer.voice) });
    ready.push({ to, once, acts });
  }
  return ready;
}
