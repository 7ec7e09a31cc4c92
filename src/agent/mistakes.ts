/** One thing wrong in an agent file. */
export interface Mistake {
  /** Where, by keys: `states.when.next`; empty for the agent as a whole. */
  readonly path: string;
  /** What is wrong and what to do. */
  readonly message: string;
}

/** An agent that cannot work; thrown by `defineAgent` with everything that is wrong, not only the first. */
export class AgentMistakes extends Error {
  readonly agent: string;
  readonly mistakes: readonly Mistake[];

  constructor(agent: string, mistakes: readonly Mistake[]) {
    super(
      [
        `agent "${agent}" has ${mistakes.length === 1 ? 'a mistake' : `${mistakes.length} mistakes`}:`,
        ...mistakes.map(({ path, message }) => `  ${path === '' ? '' : `${path}: `}${message}`),
      ].join('\n'),
    );
    this.name = 'AgentMistakes';
    this.agent = agent;
    this.mistakes = mistakes;
  }
}

/**
 * Whether an error is `AgentMistakes`, also when it comes from another copy of this package: an agent folder may have
 * its own.
 */
export function isAgentMistakes(error: unknown): error is AgentMistakes {
  return error instanceof Error && error.name === 'AgentMistakes' && 'mistakes' in error;
}
