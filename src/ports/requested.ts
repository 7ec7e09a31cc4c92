import type { Claim, ClaimPatch } from '../contract/claim.ts';
import type { EndReason } from '../contract/end-reasons.ts';
import type { ErrorCode } from '../contract/errors.ts';
import type { Settings } from '../contract/settings.ts';
import type { AttachBody, DialoutBody, DispatchBody, WidgetBody } from '../contract/starts/bodies.ts';
import type { CarrierName } from '../contract/states.ts';
import type { Clock } from '../kit/clock.ts';
import type { Json } from '../kit/json.ts';
import type { Log } from '../kit/log.ts';
import type { KnownCall } from './carrier.ts';
import type { Line } from './line.ts';

/** A call that is started by a request, and whose line we make ourselves: valid, admitted to the seat, claimed. */
export type StartRequest =
  /** `POST /attach` with `media.kind` livekit. */
  | {
      readonly kind: 'join';
      readonly callId: string;
      readonly body: AttachBody & { readonly media: { readonly kind: 'livekit' } };
    }
  | {
      readonly kind: 'dial';
      readonly callId: string;
      readonly body: AttachBody & { readonly media: { readonly kind: 'dial' } };
    }
  /** `POST /attach` with `media.kind` expect: the other party connects to us. */
  | {
      readonly kind: 'expect';
      readonly callId: string;
      readonly body: AttachBody & { readonly media: { readonly kind: 'expect' } };
    }
  | { readonly kind: 'dialout'; readonly callId: string; readonly body: DialoutBody }
  | { readonly kind: 'widget'; readonly callId: string; readonly body: WidgetBody }
  | { readonly kind: 'dispatch'; readonly callId: string; readonly body: DispatchBody }
  /** The worker that had the call died: `claim` is what it left behind. */
  | { readonly kind: 'continue'; readonly callId: string; readonly claim: Claim };

export interface RequestContext {
  readonly settings: Settings;
  readonly clock: Clock;
  /** Has the call id already. */
  readonly log: Log;
  /** The worker's number. */
  readonly worker: number;
  /** What the request says of the call, with the agent that will answer. */
  readonly known: KnownCall;
  /** Aborted when whoever asked is gone before the answer: then `prepare` may stop, and `undo` follows if it does not. */
  readonly asking: AbortSignal;
  /** Changes the call's claim, such as its room and participants, as soon as they are known. */
  claim(patch: Pick<ClaimPatch, 'room' | 'participants' | 'context' | 'expires_ms'>): void;
  /** Writes an `event` line into the journal of the call, once it is admitted, such as `ringing`; before: the log only. */
  readonly event: (what: string, detail: Json) => void;
}

/** A call that can be promised: nothing of it has been noticed by the other party yet. */
export interface Prepared {
  /** Members added to the answer, and told to duplicates too. */
  readonly answer: Readonly<Record<string, Json>>;
  /**
   * After the answer went out: publish, dial, wait for the other party. The signal is aborted when the call is to end
   * before it has a line.
   * @throws NoCaller when no line comes of it; nothing is left open then
   */
  board(signal: AbortSignal): Promise<Line>;
  /** The answer never went out: leave without a trace. Never rejects. */
  undo(): Promise<void>;
  /** How long `board` may take, in milliseconds; it keeps the limit itself. An hour when not given. */
  readonly limitMs?: number;
  /** Tells when the connection below the line is gone. */
  onGone?(listener: () => void): void;
  /** After the call, however it ended: lets go of what is left, within a second. */
  release?(): Promise<void>;
}

/** A carrier whose calls begin with a request to us. */
export interface RequestCarrier {
  readonly name: CarrierName;
  /**
   * Does what can be done without the other party noticing.
   * @throws StartRefused with what the request is answered; nothing is left open then
   */
  prepare(start: StartRequest, context: RequestContext): Promise<Prepared>;
  /** What a repeated request is told beside what the first one was, such as a fresh token. */
  repeat?(claim: Claim, settings: Settings, clock: Clock): Promise<Readonly<Record<string, Json>>>;
  /** At the end of the process. */
  close(): Promise<void>;
}

/** A start by request cannot be carried out; nothing has happened. */
export class StartRefused extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'StartRefused';
    this.code = code;
  }
}

/** A promised call got no line: nobody answered, nobody came. */
export class NoCaller extends Error {
  readonly reason: EndReason;
  /** For the record and whoever asks for the call, such as `{"outcome":"busy","sip_status_code":486}`. */
  readonly result: Readonly<Record<string, Json>>;

  constructor(reason: EndReason, message: string, result: Readonly<Record<string, Json>> = {}) {
    super(message);
    this.name = 'NoCaller';
    this.reason = reason;
    this.result = result;
  }
}
