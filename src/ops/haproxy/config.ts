import { readFileSync } from 'node:fs';
import { ERRORS, type ErrorCode, errorBody } from '../../contract/errors.ts';
import { INGRESS_REFUSAL_STATUS, START_POSTS } from '../../contract/front-answers.ts';
import { packageRoot } from '../../kit/entry.ts';
import type { Fleet, Ingress } from './description.ts';
import { type HaproxyVersion, isAtLeast } from './version.ts';

/** Files of one folder, by name. HAProxy reads `*.cfg` in the order of their names. */
export type Files = Readonly<Record<string, string>>;

/** The three backends, each with every fleet as a server of the same name. */
export const BACKENDS = ['cxb_calls', 'cxb_starts', 'cxb_control'] as const;
export type Backend = (typeof BACKENDS)[number];

const PARTS = ['00-cxbcore-base.cfg', '10-cxbcore-ingress.cfg', '20-cxbcore-fleets.cfg'] as const;
/** HAProxy's own ceiling for a weight. */
const MAX_WEIGHT = 256;
/** Connections that are no calls: webhooks, consoles, checks of others. */
const SPARE_CONNECTIONS = 2000;

/**
 * HAProxy's files for an ingress node.
 * @param from the description's path, for the files' first line
 * @param dir where the files will lie; address lists are named by their full path
 */
export function ingressFiles(
  ingress: Ingress,
  version: HaproxyVersion,
  from: string,
  dir: string = ingress.config_dir,
): Files {
  const values = { ...baseValues(ingress), ...publicValues(ingress, dir), ...fleetValues(ingress, version) };
  const files: Record<string, string> = {};
  for (const part of PARTS) files[part] = filled(part, { ...values, description: from });
  const carriers = Object.entries(ingress.carriers);
  files['cxbcore-trusted.lst'] = lines([...carriers.flatMap(([, ranges]) => ranges), ...ingress.trusted]);
  for (const [carrier, ranges] of carriers) files[`cxbcore-carrier-${carrier}.lst`] = lines(ranges);
  return files;
}

/** The words after a server's name, in a file and in `add server` alike: there, nothing has a default. */
export function serverWords(fleet: Fleet, backend: Backend, node: string): string {
  // A weight of 0 at the beginning would stay: the agent's per cent are of this number.
  const words = [`${hostAndPort(fleet)} weight ${Math.min(MAX_WEIGHT, fleet.workers)}`];
  if (backend !== 'cxb_control') words.push(`maxconn ${fleet.workers}`);
  words.push('check inter 1s fastinter 500ms fall 3 rise 2');
  if (backend !== 'cxb_control')
    words.push(`agent-check agent-port ${fleet.check_port} agent-inter 1s agent-send cap:${node}`);
  return words.join(' ');
}

/** One try for each fleet, so that round robin has asked all of them before a caller is refused. */
export function triesAgain(fleets: number): number {
  return Math.min(10, Math.max(3, fleets));
}

function hostAndPort({ address, port }: Fleet): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

function baseValues(ingress: Ingress): Record<string, string> {
  const seats = ingress.fleets.reduce((sum, { workers }) => sum + workers, 0);
  const peers = [{ name: ingress.name, address: ingress.peer_listen }, ...ingress.peers];
  return {
    name: ingress.name,
    log: ingress.log,
    user:
      (ingress.user ? `  user ${ingress.user}\n` : '') + (ingress.group ? `  group ${ingress.group}\n` : ''),
    stats_socket: ingress.stats_socket,
    state_dir: ingress.state_dir,
    maxconn: String(seats * 2 + SPARE_CONNECTIONS),
    max_body_kb: String(ingress.max_body_kb),
    peers: peers.map(({ name, address }) => `  peer ${name} ${address}`).join('\n'),
  };
}

