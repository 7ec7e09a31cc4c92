import { expect, test } from 'vitest';
import { readSettings } from '../../contract/settings.ts';
import type { SeatReport } from '../host/seats.ts';
import { type Check, findingsOf, notSeen } from './check.ts';
import type { HostFacts } from './facts.ts';
import { loadedTexts } from './files.ts';
import { FRONT_CHECKS } from './front-checks.ts';
import { HOST_CHECKS, seconds } from './host-checks.ts';
import { offsetS } from './probes.ts';
import { SEAT_CHECKS } from './seat-checks.ts';

const CHECKS: readonly Check[] = [...HOST_CHECKS, ...SEAT_CHECKS, ...FRONT_CHECKS];
const ME = 990;

const UPSTREAM = `upstream cxbcore_workers {
  zone cxbcore_workers 64k; # shared
  least_conn;
  server unix:/tmp/cxbcore_1.sock max_conns=1 max_fails=0;
  server unix:/tmp/cxbcore_2.sock max_conns=1 max_fails=0;
}
server { location / { proxy_next_upstream error; proxy_pass http://cxbcore_workers; } }`;

const UNIT = '[Service]\nPrivateTmp=no\nTimeoutStopSec=3720\n';
const INGRESS = 'global\n  hard-stop-after 4h\nbackend calls\n  server lake 10.0.0.1:8080 check\n';

function seat(
  number: number,
  over: Partial<Extract<SeatReport, { at: 'answers' }>['status']> = {},
): SeatReport {
  const status: Extract<SeatReport, { at: 'answers' }>['status'] = {
    worker: number,
    state: 'free',
    draining: false,
    degraded: null,
    since_ms: 0,
    build: '1',
    pid: 10,
    calls: 0,
    warm_up_ms: {},
    memory: null,
    call: null,
    agents: null,
    reload: null,
    ...over,
  };
  return { seat: number, at: 'answers', status };
}

const socket = (number: number, kind: 'sock' | 'ctl') => ({
  name: `cxbcore_${number}.${kind}`,
  seat: number,
  kind,
  isSocket: true,
  uid: ME,
  mode: kind === 'ctl' ? 0o600 : 0o660,
});

const nginx = (text: string) => [{ path: 'fleet.conf', text }];

function settingsOf(env: Readonly<Record<string, string>> = {}) {
  return readSettings({ CXBCORE_WORKERS: '2', CXBCORE_FLEET: 'lake', ...env }, 'host');
}

const CLEAN: HostFacts = {
  settings: settingsOf(),
  problems: [],
  sockets: [1, 2].flatMap((n) => [socket(n, 'sock'), socket(n, 'ctl')]),
  seats: [seat(1), seat(2)],
  uids: [ME],
  files: [{ path: '/var/lib/cxbcore', uid: ME, mode: 0o700 }],
  nginx: nginx(UPSTREAM),
  units: [{ path: 'cxbcore@.service', text: UNIT }],
  haproxy: [{ path: 'haproxy.cfg', text: INGRESS }],
  up: null,
  unitsActive: 2,
  openFiles: new Map([
    [1, 16_384],
    [2, 16_384],
  ]),
  build: '1',
  clockSynchronised: true,
  clockOffsets: [{ host: 'lk.example.com', seconds: -1.4 }],
  unresolved: [],
  startUrl: null,
  front: { status: 400 },
};

test('a clean host shows nothing', () => {
  expect(findingsOf(CLEAN, CHECKS)).toEqual([]);
  expect(notSeen(CLEAN)).toEqual([]);
});

