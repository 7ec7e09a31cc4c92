import { openLiveKit } from '../../../src/carriers/livekit/carrier.ts';
import { type ServerAccess, serverAccess } from '../../../src/carriers/livekit/rooms.ts';
import { readSettings, type Settings } from '../../../src/contract/settings.ts';
import { realClock } from '../../../src/kit/clock.ts';
import { silentLog } from '../../../src/kit/log.ts';
import type { Line } from '../../../src/ports/line.ts';
import type { RequestCarrier, RequestContext, StartRequest } from '../../../src/ports/requested.ts';
import { LineEvents } from '../../support/line-events.ts';
import { Party, type PartyOptions } from './far-end.ts';
import { KEY } from './server.ts';

/** The carrier alone, against a server, with what it told its call. */
export class LiveKitCalls {
  readonly settings: Settings;
  readonly events: { readonly what: string; readonly detail: unknown }[] = [];
  readonly claims: Record<string, unknown> = {};
  readonly logged: string[] = [];
  readonly #carrier: RequestCarrier;

  private constructor(settings: Settings, carrier: RequestCarrier) {
    this.settings = settings;
    this.#carrier = carrier;
  }

  static async open(url: string, env: Readonly<Record<string, string>> = {}): Promise<LiveKitCalls> {
    const settings = readSettings(
      { LIVEKIT_URL: url, LIVEKIT_API_KEY: KEY.key, LIVEKIT_API_SECRET: KEY.secret, ...env },
      'host',
    );
    const carrier = await openLiveKit(settings, realClock);
    if (!carrier) throw new Error('LiveKit is not set up');
    return new LiveKitCalls(settings, carrier);
  }

  context(callId: string, known: Partial<RequestContext['known']> = {}): RequestContext {
    const note = (message: string, fields?: object) =>
      void this.logged.push(`${message} ${JSON.stringify(fields)}`);
    return {
      settings: this.settings,
      clock: realClock,
      log: { ...silentLog, info: note, warn: note, error: note },
      worker: 1,
      known: { callId, direction: 'inbound', vars: {}, ...known },
      asking: new AbortController().signal,
      claim: (patch) => Object.assign(this.claims, patch),
      event: (what, detail) => void this.events.push({ what, detail }),
    };
  }

  prepare(start: StartRequest, known?: Partial<RequestContext['known']>) {
    return this.#carrier.prepare(start, this.context(start.callId, known));
  }

  /** For asking the server itself. */
  access(): ServerAccess {
    const found = serverAccess(this.settings, realClock);
    if (!found) throw new Error('LiveKit is not set up');
    return found;
  }

  close(): Promise<void> {
    return this.#carrier.close();
  }
}

let calls = 0;
/** An id and a room that no other test has. */
export function fresh(): { readonly callId: string; readonly room: string; readonly identity: string } {
  calls++;
  const callId = `SCL_${process.pid}_${calls}`;
  return { callId, room: `in_${process.pid}_${calls}`, identity: `sip_+1555${calls}` };
}

export function dispatchOf(
  { callId, room, identity }: ReturnType<typeof fresh>,
  deadlineMs = 20_000,
): Extract<StartRequest, { kind: 'dispatch' }> {
  return {
    kind: 'dispatch',
    callId,
    body: {
      room,
      participant_identity: identity,
      sip_call_id: callId,
      received_at: Date.now(),
      deadline_ms: deadlineMs,
    },
  };
}

export interface Ringing {
  readonly at: ReturnType<typeof fresh>;
  readonly caller: Party;
}

/** A telephone caller who rings in a room of their own. */
export async function ring(url: string, options: Partial<PartyOptions> = {}): Promise<Ringing> {
  const at = fresh();
  const caller = await Party.join(url, {
    room: at.room,
    identity: at.identity,
    kind: 'sip',
    attributes: {
      'sip.callID': at.callId,
      'sip.callStatus': 'ringing',
      'sip.phoneNumber': '+15550100',
      'sip.trunkPhoneNumber': '+15550199',
    },
    maxParticipants: 2,
    ...options,
  });
  return { at, caller };
}

export interface Answered extends Ringing {
  readonly line: Line;
  readonly events: LineEvents;
}

/** A caller who has been answered by a line of ours. */
export async function answered(url: string, calls: LiveKitCalls): Promise<Answered> {
  const ringing = await ring(url);
  const prepared = await calls.prepare(dispatchOf(ringing.at));
  ringing.caller.answerWhenHeard();
  const line = await prepared.board(new AbortController().signal);
  return { ...ringing, line, events: new LineEvents(line) };
}

export function tone(ms: number, rate: number, hz = 440): Int16Array {
  return Int16Array.from({ length: (ms * rate) / 1000 }, (_, i) =>
    Math.round(8000 * Math.sin((2 * Math.PI * hz * i) / rate)),
  );
}

export function isLoud(samples: Int16Array): boolean {
  return samples.some((sample) => Math.abs(sample) > 1000);
}

/** Resolves when `check` holds; looks often, and rejects after the limit. */
export async function eventually(
  what: string,
  check: () => boolean | Promise<boolean>,
  limitMs = 30_000,
): Promise<void> {
  const end = performance.now() + limitMs;
  while (!(await check())) {
    if (performance.now() > end) throw new Error(`${what}: not within ${limitMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
