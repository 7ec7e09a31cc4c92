import type { Worker } from 'node:worker_threads';
import type { Clock } from '../../kit/clock.ts';
import { startThread } from '../../kit/entry.ts';
import { within } from '../../kit/within.ts';
import { type FromThread, isFromThread, type ThreadData, type ToThread } from './protocol.ts';

/** The main thread's end of the speech thread. */
export interface ThreadLink {
  send(message: ToThread, transfer?: ArrayBuffer[]): void;
  /** Called with every message of the thread; once with `broken` when it has died. */
  listen(listener: (message: FromThread) => void): void;
  /** Why the thread cannot be used any more. */
  readonly broken: string | undefined;
  /** Resolves when the thread has done everything it was sent before. Rejects, with the reason, when it is broken. */
  answers(): Promise<void>;
  close(): Promise<void>;
}

/** What of a thread is used here. */
export interface SpeechThread {
  postMessage(message: ToThread, transfer?: ArrayBuffer[]): void;
  on(event: 'message', listener: (message: unknown) => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  on(event: 'exit', listener: (code: number) => void): unknown;
  terminate(): Promise<number>;
}

/** The longest a thread may load; it needs about a second. */
const LOAD_MS = 60_000;

/**
 * Starts the thread and waits until it has loaded.
 *
 * @throws Error with what the thread said when it cannot load, or TooLate
 */
export async function startSpeechThread(data: ThreadData, clock: Clock): Promise<ThreadLink> {
  const thread = startThread('speech/device/thread', { workerData: data, name: 'speech' });
  try {
    await within(clock, LOAD_MS, 'loading the engines of the device', ready(thread));
  } catch (error) {
    void thread.terminate();
    throw error;
  }
  return linkTo(thread);
}

/** The link to a thread that has loaded. */
export function linkTo(thread: SpeechThread): ThreadLink {
  const listeners = new Set<(message: FromThread) => void>();
  const asked = new Map<number, (error?: Error) => void>();
  let count = 0;
  let broken: string | undefined;
  let closing = false;
  const breakDown = (message: string) => {
    if (broken !== undefined || closing) return;
    broken = message;
    for (const answer of asked.values()) answer(new Error(message));
    for (const listener of listeners) listener({ kind: 'broken', message });
  };
  thread.on('message', (message: unknown) => {
    if (!isFromThread(message)) return breakDown('the speech thread sent a message nobody knows');
    if (message.kind === 'broken') return breakDown(message.message);
    if (message.kind === 'pong') return asked.get(message.request)?.();
    for (const listener of listeners) listener(message);
  });
  thread.on('error', (error) => breakDown(`the speech thread failed: ${error.message.slice(0, 500)}`));
  thread.on('exit', (code) => breakDown(`the speech thread ended with code ${code}`));
  return {
    send(message, transfer = []) {
      if (broken === undefined && !closing) thread.postMessage(message, transfer);
    },
    listen: (listener) => void listeners.add(listener),
    get broken() {
      return broken;
    },
    answers() {
      if (broken !== undefined) return Promise.reject(new Error(broken));
      const request = ++count;
      return new Promise<void>((resolve, reject) => {
        asked.set(request, (error) => {
          asked.delete(request);
          if (error) reject(error);
          else resolve();
        });
        thread.postMessage({ kind: 'ping', request });
      });
    },
    async close() {
      closing = true;
      await thread.terminate();
    },
  };
}

function ready(thread: Worker): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (error?: Error) => {
      thread.removeAllListeners('message');
      thread.removeAllListeners('error');
      thread.removeAllListeners('exit');
      if (error) reject(error);
      else resolve();
    };
    thread.on('message', (message: unknown) => {
      if (!isFromThread(message)) return;
      if (message.kind === 'ready') settle();
      if (message.kind === 'broken') settle(new Error(message.message));
    });
    thread.on('error', (error) =>
      settle(new Error(`the speech thread failed: ${error.message.slice(0, 500)}`)),
    );
    thread.on('exit', (code) =>
      settle(new Error(`the speech thread ended with code ${code} while it loaded`)),
    );
  });
}
