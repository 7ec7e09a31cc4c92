import { join } from 'node:path';
import { type Clock, sleep } from '../../kit/clock.ts';
import type { Fleet, Ingress } from './description.ts';
import { IngressError } from './description.ts';
import { replaceFile, writeFleets } from './files.ts';
import type { Action, Step } from './plan.ts';
import { busyOn } from './probe.ts';
import type { AskHaproxy } from './runtime.ts';
import { processesOf, serversOf } from './runtime-text.ts';
import { smokeCall } from './smoke.ts';
import type { HaproxyVersion } from './version.ts';

/** What the steps work on. */
export interface Site {
  readonly ingress: Ingress;
  /** The description's path. */
  readonly file: string;
  readonly version: HaproxyVersion;
  readonly haproxy: AskHaproxy;
  readonly master: AskHaproxy;
  readonly apiKey: string | undefined;
  readonly clock: Clock;
  /** Aborted when whoever started it wants it to stop: what has been done is then undone. */
  readonly signal: AbortSignal;
}

/** What `carryOut` tells while it works. */
export type Progress =
  | { readonly type: 'step'; readonly number: number; readonly of: number; readonly say: string }
  | { readonly type: 'waiting'; readonly say: string }
  | { readonly type: 'undo'; readonly say: string }
  | { readonly type: 'undo-failed'; readonly say: string; readonly why: string };

export type Outcome =
  | { readonly ok: true }
  | { readonly ok: false; readonly at: string; readonly why: string; readonly undone: boolean };

/** Between two looks at a server that is to come up or to reload. */
const POLL_MS = 200;
/** How long a new server may take to pass its checks: several rounds of them. */
const SERVER_LIMIT_MS = 20_000;
/** How long a reload may take until the new process answers. */
const RELOAD_LIMIT_MS = 20_000;
/** How long a drained server may take to let go of its last connection. */
const DELETE_LIMIT_MS = 30_000;
/** Between two looks at a server whose calls are to end; they take minutes. */
const IDLE_POLL_MS = 1000;
/** Above the longest call and the longest drain. */
const IDLE_LIMIT_MS = 4 * 3600 * 1000;
/** How often in a row a fleet may leave the question for its calls unanswered. */
const IDLE_MISSES = 10;

/** Carries out a plan step by step; when one fails, takes back what was done, last step first. */
export async function carryOut(
  steps: readonly Step[],
  site: Site,
  tell: (progress: Progress) => void,
): Promise<Outcome> {
  const done: Step[] = [];
  for (const [index, step] of steps.entries()) {
    tell({ type: 'step', number: index + 1, of: steps.length, say: step.say });
    let begun = 0;
    try {
      for (const action of step.actions) {
        site.signal.throwIfAborted();
        await act(action, site, tell);
        begun++;
      }
      done.push(step);
    } catch (error) {
      const why = site.signal.aborted
        ? 'interrupted'
        : error instanceof Error
          ? error.message
          : String(error);
      // A step of several actions may have done some of them; of a reload that failed nobody knows.
      const undone = await takeBack(begun > 0 ? [...done, step] : done, site, tell);
      return { ok: false, at: step.say, why, undone };
    }
  }
  return { ok: true };
}

async function takeBack(
  steps: readonly Step[],
  site: Site,
  tell: (progress: Progress) => void,
): Promise<boolean> {
  let complete = true;
  const calm = { ...site, signal: new AbortController().signal };
  for (const { say, undo = [] } of steps.toReversed()) {
    if (undo.length > 0) tell({ type: 'undo', say });
    for (const action of undo) {
      try {
        await act(action, calm, tell);
      } catch (error) {
        complete = false;
        tell({ type: 'undo-failed', say, why: error instanceof Error ? error.message : String(error) });
      }
    }
  }
  return complete;
}

