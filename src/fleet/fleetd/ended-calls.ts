import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isCallId } from '../../contract/call-id.ts';
import type { ListedCall } from '../../contract/calls-answers.ts';
import type { CallRecord } from '../../journal/call-record.ts';
import { recordFolder } from '../../journal/paths.ts';
import { parseJson } from '../../kit/json.ts';

/** A call that has its record, at the place it has in the list. */
export interface EndedCall {
  readonly callId: string;
  /** When its record was written, which is when it ended; wall clock. */
  readonly endedMs: number;
}

/** Files are looked at so many at a time. */
const TOGETHER = 64;
/** Entries kept in memory; a record never changes. */
const KEPT = 2000;

/**
 * The records of a host, newest first. A record is a file that is written once, so that each is looked at once: its
 * time as soon as anybody asks, its contents when somebody wants that page.
 */
export class EndedCalls {
  readonly #folder: string;
  #times = new Map<string, number>();
  readonly #entries = new Map<string, ListedCall>();

  constructor(dataDir: string) {
    this.#folder = recordFolder(dataDir);
  }

  async newestFirst(): Promise<EndedCall[]> {
    const names = await readdir(this.#folder).catch((error: unknown) => {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
      throw error;
    });
    const times = new Map<string, number>();
    const ids = names.filter((name) => name.endsWith('.json')).map((name) => name.slice(0, -5));
    for (let at = 0; at < ids.length; at += TOGETHER)
      await Promise.all(
        ids.slice(at, at + TOGETHER).map(async (id) => {
          const known = this.#times.get(id) ?? (isCallId(id) ? await this.#writtenMs(id) : undefined);
          if (known !== undefined) times.set(id, known);
        }),
      );
    this.#times = times;
    return [...times].map(([callId, endedMs]) => ({ callId, endedMs })).sort(newerFirst);
  }

  /** Undefined when the record is gone, or is none. */
  async entry(callId: string): Promise<ListedCall | undefined> {
    const known = this.#entries.get(callId);
    if (known) return known;
    const text = await readFile(join(this.#folder, `${callId}.json`), 'utf8').catch(() => '');
    const record = parseJson(text) as unknown as CallRecord | undefined;
    if (typeof record !== 'object' || record === null || record.call_id !== callId) return undefined;
    const entry = listed(record);
    this.#entries.set(callId, entry);
    const [oldest] = this.#entries.keys();
    if (this.#entries.size > KEPT && oldest !== undefined) this.#entries.delete(oldest);
    return entry;
  }

  async #writtenMs(id: string): Promise<number | undefined> {
    return stat(join(this.#folder, `${id}.json`)).then(
      ({ mtimeMs }) => Math.floor(mtimeMs),
      () => undefined,
    );
  }
}

export function newerFirst(a: EndedCall, b: EndedCall): number {
  if (a.endedMs !== b.endedMs) return b.endedMs - a.endedMs;
  return a.callId < b.callId ? 1 : -1;
}

function listed(record: CallRecord): ListedCall {
  const { agent, carrier, direction, from, to, started_at, ended_at, duration_s, end, incarnations } = record;
  return {
    call_id: record.call_id,
    state: 'ended',
    worker: incarnations.at(-1)?.worker ?? null,
    ...(agent && { agent: agent.name }),
    ...(carrier !== null && { carrier }),
    ...(direction !== null && { direction }),
    ...(from !== null && { from }),
    ...(to !== null && { to }),
    ...(started_at !== null && { started_at }),
    ...(ended_at !== null && { ended_at }),
    duration_s,
    reason: end.reason,
  };
}
