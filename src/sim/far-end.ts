import type { Loudspeaker } from './loudspeaker.ts';
import type { Mouth } from './mouth.ts';

/** What a line tells its caller besides audio; times on the call's axis. */
export type FarNews =
  | { readonly kind: 'ready'; readonly callId: string }
  | {
      readonly kind: 'transcript';
      readonly who: 'caller' | 'agent';
      readonly text: string;
      readonly final: boolean;
      readonly atMs: number;
    };

/** How the connection ended. */
export interface FarEndEnd {
  readonly by: 'caller' | 'agent';
  readonly atMs: number;
  /** The reason the other side gave, where the protocol has a place for it. */
  readonly reason?: string;
  /** The WebSocket close code; 1006 when the connection broke. */
  readonly closeCode: number;
}

/**
 * The caller's end of one call, whatever the protocol: a mouth that is sent from, a loudspeaker that plays what comes.
 * The axis of both begins when the start message was sent.
 */
export interface FarEnd {
  readonly protocol: 'twilio' | 'pcm';
  /** The id by which the other side's record can be found: ours, or the one it told us. */
  readonly callId: string | undefined;
  readonly mouth: Mouth;
  readonly loudspeaker: Loudspeaker;
  /** Settles once, when the connection has ended. */
  readonly ended: Promise<FarEndEnd>;
  /** What the other side did that its protocol does not allow. */
  readonly faults: readonly string[];
  /** Milliseconds since the axis' origin. */
  nowMs(): number;
  onNews(listener: (news: FarNews) => void): void;
  /** Presses a key of the telephone. */
  key(digit: string): void;
  /** Ends the call in the protocol's way. */
  hangUp(): void;
  /** Stops sending and reading without a word, as a telephone without a network does; the connection stays half open. */
  vanish(): void;
  /** Lets go of the connection at once. */
  release(): void;
}

/** The connection below a protocol, so that protocols can be driven without one in tests. */
export interface Wire {
  send(message: string | Uint8Array): void;
  close(code: number): void;
  /** Reads no more. */
  pause(): void;
  terminate(): void;
}

/** What a protocol is told about its connection. */
export interface WireListener {
  message(data: string | Uint8Array): void;
  closed(code: number): void;
}
