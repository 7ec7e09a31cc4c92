/** One server of one backend, as `show stat` has it. */
export interface ServerNow {
  readonly backend: string;
  readonly server: string;
  /** HAProxy's own word: `UP`, `DOWN`, `DRAIN`, `MAINT`, `DRAIN 1/3` … */
  readonly status: string;
  /** The last check's result, such as `L7OK`; empty before the first. */
  readonly check: string;
  readonly weight: number;
  /** Connections now; those of an old process are not among them. */
  readonly current: number;
  readonly limit: number;
  readonly sessions: number;
  readonly triedAgain: number;
  readonly triedElsewhere: number;
}

/** The lines of `show stat` as servers; lines that are none are left out. */
export function serversOf(text: string): readonly ServerNow[] {
  const [head = '', ...rows] = text.split('\n');
  const columns = cells(head.replace(/^#\s*/, ''));
  const column = (name: string) => columns.indexOf(name);
  const at = {
    backend: column('pxname'),
    server: column('svname'),
    status: column('status'),
    check: column('check_status'),
    weight: column('weight'),
    current: column('scur'),
    limit: column('slim'),
    sessions: column('stot'),
    triedAgain: column('wretr'),
    triedElsewhere: column('wredis'),
  };
  if (at.backend < 0 || at.server < 0 || at.status < 0) return [];
  return rows.flatMap((row) => {
    const values = cells(row);
    const text_ = (index: number) => values[index] ?? '';
    const number = (index: number) => Number(values[index] ?? '') || 0;
    const server = text_(at.server);
    if (server === '' || server === 'FRONTEND' || server === 'BACKEND') return [];
    return [
      {
        backend: text_(at.backend),
        server,
        // "(agent)" says who had a say in it, which changes nothing.
        status: text_(at.status).replace(/ \(agent\)$/, ''),
        // A check under way is marked by a star.
        check: text_(at.check).replace(/^\*\s*/, ''),
        weight: number(at.weight),
        current: number(at.current),
        limit: number(at.limit),
        sessions: number(at.sessions),
        triedAgain: number(at.triedAgain),
        triedElsewhere: number(at.triedElsewhere),
      },
    ];
  });
}

/** The cells of a line with commas, some in quotes, where a doubled quote is one. */
function cells(line: string): string[] {
  const found: string[] = [];
  let cell = '';
  let quoted = false;
  for (let i = 0; i < line.length; i++) {
    const c = line[i];
    if (quoted && c === '"' && line[i + 1] === '"') {
      cell += '"';
      i++;
    } else if (c === '"') quoted = !quoted;
    else if (c === ',' && !quoted) {
      found.push(cell);
      cell = '';
    } else cell += c;
  }
  return [...found, cell];
}

/** The processes of a running HAProxy, from the master's `show proc`. */
export interface ProcessesNow {
  /** The worker that takes new calls. */
  readonly worker: number | undefined;
  /** Workers from before a reload, which carry their calls to their end. */
  readonly old: readonly number[];
  /** Reloads that went wrong since the last good one; the worker from before them still serves. */
  readonly failed: number;
}

export function processesOf(text: string): ProcessesNow {
  let part = '';
  let worker: number | undefined;
  let failed = 0;
  const old: number[] = [];
  for (const line of text.split('\n')) {
    if (line.startsWith('#')) part = line.slice(1).trim();
    const [, pid = '', kind = ''] = /^(\d+)\s+(\w+)/.exec(line) ?? [];
    if (kind === 'master') failed = Number(/\[failed: (\d+)\]/.exec(line)?.[1] ?? 0);
    if (kind !== 'worker') continue;
    if (part === 'old workers') old.push(Number(pid));
    else worker ??= Number(pid);
  }
  return { worker, old, failed };
}

/** What an agent-check line gives as the limit of calls; undefined when the line is none of ours. */
export function agentLimit(line: string): { readonly takes: boolean; readonly limit: number } | undefined {
  const text = line.trim();
  if (text === 'up 0%') return { takes: false, limit: 0 };
  const found = /^up 100% maxconn:([1-9]\d{0,4})$/.exec(text);
  return found ? { takes: true, limit: Number(found[1]) } : undefined;
}
