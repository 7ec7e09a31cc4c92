import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { Party } from './far-end.ts';
import type { LiveKitServer } from './server.ts';

/** What the far telephone does. Without `answerMs` and `fail` it rings until the limit. */
export interface FarTelephone {
  readonly answerMs?: number;
  readonly fail?: {
    readonly status: number;
    readonly code: string;
    readonly sip?: number;
    readonly reason?: string;
    readonly meta?: Readonly<Record<string, string>>;
  };
  /** The request is swallowed: it may have rung, and nobody learns of it. */
  readonly silent?: boolean;
}

interface Body {
  readonly sip_call_to: string;
  readonly room_name: string;
  readonly participant_identity: string;
  readonly participant_attributes: Readonly<Record<string, string>>;
  readonly ringing_timeout: string;
  readonly max_call_duration: string;
  readonly transfer_to: string;
}

/**
 * LiveKit's SIP service, as its callers see it, in front of the real server: what is not SIP goes through. Dialled
 * telephones join their room as `kind: sip`.
 */
export class SipStandIn {
  /** Every request and every attempt to join, in order. */
  readonly log: string[] = [];
  readonly dials: Body[] = [];
  readonly legs: Party[] = [];
  url = '';
  /** What the telephone of a number does. */
  decide: (number: string) => FarTelephone = () => ({ answerMs: 100 });
  transferFails = false;
  /** Joins wait for it. */
  gate: Promise<void> = Promise.resolve();
  readonly #behind: LiveKitServer;
  readonly #server: Server;

  private constructor(behind: LiveKitServer) {
    this.#behind = behind;
    this.#server = createServer((req, res) => this.#request(req, res));
    this.#server.on('upgrade', (req, socket, head) => {
      this.log.push(`upgrade ${(req.url ?? '').split('?')[0]}`);
      const through = connect(behind.port, '127.0.0.1');
      const join = () => {
        const headers = req.rawHeaders.reduce(
          (all, part, i) => all + (i % 2 === 0 ? `${part}: ` : `${part}\r\n`),
          '',
        );
        through.write(`GET ${req.url} HTTP/1.1\r\n${headers}\r\n`);
        through.write(head);
        through.pipe(socket).pipe(through);
      };
      void this.gate.then(join);
      for (const end of [socket, through]) end.on('error', () => void (socket.destroy(), through.destroy()));
    });
  }

  static async start(behind: LiveKitServer): Promise<SipStandIn> {
    const standIn = new SipStandIn(behind);
    await new Promise<void>((resolve) => standIn.#server.listen(0, '127.0.0.1', resolve));
    const { port } = standIn.#server.address() as { port: number };
    standIn.url = `ws://127.0.0.1:${port}`;
    return standIn;
  }

  async stop(): Promise<void> {
    await Promise.all(this.legs.map((leg) => leg.leave()));
    this.#server.closeAllConnections();
    this.#server.close();
  }

  #request(req: IncomingMessage, res: ServerResponse): void {
    const path = req.url ?? '';
    this.log.push(`${req.method} ${path}`);
    const sip = /^\/twirp\/livekit\.SIP\/(\w+)$/.exec(path)?.[1];
    if (sip === undefined) return this.#through(req, res);
    let text = '';
    req.on('data', (part: Buffer) => (text += part.toString()));
    req.on('end', () => {
      const body = JSON.parse(text) as Body;
      void (sip === 'CreateSIPParticipant' ? this.#dial(body, res) : this.#transfer(body, res));
    });
  }

  async #dial(body: Body, res: ServerResponse): Promise<void> {
    this.dials.push(body);
    const far = this.decide(body.sip_call_to);
    if (far.fail?.sip === undefined && far.fail) return refuse(res, far.fail);
    const leg = await Party.join(this.#behind.url, {
      room: body.room_name,
      identity: body.participant_identity,
      kind: 'sip',
      attributes: { ...body.participant_attributes, 'sip.callStatus': 'ringing', 'sip.callID': 'SCL_out' },
    });
    this.legs.push(leg);
    if (far.silent) return;
    if (far.answerMs !== undefined) {
      await pause(far.answerMs);
      await leg.setStatus('active');
      return answer(res, { participant_identity: leg.identity, room_name: body.room_name });
    }
    const ringMs = far.fail ? 100 : Number.parseFloat(body.ringing_timeout) * 1000;
    await Promise.race([pause(ringMs), leg.gone]);
    await leg.leave();
    refuse(res, far.fail ?? { status: 408, code: 'canceled' });
  }

  async #transfer(body: Body, res: ServerResponse): Promise<void> {
    this.log.push(`REFER ${body.transfer_to}`);
    if (this.transferFails)
      return refuse(res, { status: 400, code: 'invalid_argument', sip: 603, reason: 'Decline' });
    answer(res, {});
    await pause(100);
    await this.legs.find(({ identity }) => identity === body.participant_identity)?.leave();
  }

  #through(req: IncomingMessage, res: ServerResponse): void {
    const { method, url, headers } = req;
    const options = { host: '127.0.0.1', port: this.#behind.port, method, path: url, headers };
    const onward = request(options, (back) => {
      res.writeHead(back.statusCode ?? 500, back.headers);
      back.pipe(res);
    });
    onward.on('error', () => res.destroy());
    req.pipe(onward);
  }
}

function answer(res: ServerResponse, body: object): void {
  res.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

function refuse(
  res: ServerResponse,
  { status, code, sip, reason, meta }: NonNullable<FarTelephone['fail']>,
): void {
  res.writeHead(status, { 'content-type': 'application/json' }).end(
    JSON.stringify({
      code,
      msg: `twirp error ${code}`,
      meta: {
        ...(sip !== undefined && { sip_status_code: String(sip), sip_status: reason ?? '' }),
        ...meta,
      },
    }),
  );
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
