import type { EndReason } from '../contract/end-reasons.ts';
import type { CarrierName, Leg } from '../contract/states.ts';
import type { Json } from '../kit/json.ts';

/** What is known of a line from its start message; complete before the first sample. */
export interface LineFacts {
  readonly carrier: CarrierName;
  /** The carrier's own id of the call, where it has one. */
  readonly carrierCallId?: string;
  /** The call id the start asked for; made by us when missing. */
  readonly callId?: string;
  readonly agent?: string;
  readonly from?: string;
  readonly to?: string;
  readonly direction: 'inbound' | 'outbound';
  /** Free values of the start, for the agent. */
  readonly vars: Readonly<Record<string, Json>>;
  /** Samples per second, the same both ways. */
  readonly rate: 8000 | 16000 | 24000 | 48000;
  /** The carrier may send nothing while the caller is silent. */
  readonly omitsSilence: boolean;
  /** Whoever is at the other end stays there when our process dies, so that another can go on with the call. */
  readonly outlivesWorker?: boolean;
  /** How much audio may be on its way to the loudspeaker, in milliseconds. */
  readonly sendAheadMaxMs: number;
  readonly can: {
    readonly pause: boolean;
    readonly marks: boolean;
    readonly dtmfOut: boolean;
    readonly transfer: 'cold' | 'warm' | 'none';
  };
}

/** Signed 16-bit mono samples. */
export interface Chunk {
  readonly samples: Int16Array;
  /** Samples per second. */
  readonly rate: number;
}

/**
 * What a line reports, in the order it happened. `at` is the position of the first sample since the line's start, in
 * samples at the line's rate, by the carrier's timestamps where it has them: a jump is a gap, filled by the call.
 */
export type LineEvent =
  | { readonly kind: 'media'; readonly leg: Leg; readonly at: number; readonly samples: Int16Array }
  | {
      readonly kind: 'mark';
      readonly leg: Leg;
      readonly name: string;
      readonly generation: number;
      readonly how: 'played' | 'cleared';
    }
  | { readonly kind: 'dtmf'; readonly leg: Leg; readonly digit: string }
  /** A sign of life without content: a pong, or a frame that carries nothing for the call. */
  | { readonly kind: 'alive'; readonly leg: Leg }
  | {
      readonly kind: 'transfer';
      readonly leg: Leg;
      readonly state: 'ringing' | 'answered' | 'failed' | 'returned';
      readonly why?: string;
    }
  /** The last event of a line; `detail` is for the log. */
  | { readonly kind: 'end'; readonly leg: Leg; readonly reason: EndReason; readonly detail: string };

/** What the call tells a line's client about the conversation, where the protocol has a place for it. */
export type LineNews =
  | { readonly kind: 'ready'; readonly callId: string }
  | {
      readonly kind: 'transcript';
      readonly who: 'caller' | 'agent';
      readonly text: string;
      readonly final: boolean;
    };

/**
 * What carries a leg's audio, seen from the call. No method throws or blocks: a line that cannot send any more says so
 * with an `end` event. After `end` was called or reported, every method does nothing.
 */
export interface Line {
  readonly facts: LineFacts;
  /** Events begin to flow, those kept since the start message first. Called once. */
  open(listener: (event: LineEvent) => void): void;
  /** Sends audio at the line's rate, any whole number of samples. A generation older than the last flush is dropped. */
  send(samples: Int16Array, generation: number): void;
  /** Asks to be told when all audio sent before has been played. */
  mark(name: string, generation: number): void;
  /** Drops everything not yet played; marks of older generations come back as `cleared`. */
  flush(generation: number): void;
  /** Sends keypad tones where `can.dtmfOut`. */
  dtmf(digits: string): void;
  /** Hands the call on where `can.transfer` is not `none`; progress comes as `transfer` events. */
  transfer(to: string, mode: 'cold' | 'warm'): void;
  tell(news: LineNews): void;
  /** Asks the other side for a sign of life. */
  ping(): void;
  /** Bytes accepted by us and not yet by the network. */
  backlogBytes(): number;
  /** Says goodbye in the protocol's words and closes. Resolves when the connection is gone, within a second. */
  end(reason: EndReason): Promise<void>;
}
