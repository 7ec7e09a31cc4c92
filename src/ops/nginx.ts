import { readFileSync } from 'node:fs';
import {
  FRONT_ANSWERS,
  type FrontAnswer,
  INGRESS_REFUSAL_STATUS,
  START_POSTS,
} from '../contract/front-answers.ts';
import type { Settings } from '../contract/settings.ts';
import { SOCKET_CARRIERS } from '../contract/states.ts';
import { packageRoot } from '../kit/entry.ts';

/** Where the template of the front lives; `infra/` is part of the package. */
const TEMPLATE = `${packageRoot}infra/nginx/fleet.conf.template`;

export interface FrontText {
  /** As nginx's `listen` takes it, such as `127.0.0.1:8080`. */
  readonly listen: string;
  readonly socketDir: string;
  readonly workers: number;
  /** An absolute path, or `off`. */
  readonly accessLog: string;
  /** Of this server alone, for an nginx that has others: without it, what nginx says of all. */
  readonly errorLog?: string;
  readonly settings: FrontSettings;
}

type FrontSettings = Pick<
  Settings,
  | 'allowMedia'
  | 'allowStarts'
  | 'fleet'
  | 'ingress'
  | 'maxBodyKb'
  | 'pingS'
  | 'startMaxAgeMs'
  | 'startRate'
  | 'tlsCertificate'
  | 'tlsKey'
>;

/** The front of a host in production, below an nginx that the distribution runs. */
export function productionFront(
  settings: FrontSettings & Pick<Settings, 'httpPort' | 'socketDir' | 'workers'>,
): string {
  return frontText({
    listen: `${settings.httpPort}${settings.tlsCertificate === undefined ? '' : ' ssl'}`,
    socketDir: settings.socketDir,
    workers: settings.workers,
    accessLog: '/var/log/cxbcore/access.log',
    // Each connection that a taken seat refuses is a line at level "error"; a full host writes hundreds a second.
    errorLog: '/var/log/cxbcore/error.log',
    settings,
  });
}

/**
 * The front as an nginx configuration for the `http` block: one upstream line per worker, also for workers that do
 * not run yet (a line without a worker costs a refused connection).
 */
export function frontText(front: FrontText, template: string = readFileSync(TEMPLATE, 'utf8')): string {
  const { settings } = front;
  const values: Record<string, string> = {
    listen: front.listen,
    access_log: front.accessLog,
    workers: Array.from({ length: front.workers }, (_, index) => workerLine(front.socketDir, index + 1)).join(
      '\n',
    ),
    zone_size: `${zoneKb(front.workers)}k`,
    carriers: SOCKET_CARRIERS.join('|'),
    socket_dir: front.socketDir,
    fleet: fleetPattern(settings.fleet),
    posts: START_POSTS.join('|'),
    max_body_kb: String(settings.maxBodyKb),
    media_timeout_s: String(Math.max(60, settings.pingS * 3)),
    start_timeout_s: String(Math.ceil(settings.startMaxAgeMs / 1000)),
    retry_after_s: String(FRONT_ANSWERS.atCapacity.retryAfterS),
    live_without_fleetd: returned(FRONT_ANSWERS.liveWithoutFleetd),
    without_fleetd: returned(FRONT_ANSWERS.withoutFleetd),
    ingress: settings.ingress.map((address) => `  ${address} 1;`).join('\n'),
    at_capacity: returned(FRONT_ANSWERS.atCapacity),
    at_capacity_ingress: returned({ ...FRONT_ANSWERS.atCapacity, status: INGRESS_REFUSAL_STATUS }),
    outcome_unknown: returned(FRONT_ANSWERS.outcomeUnknown),
    not_found: returned(FRONT_ANSWERS.notFound),
    post_only: returned(FRONT_ANSWERS.postOnly),
    upgrade_only: returned(FRONT_ANSWERS.upgradeOnly),
    malformed: returned(FRONT_ANSWERS.malformed),
    late: returned(FRONT_ANSWERS.late),
    too_large: returned(FRONT_ANSWERS.tooLarge),
    internal: returned(FRONT_ANSWERS.internal),
    too_fast: returned(FRONT_ANSWERS.tooFast),
    forbidden: returned(FRONT_ANSWERS.forbidden),
    ...publicSide(front),
  };
  return template.replace(/\{\{(\w+)\}\}/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined)
      throw new Error(`the template of the front names {{${name}}}, which nothing fills`);
    return value;
  });
}

