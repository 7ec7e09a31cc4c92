import type { Expectation } from '../../ports/expectation.ts';
import type { Position, RecogniserEvent } from '../../ports/recogniser.ts';

/** What the main thread and the speech thread say to each other. Sessions and jobs are numbered by the main thread. */

/** What the thread is started with. */
export interface ThreadData {
  /** Whether it is to hear. */
  readonly hears: boolean;
  /** The voices it is to speak with, such as `slt`; none: it does not speak. */
  readonly voices: readonly string[];
}

export type ToThread =
  | {
      readonly kind: 'prepare';
      readonly request: number;
      readonly expectations: readonly Expectation[];
    }
  | {
      readonly kind: 'open';
      readonly session: number;
      readonly from: Position;
      /** Samples per second of the audio and of positions. */
      readonly rate: number;
      readonly expectation: Expectation;
    }
  | { readonly kind: 'audio'; readonly session: number; readonly samples: Int16Array }
  | { readonly kind: 'expect'; readonly session: number; readonly expectation: Expectation }
  | { readonly kind: 'finalize'; readonly session: number; readonly upTo: Position }
  | { readonly kind: 'close'; readonly session: number }
  /** A call is over: the next caller comes by another line. */
  | { readonly kind: 'reset' }
  /** Answered with `pong` when everything sent before has been done. */
  | { readonly kind: 'ping'; readonly request: number }
  | {
      readonly kind: 'speak';
      readonly job: number;
      readonly voice: string;
      readonly rate: number;
      readonly text: string;
    }
  /** Drops these jobs; one that is being spoken still ends. */
  | { readonly kind: 'hush'; readonly jobs: readonly number[] };

export type FromThread =
  | { readonly kind: 'ready' }
  /** `guessed` are words whose pronunciation is a guess. */
  | { readonly kind: 'prepared'; readonly request: number; readonly guessed: readonly string[] }
  | { readonly kind: 'unprepared'; readonly request: number; readonly message: string }
  | { readonly kind: 'heard'; readonly session: number; readonly event: RecogniserEvent }
  | {
      readonly kind: 'spoken';
      readonly job: number;
      readonly samples: Int16Array;
      readonly rate: number;
    }
  | { readonly kind: 'mute'; readonly job: number; readonly message: string }
  | { readonly kind: 'pong'; readonly request: number }
  /** The thread cannot go on; it ends after this. */
  | { readonly kind: 'broken'; readonly message: string };

const TO_THREAD: readonly ToThread['kind'][] = [
  'prepare',
  'open',
  'audio',
  'expect',
  'finalize',
  'close',
  'reset',
  'ping',
  'speak',
  'hush',
];
const FROM_THREAD: readonly FromThread['kind'][] = [
  'ready',
  'prepared',
  'unprepared',
  'heard',
  'spoken',
  'mute',
  'pong',
  'broken',
];

/** Both ends come from one build, so a message with a known kind has that kind's shape. */
function kindOf(message: unknown): unknown {
  return typeof message === 'object' && message !== null && 'kind' in message ? message.kind : undefined;
}

export function isToThread(message: unknown): message is ToThread {
  return TO_THREAD.some((kind) => kind === kindOf(message));
}

export function isFromThread(message: unknown): message is FromThread {
  return FROM_THREAD.some((kind) => kind === kindOf(message));
}