const TRAPS: readonly (readonly [string, string, Partial<HostFacts>])[] = [
  ['settings', 'MAX_CONCURRENT_CALLS', { settings: null, problems: ['MAX_CONCURRENT_CALLS=2: must be 1'] }],
  [
    'nginx-workers',
    'no line for seat 3',
    {
      settings: settingsOf({ CXBCORE_WORKERS: '3' }),
      seats: [seat(1), seat(2), seat(3)],
      sockets: [...CLEAN.sockets, socket(3, 'sock'), socket(3, 'ctl')],
    },
  ],
  [
    'nginx-workers',
    'do not exist: 2',
    {
      settings: settingsOf({ CXBCORE_WORKERS: '1' }),
      seats: [seat(1)],
      sockets: [socket(1, 'sock'), socket(1, 'ctl')],
    },
  ],
  ['nginx-zone', 'no shared zone', { nginx: nginx(UPSTREAM.replace(/zone .*;/, '')) }],
  ['nginx-max-conns', 'max_fails', { nginx: nginx(UPSTREAM.replace(' max_fails=0', '')) }],
  [
    'nginx-retries',
    'non_idempotent',
    {
      nginx: nginx(UPSTREAM.replace('upstream error', 'upstream error non_idempotent')),
    },
  ],
  [
    'nginx-retries',
    'http_429',
    { nginx: nginx(UPSTREAM.replace('upstream error', 'upstream error http_429')) },
  ],
  [
    'nginx-retries',
    'site.conf: proxy_next_upstream error timeout',
    {
      nginx: [
        ...nginx(UPSTREAM),
        {
          path: 'site.conf',
          text: 'server { location / { proxy_next_upstream error timeout; proxy_pass http://cxbcore_workers; } }',
        },
      ],
    },
  ],
  [
    'nginx-retries',
    '/etc/nginx/snippets/retry.conf',
    {
      nginx: [
        ...nginx(UPSTREAM.replace('proxy_next_upstream error;', 'include snippets/*.conf;')),
        { path: '/etc/nginx/snippets/retry.conf', text: 'proxy_next_upstream error non_idempotent;\n' },
      ],
    },
  ],
  ['front', '429', { front: { status: 429 } }],
  ['front', 'ECONNREFUSED', { front: { error: 'connect ECONNREFUSED' } }],
  ['fleet-name', 'the ingress knows lake', { settings: settingsOf({ CXBCORE_FLEET: 'pond' }) }],
  [
    'seat-missing',
    'seat 2',
    {
      seats: [seat(1), { seat: 2, at: 'gone' }],
      sockets: [socket(1, 'sock'), socket(1, 'ctl')],
    },
  ],
  ['seat-silent', 'seat 2', { seats: [seat(1), { seat: 2, at: 'silent' }] }],
  ['seat-degraded', 'no model', { seats: [seat(1), seat(2, { degraded: 'no model' })] }],
  [
    'socket-missing',
    'cxbcore_2.sock',
    { sockets: CLEAN.sockets.filter(({ name }) => name !== 'cxbcore_2.sock') },
  ],
  ['socket-stale', 'cxbcore_9.sock', { sockets: [...CLEAN.sockets, socket(9, 'sock')] }],
  ['socket-foreign', 'user 33', { sockets: CLEAN.sockets.map((one) => ({ ...one, uid: 33 })) }],
  ['socket-foreign', 'no socket', { sockets: CLEAN.sockets.map((one) => ({ ...one, isSocket: false })) }],
  [
    'permissions',
    'cxbcore_1.ctl has 0660',
    { sockets: CLEAN.sockets.map((one) => ({ ...one, mode: 0o660 })) },
  ],
  [
    'permissions',
    '/etc/cxbcore/env has 0644',
    { files: [{ path: '/etc/cxbcore/env', uid: 0, mode: 0o644 }] },
  ],
  ['open-files', 'may open 256', { openFiles: new Map([[1, 256]]) }],
  ['old-build', 'seat 2 runs 0', { seats: [seat(1), seat(2, { build: '0' })] }],
  [
    'limits-fit',
    'CXBCORE_DRAIN_S (3660 s) is not less than TimeoutStopSec (90 s)',
    {
      units: [{ path: 'drop-in.conf', text: '[Service]\nTimeoutStopSec=1min 30s\n' }],
    },
  ],
  [
    'limits-fit',
    'TimeoutStopSec (3720 s) is not less than hard-stop-after (1800 s)',
    {
      haproxy: [{ path: 'haproxy.cfg', text: INGRESS.replace('4h', '30m') }],
    },
  ],
  ['private-tmp', 'PrivateTmp=yes', { units: [{ path: 'unit', text: UNIT.replace('Tmp=no', 'Tmp=yes') }] }],
  ['two-supervisors', 'process 77', { up: 77 }],
  ['clock', 'not synchronised', { clockSynchronised: false }],
  [
    'clock',
    'the clock is 37 s behind that of lk.example.com',
    { clockOffsets: [{ host: 'lk.example.com', seconds: 37.2 }] },
  ],
  [
    'clock',
    '90 s ahead of that of voice.example.com',
    { clockOffsets: [{ host: 'voice.example.com', seconds: -90 }] },
  ],
  ['start-url', 'self-signed', { startUrl: 'https://voice.example.com: self-signed certificate' }],
  ['dns', 'lk.example.com', { unresolved: [{ host: 'lk.example.com', why: 'ENOTFOUND' }] }],
];

