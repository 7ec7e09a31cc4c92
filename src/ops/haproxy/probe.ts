import { request } from 'node:http';
import { connect } from 'node:net';
import type { Clock } from '../../kit/clock.ts';
import { parseJson } from '../../kit/json.ts';
import type { Fleet } from './description.ts';
import { agentLimit } from './runtime-text.ts';

/** What a fleet's host says of itself. */
export interface FleetSays {
  readonly name: string;
  readonly capacity: number;
  readonly busy: number;
  readonly draining: boolean;
}

/** What was found out about a fleet, and everything that speaks against sending it calls. */
export interface Probe {
  readonly says: FleetSays | undefined;
  /** How many calls its agent-check takes now. */
  readonly limit: number | undefined;
  /** Its clock less ours, to whole seconds. */
  readonly skewS: number | undefined;
  readonly faults: readonly string[];
}

export type Where = Pick<Fleet, 'address' | 'port' | 'check_port'>;

/** How long a host may take to answer before it counts as away. */
const LIMIT_MS = 2000;
/** Far more than the capacity document; whatever is longer is not one of ours. */
const MAX_BODY_BYTES = 65_536;
/** Tokens and stale starts are judged by both clocks. The date of an answer is in whole seconds. */
const MAX_SKEW_S = 2;

/** Asks a fleet's host everything the ingress relies on. Never throws: what goes wrong is a fault of the fleet's. */
export async function probeFleet(where: Where, node: string, clock: Clock): Promise<Probe> {
  const faults: string[] = [];
  const at = `${where.address}:${where.port}`;
  const live = await get(where, '/health/live', clock);
  if ('failed' in live) faults.push(`http://${at}/health/live: ${live.failed}`);
  else if (live.status !== 200) faults.push(`http://${at}/health/live answers ${live.status}, not 200`);
  const asked = await get(where, '/health/capacity', clock);
  const says = 'failed' in asked ? undefined : readCapacity(asked.body);
  if ('failed' in asked) faults.push(`http://${at}/health/capacity: ${asked.failed}`);
  else if (!says)
    faults.push(
      `http://${at}/health/capacity answers ${asked.status} without fleet, capacity and busy; is its fleetd running?`,
    );
  else if (says.capacity === 0 && !says.draining) faults.push(`${says.name} has no worker that takes calls`);
  const skewS = 'failed' in asked ? undefined : asked.skewS;
  if (skewS !== undefined && Math.abs(skewS) > MAX_SKEW_S)
    faults.push(`its clock is ${Math.abs(skewS)} s ${skewS > 0 ? 'ahead of' : 'behind'} this machine's`);
  const line = await agentLine(where, node, clock);
  const agent = 'failed' in line ? undefined : agentLimit(line.text);
  const agentAt = `${where.address}:${where.check_port}`;
  if ('failed' in line) faults.push(`agent-check at ${agentAt}: ${line.failed} (CXBCORE_CHECK_LISTEN)`);
  else if (!agent) faults.push(`agent-check at ${agentAt} says ${JSON.stringify(line.text.slice(0, 80))}`);
  return { says, limit: agent?.limit, skewS, faults };
}

/** Calls under way by the fleet's own count; undefined when it does not say. */
export async function busyOn(where: Where, clock: Clock): Promise<number | undefined> {
  const asked = await get(where, '/health/capacity', clock);
  return 'failed' in asked ? undefined : readCapacity(asked.body)?.busy;
}

/** From the body of `/health/capacity`; undefined when it is none. */
export function readCapacity(body: string): FleetSays | undefined {
  const json = parseJson(body);
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return undefined;
  const { fleet, capacity, busy, draining } = json as Readonly<Record<string, unknown>>;
  const counts = [capacity, busy].every((n) => typeof n === 'number' && Number.isInteger(n) && n >= 0);
  if (typeof fleet !== 'string' || !counts) return undefined;
  return { name: fleet, capacity: capacity as number, busy: busy as number, draining: draining === true };
}

interface Got {
  readonly status: number;
  readonly body: string;
  readonly skewS: number | undefined;
}

function get(where: Where, path: string, clock: Clock): Promise<Got | { readonly failed: string }> {
  return new Promise((resolve) => {
    const options = { host: where.address, port: where.port, path, agent: false, timeout: LIMIT_MS };
    const asking = request(options, (answer) => {
      let body = '';
      answer.setEncoding('utf8').on('data', (part: string) => {
        body += part;
        if (body.length > MAX_BODY_BYTES) answer.destroy();
      });
      const date = Date.parse(answer.headers.date ?? '');
      const skewS = Number.isNaN(date) ? undefined : Math.round((date - clock.wall()) / 1000);
      answer.on('close', () => resolve({ status: answer.statusCode ?? 0, body, skewS }));
    });
    const cancel = clock.after(LIMIT_MS, () =>
      asking.destroy(new Error(`no answer within ${LIMIT_MS / 1000} s`)),
    );
    asking.on('close', cancel);
    asking.on('error', (error) => resolve({ failed: error.message }));
    asking.end();
  });
}

function agentLine(
  where: Where,
  node: string,
  clock: Clock,
): Promise<{ readonly text: string } | { readonly failed: string }> {
  return new Promise((resolve) => {
    let text = '';
    const socket = connect({ host: where.address, port: where.check_port }, () =>
      socket.write(`cap:${node}`),
    );
    const cancel = clock.after(LIMIT_MS, () => {
      socket.destroy();
      resolve({ failed: `no line within ${LIMIT_MS / 1000} s` });
    });
    socket.setEncoding('utf8').on('data', (part: string) => {
      text = (text + part).slice(0, 1000);
    });
    socket.on('error', (error) => resolve({ failed: error.message }));
    socket.on('close', () => {
      cancel();
      resolve({ text });
    });
  });
}
