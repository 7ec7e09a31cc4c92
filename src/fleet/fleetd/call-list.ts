import { z } from 'zod';
import { type CallsQuery, callsQuery, type ListedCall } from '../../contract/calls-answers.ts';
import { JournalTail } from '../../journal/tail.ts';
import { type CallsOptions, NO_STORE, stateOf } from './calls.ts';
import { type EndedCall, EndedCalls } from './ended-calls.ts';
import { type Asked, errorReply, jsonReply, type Reply } from './http.ts';

/** How old the look at the seats may be that a page is made of. */
const LOOK_AGE_MS = 250;
/** Records read for one page at most: a filter that fits few calls must not have thousands of files read at once. */
const READ_MOST = 1000;

/** A call that has no record yet. */
interface Running {
  readonly call: ListedCall;
  readonly startedMs: number;
}

/** Answers the list of calls, a page at a time: those that run first, then those that ended, newest first. */
export function openCallList(options: CallsOptions): (asked: Asked) => Promise<Reply> {
  const ended = new EndedCalls(options.dataDir);
  return async ({ query }) => {
    const read = callsQuery.safeParse(Object.fromEntries(query));
    if (!read.success)
      return errorReply('bad_request', `The query is not valid: ${z.prettifyError(read.error)}`);
    const page = await pageOf(read.data, options, ended);
    return jsonReply({ fleet: options.fleet, ...page }, 200, NO_STORE);
  };
}

async function pageOf(
  query: CallsQuery,
  options: CallsOptions,
  ended: EndedCalls,
): Promise<{ readonly calls: readonly ListedCall[]; readonly next?: string }> {
  const [group, ms = '', ...id] = query.cursor?.split('_') ?? [];
  const after = { ms: Number(ms), id: id.join('_') };
  const calls: ListedCall[] = [];
  const all = await ended.newestFirst();
  if (group !== 'e') {
    const hasRecord = new Set(all.map(({ callId }) => callId));
    const running = (await runningCalls(options, hasRecord)).filter(({ call }) => fits(call, query));
    for (const { call, startedMs } of running) {
      if (group === 'r' && !isAfter(startedMs, call.call_id, after)) continue;
      calls.push(call);
      if (calls.length === query.limit) return { calls, next: `r_${startedMs}_${call.call_id}` };
    }
  }
  if (query.state !== undefined && query.state !== 'ended') return { calls };
  const rest = group === 'e' ? all.filter((call) => isAfter(call.endedMs, call.callId, after)) : all;
  return endedPage(rest, calls, query, ended);
}

async function endedPage(
  rest: readonly EndedCall[],
  calls: ListedCall[],
  query: CallsQuery,
  ended: EndedCalls,
): Promise<{ readonly calls: readonly ListedCall[]; readonly next?: string }> {
  for (const [at, { callId, endedMs }] of rest.entries()) {
    const call = await ended.entry(callId);
    if (call && fits(call, query)) calls.push(call);
    const full = calls.length === query.limit || at + 1 === READ_MOST;
    if (full && at + 1 < rest.length) return { calls, next: `e_${endedMs}_${callId}` };
    if (full) break;
  }
  return { calls };
}

/** What the claims and the seats know; of a call that has no claim, what the first lines of its journal say. */
async function runningCalls(
  { host, claims, dataDir }: CallsOptions,
  hasRecord: ReadonlySet<string>,
): Promise<Running[]> {
  const calls = new Map<string, Running>();
  for (const found of claims.all()) {
    const { call_id, worker, route, taken_ms, agent, context } = found.claim;
    // One that has ended and has no record yet will have it in a moment.
    if (found.standing === 'ended' || hasRecord.has(call_id)) continue;
    const { carrier, direction, from, to } = context ?? {};
    const call: ListedCall = {
      call_id,
      state: stateOf(false, undefined, found) as ListedCall['state'],
      worker,
      ...known({ agent, carrier, direction, from, to }),
      route,
      started_at: new Date(taken_ms).toISOString(),
    };
    calls.set(call_id, { call, startedMs: taken_ms });
  }
  for (const seat of (await host.look(LOOK_AGE_MS)).seats) {
    const callId = seat.at === 'answers' ? seat.pulse.callId : null;
    if (callId === null || hasRecord.has(callId)) continue;
    const live = { call_id: callId, state: 'live', worker: seat.worker } as const;
    const begun = await begunAs(callId, dataDir);
    const { call, startedMs = begun?.startedMs ?? 0 } = calls.get(callId) ?? {};
    calls.set(callId, { call: { ...call, ...begun?.call, ...live }, startedMs });
  }
  return [...calls.values()].sort(
    (a, b) => b.startedMs - a.startedMs || (a.call.call_id < b.call.call_id ? 1 : -1),
  );
}

async function begunAs(
  callId: string,
  dataDir: string,
): Promise<{ call: Partial<ListedCall>; startedMs: number } | undefined> {
  const lines = await new JournalTail(dataDir, callId).next().catch(() => []);
  const open = lines.map(({ line }) => line).find((line) => line.kind === 'open');
  if (open?.kind !== 'open') return undefined;
  const { carrier, direction, from, to } = open.line;
  const call = {
    ...known({ agent: open.agent.name, carrier, direction, from, to }),
    started_at: new Date(open.wall_ms).toISOString(),
  };
  return { call, startedMs: open.wall_ms };
}

function known(members: Readonly<Record<string, unknown>>): Record<string, string> {
  const told = Object.entries(members).filter(
    (pair): pair is [string, string] => typeof pair[1] === 'string',
  );
  return Object.fromEntries(told);
}

function fits(call: ListedCall, { state, agent, carrier }: CallsQuery): boolean {
  return (
    (state === undefined || call.state === state) &&
    (agent === undefined || call.agent === agent) &&
    (carrier === undefined || call.carrier === carrier)
  );
}

function isAfter(ms: number, id: string, last: { readonly ms: number; readonly id: string }): boolean {
  return ms < last.ms || (ms === last.ms && id < last.id);
}