async function act(action: Action, site: Site, tell: (progress: Progress) => void): Promise<void> {
  switch (action.do) {
    case 'files':
      return writeFleets(site.file, action.fleets, site.version);
    case 'tell':
      return expectSaid(action.command, await site.haproxy(action.command), action.says ?? '');
    case 'tell-until':
      return tellUntil(action, site);
    case 'await-server':
      return awaitServer(action, site);
    case 'await-idle':
      return awaitIdle(action.fleet, site, tell);
    case 'smoke': {
      const { ingress, apiKey, clock } = site;
      const failed = await smokeCall({ local: ingress.local, server: action.server, apiKey, clock });
      if (failed !== undefined) throw new IngressError(failed);
      return;
    }
    case 'save-state':
      return saveState(site);
    case 'reload':
      return reload(site);
  }
}

function expectSaid(command: string, said: string, expected: string): void {
  if (said.trim() !== expected)
    throw new IngressError(`HAProxy answers "${command}" with: ${said.trim() || 'nothing'}`);
}

async function tellUntil(action: Extract<Action, { do: 'tell-until' }>, site: Site): Promise<void> {
  const limit = site.clock.now() + DELETE_LIMIT_MS;
  for (;;) {
    const said = await site.haproxy(action.command);
    if (said.trim() === action.says) return;
    if (!said.includes(action.while) || site.clock.now() > limit)
      expectSaid(action.command, said, action.says);
    await sleep(site.clock, POLL_MS, site.signal);
  }
}

async function awaitServer(action: Extract<Action, { do: 'await-server' }>, site: Site): Promise<void> {
  const limit = site.clock.now() + SERVER_LIMIT_MS;
  for (;;) {
    // Just after a reload the socket may be on its way from the old process to the new one.
    const said = await site.haproxy('show stat').catch(() => '');
    const now = serversOf(said).find(
      ({ backend, server }) => backend === action.backend && server === action.server,
    );
    if (now?.status === action.as && now.check === 'L7OK') return;
    if (site.clock.now() > limit) {
      const seen = now ? `${now.status}, check ${now.check || 'none'}` : 'not there';
      throw new IngressError(`${action.server} is not ${action.as} and well in ${action.backend}: ${seen}`);
    }
    await sleep(site.clock, POLL_MS, site.signal);
  }
}

async function awaitIdle(fleet: Fleet, site: Site, tell: (progress: Progress) => void): Promise<void> {
  const limit = site.clock.now() + IDLE_LIMIT_MS;
  let missed = 0;
  let last: number | undefined;
  for (;;) {
    const busy = await busyOn(fleet, site.clock);
    missed = busy === undefined ? missed + 1 : 0;
    if (busy === 0) return;
    if (missed > IDLE_MISSES)
      throw new IngressError(
        `${fleet.name} does not say how many calls it has; if its host is gone, use --lost`,
      );
    if (site.clock.now() > limit) throw new IngressError(`${fleet.name} still has ${String(busy)} calls`);
    if (busy !== undefined && busy !== last) tell({ type: 'waiting', say: `${busy} calls under way` });
    last = busy ?? last;
    await sleep(site.clock, IDLE_POLL_MS, site.signal);
  }
}

/** HAProxy reads this file when it starts; without it a reload would forget every drain. */
async function saveState(site: Site): Promise<void> {
  const state = await site.haproxy('show servers state');
  if (!/^\d+\n#/.test(state)) throw new IngressError(`HAProxy gives no states: ${state.slice(0, 200)}`);
  replaceFile(join(site.ingress.state_dir, 'cxbcore.state'), state);
}

/** A reload has worked when there is a new worker process; a socket that answers may be the old one's. */
async function reload({ master, clock, signal }: Site): Promise<void> {
  const before = processesOf(await master('show proc'));
  // The master may go over into its new self before it has answered.
  await master('reload').catch(() => undefined);
  const limit = clock.now() + RELOAD_LIMIT_MS;
  for (;;) {
    await sleep(clock, POLL_MS, signal);
    const now = processesOf(await master('show proc').catch(() => ''));
    if (now.worker !== undefined && now.worker !== before.worker && now.failed === 0) return;
    if (now.failed > before.failed)
      throw new IngressError(
        'HAProxy did not take the new files; its log says why. The old process goes on.',
      );
    if (clock.now() > limit) throw new IngressError('HAProxy has no new process; its log may say why');
  }
}