/** Who may come in, how fast, over what, and what browsers are told about it. */
function publicSide({ settings, errorLog }: FrontText): Record<string, string> {
  const { tlsCertificate, tlsKey, ingress, allowMedia, allowStarts } = settings;
  const allow = (from: readonly string[]) =>
    from.length === 0
      ? ''
      : `${[...LOOPBACK, ...ingress, ...from].map((address) => `    allow ${address};\n`).join('')}    deny all;\n`;
  const headers = SECURITY_HEADERS.concat(
    tlsCertificate === undefined ? [] : ['Strict-Transport-Security "max-age=31536000"'],
  );
  return {
    known: [...new Set([...LOOPBACK, ...ingress, ...allowMedia])]
      .map((address) => `  ${address} 1;`)
      .join('\n'),
    start_rate: String(settings.startRate),
    allow_media: allow(allowMedia),
    allow_starts: allow(allowStarts),
    tls:
      tlsCertificate === undefined
        ? ''
        : `  ssl_certificate ${plainPath(tlsCertificate)};\n  ssl_certificate_key ${plainPath(tlsKey ?? '')};\n` +
          '  ssl_protocols TLSv1.2 TLSv1.3;\n  ssl_session_cache shared:cxb_tls:4m;\n',
    error_log: errorLog === undefined ? '' : `  error_log ${errorLog} crit;\n`,
    headers: headers.map((header) => `  add_header ${header} always;\n`).join(''),
    headers_inner: headers.map((header) => `    add_header ${header} always;\n`).join(''),
  };
}

const LOOPBACK = ['127.0.0.0/8', '::1'];
const SECURITY_HEADERS = [
  'X-Content-Type-Options nosniff',
  'X-Frame-Options DENY',
  'Referrer-Policy no-referrer',
];

function plainPath(path: string): string {
  if (/^\/[\w@./+-]+$/.test(path)) return path;
  throw new Error(`${JSON.stringify(path)} is no absolute path that nginx would read as it is`);
}

/** nginx's shared memory: about 1 KiB a worker were seen in use; four times that, and never less than 64 KiB. */
function zoneKb(workers: number): number {
  return Math.max(64, workers * 4);
}

function workerLine(socketDir: string, n: number): string {
  const path = `${socketDir}/cxbcore_${n}.sock`;
  if (/[\s;{}"'\\$]/.test(path)) {
    throw new Error(
      `the socket folder ${JSON.stringify(socketDir)} has characters that nginx would read as its own`,
    );
  }
  return `  server unix:${path} max_conns=1 max_fails=0;`;
}

/** The fleet's name in a regular expression. A path names it as it is, so only plain names can be found there. */
function fleetPattern(fleet: string): string {
  if (!/^[A-Za-z0-9._-]+$/.test(fleet))
    throw new Error(
      `CXBCORE_FLEET=${fleet}: a fleet's name stands in media addresses and may have A-Z a-z 0-9 . _ - only`,
    );
  return fleet.replaceAll('.', '\\.');
}

function returned(answer: FrontAnswer): string {
  const body = answer.body.replace(/\n$/, '');
  if (/['\\$]/.test(body)) throw new Error(`an answer of the front must not need escaping: ${body}`);
  return `${answer.status} '${body}'`;
}

export interface NginxMain {
  /** Our own folder: pid file, temporary files, logs, and fleet.conf. */
  readonly prefix: string;
  /** nginx's processes; its own `auto` (one per core) when absent. */
  readonly processes?: number;
  readonly workers: number;
  /** We are root: nginx's workers must be too, or they could not open the sockets (and every host would look full). */
  readonly asRoot: boolean;
}

/** The outer configuration of an nginx that `cxbcore up` runs as its child, apart from the machine's own nginx. */
export function nginxMain(main: NginxMain): string {
  // Two connections a call, plus starts on their way; nginx's default of 512 is full at 256 calls.
  const connections = Math.max(1024, main.workers * 4);
  return `${main.asRoot ? 'user root;\n' : ''}daemon off;
worker_processes ${main.processes ?? 'auto'};
worker_rlimit_nofile ${connections * 2 + 512};
pid ${main.prefix}/nginx.pid;
# Every refused connection is a line at level "error"; a full host writes hundreds a second.
error_log ${main.prefix}/error.log crit;

events {
  worker_connections ${connections};
}

http {
  client_body_temp_path ${main.prefix}/body;
  proxy_temp_path ${main.prefix}/proxy;
  fastcgi_temp_path ${main.prefix}/fastcgi;
  uwsgi_temp_path ${main.prefix}/uwsgi;
  scgi_temp_path ${main.prefix}/scgi;
  include ${main.prefix}/fleet.conf;
}
`;
}
