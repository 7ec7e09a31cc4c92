import type { ExitName } from '../contract/exit-codes.ts';

/** What happens on a host, for whoever shows it to a person. */
export type HostEvent =
  | { readonly type: 'front'; readonly kind: FrontKind; readonly url: string }
  | { readonly type: 'ready'; readonly worker: number; readonly ready: number; readonly of: number }
  | {
      readonly type: 'died';
      readonly worker: number;
      readonly how: string;
      readonly againInMs: number;
      readonly words: string;
    }
  | { readonly type: 'refused'; readonly worker: number; readonly words: string }
  | { readonly type: 'settled'; readonly callId: string; readonly reason: string }
  | { readonly type: 'line'; readonly worker: number; readonly line: LogLine }
  | { readonly type: 'front-died'; readonly how: string; readonly againInMs: number };

export type FrontKind = 'nginx' | 'builtin';

/** One line of a worker's log. */
export interface LogLine {
  readonly level: number;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Why a host cannot run, in words a person can act on, and what the process should say by ending. */
export class HostError extends Error {
  readonly exit: ExitName;

  constructor(message: string, exit: ExitName, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'HostError';
    this.exit = exit;
  }
}