test.each(TRAPS)('the trap "%s" is found, and nothing else: %s', (id, words, over) => {
  const findings = findingsOf({ ...CLEAN, ...over }, CHECKS);
  expect(findings.map((finding) => finding.id)).toEqual([id]);
  expect(findings[0]?.found.join('\n')).toContain(words);
});

test("another site's way of trying again is not judged, nor what is only a comment", () => {
  const other = { path: 'shop.conf', text: 'location / { proxy_next_upstream error non_idempotent; }' };
  const commented = UPSTREAM.replace('server {', '# proxy_next_upstream non_idempotent;\nserver {');
  expect(findingsOf({ ...CLEAN, nginx: [...nginx(commented), other] }, CHECKS)).toEqual([]);
});

test('what "nginx -T" prints is read file by file', () => {
  const printed =
    '# configuration file /etc/nginx/nginx.conf:\nhttp { include x.conf; }\n\n# configuration file /etc/nginx/x.conf:\n# a\n';
  expect(loadedTexts(printed)).toEqual([
    { path: '/etc/nginx/nginx.conf', text: 'http { include x.conf; }\n\n' },
    { path: '/etc/nginx/x.conf', text: '# a\n' },
  ]);
  expect(loadedTexts('nginx: [emerg] no permission\n')).toEqual([]);
});

test('a clock is compared with the one of an answer, between its question and its end', () => {
  const date = 'Tue, 01 Dec 2026 12:00:00 GMT';
  const atMs = Date.parse(date);
  expect(offsetS(date, atMs, atMs + 1000)).toBe(0);
  expect(offsetS(date, atMs - 60_000, atMs - 60_000)).toBe(60.5);
  expect(offsetS(null, 0, 0)).toBeNull();
  expect(offsetS('yesterday', 0, 0)).toBeNull();
});

test('each check has a trap that shows it', () => {
  expect(new Set(TRAPS.map(([id]) => id))).toEqual(new Set(CHECKS.map(({ id }) => id)));
});

test('a seat with a call needs no call socket, and a full host no answer from the front', () => {
  const busy = [1, 2].map((n) => seat(n, { state: 'live' }));
  const facts = { ...CLEAN, seats: busy, sockets: [], front: { status: 429 } };
  expect(findingsOf(facts, CHECKS)).toEqual([]);
});

test('what could not be seen is named and not judged', () => {
  const blind: HostFacts = {
    ...CLEAN,
    nginx: [],
    haproxy: [],
    units: [],
    unitsActive: null,
    build: null,
    clockSynchronised: null,
    front: null,
  };
  expect(findingsOf(blind, CHECKS)).toEqual([]);
  expect(notSeen(blind)).toHaveLength(6);
});

test.each([
  ['3720', 3720],
  ['1h 2min', 3720],
  ['4h', 14_400],
  ['30m', 1800],
  ['infinity', null],
  [undefined, null],
])('%s is %s seconds', (text, expected) => {
  expect(seconds(text)).toBe(expected);
});
