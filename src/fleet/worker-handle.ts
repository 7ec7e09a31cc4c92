import { EXIT } from '../contract/exit-codes.ts';
import type { Settings } from '../contract/settings.ts';

/**
 * One worker as the supervisor sees it: data, what can happen to it, and what is due when. Nothing in here starts a
 * process or a timer; the supervisor does, and asks this file what to do.
 *
 *   waiting → starting → up → waiting → …       a worker that dies is started again, later after quick deaths
 *   starting | up → stopping → gone             it was told to stop
 *   starting → refused                          exit 78: its settings are wrong, and starting again will not help
 */
export type Handle =
  | {
      readonly at: 'waiting';
      readonly dueMs: number;
      readonly quickDeaths: number;
      /** It ended because it cannot run just now, which time may heal. */
      readonly notNow?: true;
    }
  | {
      readonly at: 'starting';
      readonly pid: number;
      readonly sinceMs: number;
      readonly quickDeaths: number;
      /** It has answered on its control socket, so it is not hung, however long its warm-up takes. */
      readonly heard: boolean;
    }
  | { readonly at: 'up'; readonly pid: number; readonly sinceMs: number; readonly quickDeaths: number }
  | { readonly at: 'stopping'; readonly pid: number; readonly how: StopHow; readonly deadlineMs: number }
  | { readonly at: 'refused'; readonly code: number }
  | { readonly at: 'gone' };

/** `drain`: no new call, the live one goes on to its end. `now`: the live call ends too. */
export type StopHow = 'drain' | 'now';

export type HandleEvent =
  | { readonly type: 'started'; readonly pid: number }
  | { readonly type: 'heard' }
  | { readonly type: 'ready' }
  | { readonly type: 'exited'; readonly code: number | null }
  | { readonly type: 'stop'; readonly how: StopHow };

export interface HandleLimits {
  /** How long a new process may stay silent on its control socket. */
  readonly silentStartMs: number;
  /** A process that dies within this time of its start has died quickly. */
  readonly quickDeathMs: number;
  /** So many quick deaths in a row, and nobody waits for the worker any more. */
  readonly hopelessDeaths: number;
  readonly backOffFirstMs: number;
  readonly backOffMaxMs: number;
  /** How long a drain, and an ending, may take before the process is killed. */
  readonly drainMs: number;
  readonly endMs: number;
}

/** A worker keeps the limits of its settings itself; those here are for one that does not, and so come later. */
const DRAIN_GRACE_MS = 60_000;
/** The same for the end of a call. */
const END_GRACE_MS = 5000;

export function handleLimits(settings: Pick<Settings, 'drainS' | 'endMs' | 'resetMs'>): HandleLimits {
  return {
    silentStartMs: 60_000,
    quickDeathMs: 10_000,
    hopelessDeaths: 4,
    backOffFirstMs: 1000,
    backOffMaxMs: 60_000,
    drainMs: settings.drainS * 1000 + DRAIN_GRACE_MS,
    endMs: settings.endMs + settings.resetMs + END_GRACE_MS,
  };
}

/**
 * Whether there is no use in waiting for this worker to get ready: its settings are wrong, or it has died at each of
 * its starts. It is still started again, because what it lacks may come.
 */
export function isHopeless(handle: Handle, limits: HandleLimits): boolean {
  if (handle.at === 'refused') return true;
  return handle.at === 'waiting' && !handle.notNow && handle.quickDeaths >= limits.hopelessDeaths;
}

export const firstHandle = (nowMs: number): Handle => ({ at: 'waiting', dueMs: nowMs, quickDeaths: 0 });

/** What becomes of a worker when `event` happens at `nowMs`. An event that means nothing in its state changes nothing. */
export function nextHandle(handle: Handle, event: HandleEvent, nowMs: number, limits: HandleLimits): Handle {
  switch (event.type) {
    case 'started':
      if (handle.at !== 'waiting') return handle;
      return {
        at: 'starting',
        pid: event.pid,
        sinceMs: nowMs,
        quickDeaths: handle.quickDeaths,
        heard: false,
      };
    case 'heard':
      return handle.at === 'starting' ? { ...handle, heard: true } : handle;
    case 'ready':
      if (handle.at !== 'starting') return handle;
      return { at: 'up', pid: handle.pid, sinceMs: handle.sinceMs, quickDeaths: handle.quickDeaths };
    case 'exited':
      return afterExit(handle, event.code, nowMs, limits);
    case 'stop':
      return afterStop(handle, event.how, nowMs, limits);
  }
}

function afterExit(handle: Handle, code: number | null, nowMs: number, limits: HandleLimits): Handle {
  if (handle.at === 'stopping') return { at: 'gone' };
  if (handle.at !== 'starting' && handle.at !== 'up') return handle;
  if (code === EXIT.settings.code) return { at: 'refused', code };
  // A worker that never got ready has died quickly, however long its start took: it would do the same again.
  const quick = handle.at === 'starting' || nowMs - handle.sinceMs < limits.quickDeathMs;
  const quickDeaths = quick ? handle.quickDeaths + 1 : 0;
  return {
    at: 'waiting',
    dueMs: nowMs + backOffMs(quickDeaths, limits),
    quickDeaths,
    ...(code === EXIT.notNow.code ? { notNow: true } : {}),
  };
}

function afterStop(handle: Handle, how: StopHow, nowMs: number, limits: HandleLimits): Handle {
  switch (handle.at) {
    case 'waiting':
    case 'refused':
      return { at: 'gone' };
    case 'starting':
    case 'up':
      return { at: 'stopping', pid: handle.pid, how, deadlineMs: nowMs + limitOf(how, limits) };
    case 'stopping':
      if (handle.how === 'now' || how === 'drain') return handle;
      return { ...handle, how, deadlineMs: nowMs + limitOf(how, limits) };
    case 'gone':
      return handle;
  }
}

const limitOf = (how: StopHow, limits: HandleLimits) => (how === 'drain' ? limits.drainMs : limits.endMs);

/** Nothing after a life well lived; then the first delay, doubled with each quick death up to the longest. */
function backOffMs(quickDeaths: number, limits: HandleLimits): number {
  if (quickDeaths === 0) return 0;
  return Math.min(limits.backOffMaxMs, limits.backOffFirstMs * 2 ** Math.min(quickDeaths - 1, 20));
}

/** What has to be done to a worker, and from when on; undefined when only an event can move it. */
export function dueOf(
  handle: Handle,
  limits: HandleLimits,
): { readonly atMs: number; readonly act: 'start' | 'kill' } | undefined {
  switch (handle.at) {
    case 'waiting':
      return { atMs: handle.dueMs, act: 'start' };
    case 'starting':
      return handle.heard ? undefined : { atMs: handle.sinceMs + limits.silentStartMs, act: 'kill' };
    case 'stopping':
      return { atMs: handle.deadlineMs, act: 'kill' };
    case 'up':
    case 'refused':
    case 'gone':
      return undefined;
  }
}