function publicValues(ingress: Ingress, dir: string): Record<string, string> {
  const secure = ingress.certificate === undefined ? '' : ` ssl crt ${ingress.certificate} alpn http/1.1`;
  const proxied = ingress.accept_proxy ? ' accept-proxy' : '';
  return {
    dir,
    binds: ingress.listen.map((at) => `  bind ${at}${secure}${proxied} tcp-ut 20s`).join('\n'),
    proto: ingress.certificate === undefined && !ingress.accept_proxy ? 'http' : 'https',
    posts: START_POSTS.join(' '),
    local: ingress.local,
    metrics: ingress.metrics,
    requests_per_10s: String(ingress.requests_per_10s),
    connections: String(ingress.connections),
    max_body_bytes: String(ingress.max_body_kb * 1024),
    carriers: Object.keys(ingress.carriers)
      .map((carrier) => carrierRules(carrier, dir))
      .join(''),
    malformed: answer('bad_request', 'The path has characters or parts that no path here has.'),
    rate_limited: answer(
      'rate_limited',
      'Too many requests or connections from this address. Nothing has happened.',
      {
        retryAfterS: 5,
      },
    ),
    too_large: answer('too_large', 'The body is larger than this ingress takes (max_body_kb).'),
    upgrade_only: answer('upgrade_required', 'This path takes WebSocket connections only.'),
    not_found: answer('not_found', 'There is /metrics here, and nothing else.'),
  };
}

function carrierRules(carrier: string, dir: string): string {
  const refused = answer('unauthorized', 'This path takes connections from its carrier alone.');
  return [
    `  acl cxb_to_${carrier} path /media/${carrier}`,
    `  acl cxb_to_${carrier} path_beg /media/${carrier}/`,
    `  acl cxb_of_${carrier} src -f ${dir}/cxbcore-carrier-${carrier}.lst`,
    `  http-request return ${refused} if cxb_to_${carrier} !cxb_of_${carrier}`,
    '',
  ].join('\n');
}

function fleetValues(ingress: Ingress, version: HaproxyVersion): Record<string, string> {
  const servers = (backend: Backend) =>
    ingress.fleets
      .map((fleet) => `  server ${fleet.name} ${serverWords(fleet, backend, ingress.name)}\n`)
      .join('');
  const full = 'No seat is free on any host. Nothing has happened. Try again in a second.';
  const none = 'No host behind the ingress is well. Nothing has happened.';
  const unknown = 'The host gave no answer, so the call may or may not have started. Look for it first.';
  const own = [['X-CXB-Own', '1']] as const;
  const refusedCall = { status: INGRESS_REFUSAL_STATUS, retryAfterS: 2 };
  return {
    retries: String(triesAgain(ingress.fleets.length)),
    // Fleets answer this ingress with 503 in any case; 429 is for those that do not know its address yet.
    retry_429: isAtLeast(version, 3, 1) ? ' 429' : '',
    // Before 3.2 it had no effect on a caller who waits for a server.
    abort: isAtLeast(version, 3, 2) ? '  option abortonclose\n' : '',
    full_calls: answer('at_capacity', full, refusedCall),
    full_starts: answer('at_capacity', full, refusedCall),
    unknown_calls: answer('start_outcome_unknown', unknown),
    unknown_starts: answer('start_outcome_unknown', unknown),
    late_starts: answer('start_outcome_unknown', unknown, { status: 504, headers: own }),
    none_control: answer('no_fleet', none, { retryAfterS: 5 }),
    calls: servers('cxb_calls'),
    starts: servers('cxb_starts'),
    control: servers('cxb_control'),
  };
}

interface AnswerOptions {
  /** Another status than the code's own, where HAProxy turns it into that later. */
  readonly status?: number;
  readonly retryAfterS?: number;
  readonly headers?: readonly (readonly [string, string])[];
}

/** An answer of HAProxy's own, as `http-request return` and `http-error` take it. */
function answer(code: ErrorCode, message: string, options: AnswerOptions = {}): string {
  const { status = ERRORS[code].status, retryAfterS, headers = [] } = options;
  const body = errorBody(
    code,
    message,
    retryAfterS === undefined ? {} : { retry_after_s: retryAfterS },
  ).trim();
  if (/['\\]/.test(body)) throw new Error(`an answer of the ingress must not need escaping: ${body}`);
  const all = [...headers, ...(retryAfterS === undefined ? [] : [['Retry-After', String(retryAfterS)]])];
  const words = all.map(([name, value]) => ` hdr ${name} ${value}`).join('');
  return `status ${status} content-type application/json string '${body}'${words}`;
}

function lines(values: readonly string[]): string {
  return values.map((value) => `${value}\n`).join('');
}

function filled(part: string, values: Readonly<Record<string, string>>): string {
  const template = readFileSync(`${packageRoot}infra/haproxy/${part}.template`, 'utf8');
  return template.replace(/\{\{(\w+)\}\}/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`${part} names {{${name}}}, which nothing fills`);
    return value;
  });
}
