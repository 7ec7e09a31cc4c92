import type { HostFacts } from './facts.ts';

/** A trap: what it is known by, why it matters, what to do. `find` names each place where it is seen. */
export interface Check {
  readonly id: string;
  readonly why: string;
  readonly remedy: string;
  readonly find: (facts: HostFacts) => readonly string[];
}

export interface Finding {
  readonly id: string;
  readonly found: readonly string[];
  readonly why: string;
  readonly remedy: string;
}

export function findingsOf(facts: HostFacts, checks: readonly Check[]): Finding[] {
  return checks.flatMap(({ id, why, remedy, find }) => {
    const found = find(facts);
    return found.length > 0 ? [{ id, found, why, remedy }] : [];
  });
}

/** What could not be seen, and so was not judged. */
export function notSeen(facts: HostFacts): string[] {
  const unseen: readonly (readonly [boolean, string])[] = [
    [facts.nginx.length === 0, "nginx's configuration (name it with --nginx)"],
    [facts.haproxy.length === 0, "the ingress's configuration (name it with --haproxy)"],
    [facts.clockSynchronised === null, 'whether the clock is kept right'],
    [facts.build === null, 'which build a new worker would run'],
    [facts.front === null, 'the way through the front'],
    [facts.unitsActive === null, 'what systemd runs'],
    [facts.seats.some(({ at }) => at === 'forbidden'), 'workers of another user (try sudo -u cxbcore)'],
  ];
  return unseen.flatMap(([isUnseen, what]) => (isUnseen ? [what] : []));
}
