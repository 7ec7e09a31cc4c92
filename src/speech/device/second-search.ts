import { wasm } from '../../kit/wasm.ts';
import { SECOND_SEARCH_BASE64 } from './second-search-bytes.ts';

/**
 * Two searches on one decoder. The package gives a decoder one search; what scores the sounds, half of all work,
 * would then be done by each of two decoders for itself. So a search is taken out of its decoder, and the functions
 * by which the decoder runs whatever search it has are replaced by ones that run this one too (`second-search.wat`).
 */

/** The part of the package that is needed for it. */
export interface SearchModule {
  readonly HEAPU8: Uint8Array;
  /** Everything the native program exports, by short names of its own. */
  readonly asm: Readonly<Record<string, unknown>>;
}

/** Where the package, in the version that is required, keeps what; in words of 4 bytes. */
const DECODER = { acousticModel: 4, search: 8 };
/** A search begins with the address of the numbers of its functions, in this order. */
const FUNCTIONS = { start: 0, step: 1, finish: 2, free: 4 };

/** The functions of a native program, by number. */
interface Table {
  get(number: number): unknown;
  set(number: number, value: unknown): void;
}

/** A search that goes along with every other search of its module. Owns it. */
export class SecondSearch {
  readonly #module: SearchModule;
  readonly #place: number;
  readonly #search: number;
  readonly #free: (search: number) => void;

  private constructor(module: SearchModule, place: number, search: number, free: (search: number) => void) {
    this.#module = module;
    this.#place = place;
    this.#search = search;
    this.#free = free;
  }

  /**
   * Takes the search out of a decoder, the only one of its module, which is left without one.
   *
   * @param decoder the address of the native decoder
   * @param acousticModel what the package says is the address of its acoustic model
   * @throws Error when the package is not laid out as expected
   */
  static async takeFrom(module: SearchModule, decoder: number, acousticModel: number): Promise<SecondSearch> {
    const compiled = await wasm.compile(Buffer.from(SECOND_SEARCH_BASE64, 'base64'));
    const words = wordsOf(module);
    const place = decoder / 4 + DECODER.search;
    const search = words[place] ?? 0;
    const table = Object.values(module.asm).find(isTable);
    if (words[decoder / 4 + DECODER.acousticModel] !== acousticModel || search === 0 || !table)
      throw new Error(
        'this version of soundswallower is laid out differently: install the one that package.json names',
      );
    const functions = (words[search / 4] ?? 0) / 4;
    const numberOf = (name: keyof typeof FUNCTIONS) => words[functions + FUNCTIONS[name]] ?? 0;
    const own = (name: keyof typeof FUNCTIONS) => table.get(numberOf(name));
    const { exports } = new wasm.Instance(compiled, {
      search: { start: own('start'), step: own('step'), finish: own('finish'), second: search },
    });
    for (const name of ['start', 'step', 'finish'] as const) table.set(numberOf(name), exports[name]);
    words[place] = 0;
    return new SecondSearch(module, place, search, own('free') as (search: number) => void);
  }

  /** What `look` finds when the decoder has this search in place of its own. */
  inPlace<T>(look: () => T): T {
    const own = wordsOf(this.#module)[this.#place] ?? 0;
    wordsOf(this.#module)[this.#place] = this.#search;
    try {
      return look();
    } finally {
      wordsOf(this.#module)[this.#place] = own;
    }
  }

  /** Frees the search. The decoder must not be used any more. */
  close(): void {
    this.#free(this.#search);
  }
}

/** The memory as it is now: growing replaces it. */
const wordsOf = ({ HEAPU8 }: SearchModule): Int32Array => new Int32Array(HEAPU8.buffer);

const isTable = (value: unknown): value is Table =>
  typeof value === 'object' && value !== null && 'get' in value && 'set' in value;
