import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { packageRoot } from '../../kit/entry.ts';
import { EXPECT_NOTHING, type Expectation } from '../../ports/expectation.ts';
import { type CreateModule, Decoder, type Weights } from './decoder.ts';
import { guess, type Pronunciation, pick } from './dictionary.ts';
import { type Grammar, grammarOf } from './grammar.ts';
import { wordsOf } from './graph.ts';

/**
 * For every agent alike; `npm run bench:speech` prints what it gives. Words cost much, because cheap ones let a grammar of
 * short words describe any sound: at -8 instead of -20 "six zero nine one" got a "so uh" behind it. Phones cost little,
 * because their path is a measure and not an answer. What is taken for right is decided in `confidence.ts`.
 */
export const WEIGHTS: Weights = {
  universal: -20,
  phone: -4,
  word: -20,
  filler: -60,
  odd: -60,
};

/** A decoder with every grammar it has been prepared for. */
export interface Hearing {
  readonly decoder: Decoder;
  /** Compiles what is new; the words whose pronunciation had to be guessed. */
  prepare(expectations: readonly Expectation[]): string[];
  grammarOf(expectation: Expectation): Grammar;
}

/**
 * Loads the decoder.
 *
 * @throws Error that names the package when it is not installed
 */
export async function loadHearing(weights: Weights = WEIGHTS): Promise<Hearing> {
  const create = await importPackage();
  const models = join(
    dirname(createRequire(import.meta.url).resolve('soundswallower/jsonly')),
    '..',
    'model',
  );
  const own = join(packageRoot, 'models', 'soundswallower');
  const decoder = await Decoder.load(
    create,
    { models, features: join(own, 'features.json'), dictionary: join(own, 'dictionary.txt') },
    weights,
  );
  // Read again when new words come up, because kept it would be the largest thing in the thread.
  const dictionary = () => readFileSync(join(models, 'en-us', 'dict.txt'), 'utf8');
  const grammars = new Map<string, Grammar>();
  const prepare = (expectations: readonly Expectation[]): string[] => {
    const fresh = expectations.filter(({ id }) => !grammars.has(id));
    if (fresh.length === 0) return [];
    const compiled = fresh.map((expectation) => grammarOf(expectation));
    const guessed = learn(decoder, dictionary, compiled);
    for (const grammar of compiled) grammars.set(grammar.id, grammar);
    return guessed;
  };
  prepare([EXPECT_NOTHING]);
  return {
    decoder,
    prepare,
    grammarOf(expectation) {
      prepare([expectation]);
      return grammars.get(expectation.id) ?? grammarOf(expectation);
    },
  };
}

async function importPackage(): Promise<CreateModule> {
  try {
    const module: { default: unknown } = await import('soundswallower');
    return module.default as CreateModule;
  } catch (cause) {
    throw new Error(
      'the device recogniser needs the optional package soundswallower, which is not installed: ' +
        'run "npm install soundswallower", or give the agent another stt',
      { cause },
    );
  }
}

/** Teaches the decoder every word of these grammars; the ones it had to guess. */
function learn(decoder: Decoder, dictionary: () => string, grammars: readonly Grammar[]): string[] {
  const words = new Set<string>();
  const users = new Map<string, string>();
  for (const grammar of grammars) {
    for (const graph of [grammar.answers, grammar.universal, grammar.sounds]) {
      for (const word of graph ? wordsOf(graph) : []) {
        if (decoder.knows(word)) continue;
        words.add(word);
        users.set(word, grammar.id);
      }
    }
  }
  if (words.size === 0) return [];
  const { found, missing } = pick(dictionary(), words);
  const guesses: Pronunciation[] = missing.map((word) => {
    const phones = guess(word);
    if (phones === undefined) {
      throw new Error(
        `the device recogniser cannot pronounce "${word}", expected in "${users.get(word)}": ` +
          'write it in letters, as it is spoken',
      );
    }
    return { word, phones };
  });
  decoder.learn([...found, ...guesses]);
  return missing;
}
