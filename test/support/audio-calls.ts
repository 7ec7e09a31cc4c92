import { telephone } from '../../bench/line-sound.ts';
import type { Agent } from '../../src/agent/agent.ts';
import { resample } from '../../src/audio/resample.ts';
import { expectationsOf } from '../../src/brains/open.ts';
import type { Clock } from '../../src/kit/clock.ts';
import { realClock } from '../../src/kit/clock.ts';
import { silentLog } from '../../src/kit/log.ts';
import type { Engines } from '../../src/ports/engines.ts';
import type { RecogniserEngine } from '../../src/ports/recogniser.ts';
import { openRecordings, readRecording } from '../../src/sim/phrases.ts';
import { type Flite, loadFlite } from '../../src/speech/device/flite.ts';
import { openEngines } from '../../src/speech/engines.ts';
import {
  type ConversationOptions,
  type ConversationOutcome,
  runConversation,
} from '../../src/testing/run-conversation.ts';
import type { ScriptedCaller } from '../../src/testing/scripted-caller.ts';

/** Samples per second of the line. */
const RATE = 8000;
/** Other than the voice of the agent, which would be heard by its own ears. */
const CALLER_VOICE = 'rms';

/** Who speaks: recordings of a person, or a synthetic voice where nobody recorded the words. */
export type Voice = 'human' | 'synthetic';

export interface AudioCalls {
  /**
   * Holds a conversation in sound, in virtual time: the caller's speech goes through a telephone line to the device
   * engines, and the agent answers in its own voice.
   */
  call(
    voice: Voice,
    options: Omit<ConversationOptions, 'caller' | 'engines' | 'sound'> & {
      readonly caller: (caller: AudioCaller) => Promise<void> | void;
    },
  ): Promise<ConversationOutcome>;
  close(): Promise<void>;
}

/** A caller who waits until the agent has finished, unless they interrupt on purpose. */
export class AudioCaller {
  readonly #caller: ScriptedCaller;

  constructor(caller: ScriptedCaller) {
    this.#caller = caller;
  }

  /** The call has ended. */
  get isOver(): boolean {
    return this.#caller.isOver;
  }

  /** Speaks when the agent has been quiet for a moment. */
  async answers(text: string): Promise<void> {
    await this.#caller.waitsForQuiet();
    await this.#caller.says(text);
  }

  /** Speaks at once, whether or not the agent does. */
  says(text: string): Promise<void> {
    return this.#caller.says(text);
  }

  /** Plays a file of `recordings/` when the agent has been quiet for a moment. */
  async answersWithFile(file: string): Promise<void> {
    await this.#caller.waitsForQuiet();
    await this.plays(readRecording(file));
  }

  /** Plays a sound at once, as it comes through a telephone line. */
  plays(samples: Int16Array): Promise<void> {
    return this.#caller.plays(telephone(samples));
  }

  hears(what: string | RegExp, limitMs?: number): Promise<void> {
    return this.#caller.hears(what, limitMs);
  }

  listens(): Promise<void> {
    return this.#caller.listens();
  }

  waits(ms: number): Promise<void> {
    return this.#caller.waits(ms);
  }

  keys(digits: string): Promise<void> {
    return this.#caller.keys(digits);
  }

  hangsUp(): void {
    this.#caller.hangsUp();
  }
}

/** Opens the device engines once for a file of tests, and prepares them for these agents as a worker would. */
export async function openAudioCalls(agents: readonly Agent[]): Promise<AudioCalls> {
  // Each conversation has a clock of its own; the engines outlive it and have to hold the one of today.
  let today: Clock = realClock;
  const clock: Clock = {
    now: () => today.now(),
    wall: () => today.wall(),
    after: (ms, run) => today.after(ms, run),
    hold: () => today.hold(),
  };
  const needs = { stt: ['device'], tts: agents.map(({ tts }) => tts) };
  const engines = await openEngines(needs, { clock, log: silentLog });
  await engines.recogniser('device').prepare(agents.flatMap(expectationsOf));
  const speak = await speakers();
  return {
    async call(voice, { caller, ...options }) {
      await engines.reset();
      const understood: string[] = [];
      const conversation = runConversation({
        ...options,
        engines: (own): Engines => {
          today = own;
          return {
            ...engines,
            recogniser: (name) => noting(engines.recogniser(name), understood),
            reset: () => undefined,
            close: () => Promise.resolve(),
          };
        },
        sound: speak[voice],
        caller: (scripted) => caller(new AudioCaller(scripted)),
      });
      return await conversation.catch((cause: unknown) => {
        const message = cause instanceof Error ? cause.message : String(cause);
        throw new Error(`${message}\nunderstood: ${understood.join(' | ')}`, { cause });
      });
    },
    close: () => engines.close(),
  };
}

/** The same recogniser, whose results are noted for the message of a conversation that fails. */
function noting(engine: RecogniserEngine, results: string[]): RecogniserEngine {
  return {
    name: engine.name,
    listens: engine.listens,
    prepare: (expectations) => engine.prepare(expectations),
    reset: () => engine.reset(),
    close: () => engine.close(),
    open: (options) =>
      engine.open({
        ...options,
        listener: (event) => {
          if (event.kind === 'final') results.push(`"${event.text}" in ${options.expect.id}`);
          if (event.kind === 'rejected') results.push(`nothing in ${options.expect.id}`);
          options.listener(event);
        },
      }),
  };
}

async function speakers(): Promise<Record<Voice, (text: string) => Int16Array>> {
  const human = openRecordings();
  const flite: Flite = await loadFlite([CALLER_VOICE]);
  return {
    // The recordings have pauses of their own at both ends; more of them would end a turn after "from" or "at".
    human: (text) => telephone(human.say(text, { gapMs: 0 })),
    synthetic: (text) => {
      const { samples, rate } = flite.speak(CALLER_VOICE, text);
      return telephone(resample(samples, rate, RATE));
    },
  };
}
