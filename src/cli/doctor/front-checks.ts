import type { Check } from './check.ts';
import type { HostFacts, TextFact } from './facts.ts';

interface Upstream {
  readonly path: string;
  readonly name: string;
  readonly text: string;
  readonly seats: readonly number[];
}

/** The upstream blocks of nginx that lead to seats of this host. */
function upstreams({ nginx, settings }: HostFacts): Upstream[] {
  if (!settings) return [];
  return nginx.flatMap(({ path, text }) =>
    [...bare(text).matchAll(/\bupstream\s+([^\s{]+)\s*\{([^{}]*)\}/g)].flatMap(([, name = '', body = '']) => {
      const seats = [...body.matchAll(/unix:([^\s;]*\/)cxbcore_(\d+)\.sock/g)]
        .filter(([, folder]) => folder === `${settings.socketDir}/`)
        .map(([, , n]) => Number(n));
      return seats.length > 0 ? [{ path, name, text: body, seats }] : [];
    }),
  );
}

function bare(text: string): string {
  return text.replace(/#.*$/gm, '');
}

/** Files that lead to seats and the pieces they include, and what of them says when to try the next worker. */
function retries(facts: HostFacts): { file: TextFact; words: string }[] {
  const ours = upstreams(facts);
  const leading = facts.nginx.filter(
    ({ path, text }) =>
      ours.some((one) => one.path === path) || ours.some(({ name }) => passesTo(bare(text), name)),
  );
  const included = leading.flatMap(({ text }) =>
    [...bare(text).matchAll(/\binclude\s+([^\s;]+)\s*;/g)].map(([, pattern = '']) => fileMatcher(pattern)),
  );
  return facts.nginx
    .filter((file) => leading.includes(file) || included.some((isIncluded) => isIncluded.test(file.path)))
    .flatMap((file) =>
      [...bare(file.text).matchAll(/\bproxy_next_upstream\s+([^;]*);/g)].map(([, words = '']) => ({
        file,
        words,
      })),
    );
}

function passesTo(text: string, upstream: string): boolean {
  return [...text.matchAll(/\bproxy_pass\s+https?:\/\/([^\s;/:]+)/g)].some(([, name]) => name === upstream);
}

/** The files an `include` of nginx means: `*` is any part of a name, and a path may be below nginx's own folder. */
function fileMatcher(pattern: string): RegExp {
  const escaped = pattern.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '[^/]*');
  return new RegExp(`(?:^|/)${escaped.replace(/^\//, '')}$`);
}

export const FRONT_CHECKS: readonly Check[] = [
  {
    id: 'nginx-workers',
    why: 'a seat that nginx does not know gets no calls, and one that does not exist costs each start a look',
    remedy: 'render the configuration again with the right number (cxbcore config nginx), and reload nginx',
    find: (facts) =>
      upstreams(facts).flatMap(({ path, seats }) => {
        const workers = facts.settings?.workers ?? 0;
        const missing = Array.from({ length: workers }, (_, i) => i + 1).filter((n) => !seats.includes(n));
        const extra = seats.filter((n) => n > workers);
        return [
          ...(missing.length > 0 ? [`${path} has no line for seat ${missing.join(', ')}`] : []),
          ...(extra.length > 0 ? [`${path} has lines for seats that do not exist: ${extra.join(', ')}`] : []),
        ];
      }),
  },
  {
    id: 'nginx-zone',
    why: "without it each of nginx's processes counts for itself, and starts are refused although seats are free",
    remedy: 'add "zone cxbcore_workers 64k;" to the upstream, or render the configuration again',
    find: (facts) =>
      upstreams(facts)
        .filter(({ text }) => !/\bzone\s+\S+/.test(text))
        .map(({ path }) => `${path}: the upstream has no shared zone`),
  },
  {
    id: 'nginx-max-conns',
    why: 'a worker carries one call: more connections would queue behind it, and counted failures would take free seats out',
    remedy: 'write each server line with "max_conns=1 max_fails=0", or render the configuration again',
    find: (facts) =>
      upstreams(facts)
        .filter(({ text }) =>
          [...text.matchAll(/server\s+unix:[^;]*;/g)].some(([line]) => !/max_fails=0/.test(line)),
        )
        .map(({ path }) => `${path}: server lines without max_fails=0`),
  },
  {
    id: 'nginx-retries',
    why: 'a start that reached a worker is handed to the next one when that worker dies of it, until all are dead',
    remedy: 'write "proxy_next_upstream error;" and nothing more on the routes of starts',
    find: (facts) =>
      retries(facts)
        .filter(({ words }) => /non_idempotent|timeout|http_\d+|invalid_header/.test(words))
        .map(({ file, words }) => `${file.path}: proxy_next_upstream ${words}`),
  },
  {
    id: 'front',
    why: 'every start would be refused, as if the host were full',
    remedy:
      'let nginx run as a user that may open the sockets (a member of their group), and see that it listens',
    find: ({ front, seats, settings }) => {
      const someFree = seats.some(
        (seat) => seat.at === 'answers' && seat.status.state === 'free' && !seat.status.draining,
      );
      if (front === null || !someFree) return [];
      if ('error' in front) return [`nothing answers on port ${settings?.httpPort ?? '?'}: ${front.error}`];
      const { status } = front;
      return status === 429 || status >= 500 ? [`the front answers ${status} although a seat is free`] : [];
    },
  },
  {
    id: 'fleet-name',
    why: 'the media of a reservation, and questions about a call, would be sent to another host',
    remedy: "give CXBCORE_FLEET the name of this host's server in the ingress",
    find: ({ haproxy, settings }) => {
      const names = haproxy.flatMap(({ text }) =>
        [...bare(text).matchAll(/^\s*server\s+(\S+)\s+/gm)].map(([, name]) => name ?? ''),
      );
      if (!settings || names.length === 0 || names.includes(settings.fleet)) return [];
      return [`this host is ${settings.fleet}; the ingress knows ${[...new Set(names)].join(', ')}`];
    },
  },
];
