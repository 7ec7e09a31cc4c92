import { spawn } from 'node:child_process';
import type { Clock } from './clock.ts';

/**
 * What this process tells systemd of itself (the protocol of sd_notify). Where nobody asked, because there is no
 * NOTIFY_SOCKET, every call does nothing.
 *
 * Node has no datagram sockets of the Unix kind, so each message is one run of `systemd-notify`: 7 ms, of which 2 ms
 * hold up the loop. Messages that come close together therefore travel together, and news of the status waits a second.
 * The unit needs `NotifyAccess=all`, because the message comes from a child of the main process.
 */
export interface Notifier {
  /** The service serves. From now on signs of life are sent as often as the unit's WatchdogSec asks. */
  ready(status: string): void;
  /** One line for `systemctl status`. */
  status(text: string): void;
  /** The service is going. */
  stopping(status: string): void;
  /** Starting or stopping may go on for this much longer, however long it has taken already. */
  extend(ms: number): void;
}

/** Carries one message to systemd; rejects when it cannot be sent. */
export type SendToSystemd = (assignments: readonly string[]) => Promise<void>;

/** Status texts change faster than anybody reads; the last one of a second is sent. */
const STATUS_DELAY_MS = 1000;
/** `systemd-notify` waits up to five seconds until its message has been taken. */
const SEND_LIMIT_MS = 10_000;

/**
 * @param env where systemd says whether and how it wants to be told
 * @param onError told once, when the first message could not be sent
 */
export function openNotifier(
  env: Readonly<Record<string, string | undefined>>,
  clock: Clock,
  onError: (error: unknown) => void,
  send: SendToSystemd = systemdNotify(env),
): Notifier {
  if (!env['NOTIFY_SOCKET']) {
    const nothing = () => undefined;
    return { ready: nothing, status: nothing, stopping: nothing, extend: nothing };
  }
  const outbox = new Outbox(send, onError);
  const aliveEveryMs = watchdogMs(env) / 3;
  const sayAlive = () => {
    outbox.put('WATCHDOG', '1');
    outbox.flush();
    clock.after(aliveEveryMs, sayAlive);
  };
  let watched = false;
  return {
    ready(status) {
      outbox.put('READY', '1');
      outbox.put('STATUS', oneLine(status));
      outbox.flush();
      if (watched || !Number.isFinite(aliveEveryMs)) return;
      watched = true;
      sayAlive();
    },
    status(text) {
      outbox.put('STATUS', oneLine(text));
      clock.after(STATUS_DELAY_MS, () => outbox.flush());
    },
    stopping(status) {
      outbox.put('STOPPING', '1');
      outbox.put('STATUS', oneLine(status));
      outbox.flush();
    },
    extend(ms) {
      outbox.put('EXTEND_TIMEOUT_USEC', String(Math.round(ms * 1000)));
      outbox.flush();
    },
  };
}

/** Sends one message at a time and in order; what comes meanwhile is put together into the next one. */
class Outbox {
  readonly #send: SendToSystemd;
  readonly #onError: (error: unknown) => void;
  #waiting = new Map<string, string>();
  #sending = false;
  #failed = false;

  constructor(send: SendToSystemd, onError: (error: unknown) => void) {
    this.#send = send;
    this.#onError = onError;
  }

  put(name: string, value: string): void {
    this.#waiting.set(name, value);
  }

  flush(): void {
    if (this.#sending || this.#waiting.size === 0) return;
    const message = [...this.#waiting].map(([name, value]) => `${name}=${value}`);
    this.#waiting = new Map();
    this.#sending = true;
    void this.#send(message)
      .catch((error: unknown) => {
        if (!this.#failed) this.#onError(error);
        this.#failed = true;
      })
      .then(() => {
        this.#sending = false;
        this.flush();
      });
  }
}

/** How long systemd waits for a sign of life; infinite when it does not, or when it watches another process. */
function watchdogMs(env: Readonly<Record<string, string | undefined>>): number {
  const watched = env['WATCHDOG_PID'];
  if (watched !== undefined && watched !== String(process.pid)) return Number.POSITIVE_INFINITY;
  const microseconds = Number(env['WATCHDOG_USEC'] ?? '');
  return microseconds > 0 ? microseconds / 1000 : Number.POSITIVE_INFINITY;
}

function oneLine(text: string): string {
  return text.replace(/\s*[\r\n]+\s*/g, '; ').slice(0, 500);
}

function systemdNotify(env: Readonly<Record<string, string | undefined>>): SendToSystemd {
  return (assignments) =>
    new Promise((resolve, reject) => {
      const child = spawn('systemd-notify', [...assignments], {
        env: { PATH: env['PATH'] ?? '/usr/bin:/bin', NOTIFY_SOCKET: env['NOTIFY_SOCKET'] },
        stdio: 'ignore',
        timeout: SEND_LIMIT_MS,
      });
      child.unref();
      child.once('error', reject);
      child.once('exit', (code, signal) => {
        if (code === 0) resolve();
        else reject(new Error(`systemd-notify ended with ${code ?? signal}`));
      });
    });
}
