import type { IncomingHttpHeaders } from 'node:http';
import type { WebSocket } from 'ws';
import type { ErrorCode } from '../contract/errors.ts';
import type { Settings } from '../contract/settings.ts';
import type { CarrierName } from '../contract/states.ts';
import type { Clock } from '../kit/clock.ts';
import type { Json } from '../kit/json.ts';
import type { Log } from '../kit/log.ts';
import type { Line } from './line.ts';

/** An upgrade request as a carrier sees it before anything has been accepted. */
export interface Upgrade {
  /** The path with its query, as it stood in the request line. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  /** Development mode, and the request comes from this very machine: no credentials needed. */
  readonly trusted: boolean;
  /** The media token of a reserved address, which stood in the path. */
  readonly token?: string;
}

export type Admission =
  | { readonly ok: true; readonly subprotocol?: string }
  | {
      readonly ok: false;
      readonly code: ErrorCode;
      /** Goes to whoever asked, who may be anybody: it names no setting and no address of ours. */
      readonly message: string;
      /** What the operator has to look at or set; goes to the log alone. */
      readonly problem?: string;
    };

export interface CarrierContext {
  readonly settings: Settings;
  readonly clock: Clock;
  readonly log: Log;
  /** The call was promised before its line came: this is what is known of it, and goes before what the line says. */
  readonly known?: KnownCall;
}

export interface KnownCall {
  readonly callId: string;
  readonly agent?: string;
  readonly direction: 'inbound' | 'outbound';
  readonly from?: string;
  readonly to?: string;
  readonly vars: Readonly<Record<string, Json>>;
}

/** Why a connection that was accepted did not become a line. */
export class NoLine extends Error {
  /** The WebSocket close code the connection was closed with. */
  readonly closeCode: number;

  constructor(closeCode: number, message: string) {
    super(message);
    this.name = 'NoLine';
    this.closeCode = closeCode;
  }
}

/** The data-plane half of a carrier: from an upgrade request to a line. */
export interface CarrierMedia {
  readonly name: CarrierName;
  /** Checks credentials before the seat is taken and before 101. */
  admit(upgrade: Upgrade, context: CarrierContext): Admission;
  /**
   * Reads up to the first valid message, within `settings.firstMessageMs`, and closes the socket (1008) otherwise.
   * @throws NoLine when the connection never became a line; the socket is then closed or closing
   */
  open(socket: WebSocket, upgrade: Upgrade, context: CarrierContext): Promise<Line>;
}
