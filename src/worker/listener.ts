import { chmodSync, renameSync, rmSync, statSync } from 'node:fs';
import net from 'node:net';
import type { Clock } from '../kit/clock.ts';

/** How long what is already queued is served after the path has left rotation. */
const LEAVE_MS = 30;

export interface ListenerOptions {
  readonly path: string;
  /** Permissions of the socket file: 0o660 for starts (the front is another user), 0o600 for control. */
  readonly mode: number;
  readonly clock: Clock;
  readonly onConnection: (socket: net.Socket) => void;
}

/**
 * A Unix socket that can stop and start listening without its path ever being missing: each listen binds a temporary
 * name, sets its permissions, and renames it over the path. While it does not listen, connecting is refused by the
 * kernel, which is what lets a proxy go on to the next worker before it has sent a byte.
 */
export class Listener {
  readonly #options: ListenerOptions;
  readonly #temporary: string;
  #server: net.Server | undefined;
  #inode: number | undefined;
  /** Of the file this listener published last, whether or not it listens there now. */
  #published: number | undefined;
  #leaving: (() => void) | undefined;

  constructor(options: ListenerOptions) {
    this.#options = options;
    this.#temporary = temporaryName(options.path);
  }

  get open(): boolean {
    return this.#server !== undefined;
  }

  /** Begins to listen, at once; does nothing while it listens. @throws when the path cannot be bound */
  start(): void {
    this.#leaving?.();
    if (this.#server) return;
    const server = this.#bind();
    chmodSync(this.#temporary, this.#options.mode);
    this.#inode = statSync(this.#temporary).ino;
    this.#published = this.#inode;
    renameSync(this.#temporary, this.#options.path);
    this.#server = server;
  }

  /** From the return of this call on, connecting is refused. Connections already accepted are not touched. */
  stop(): void {
    const server = this.#server;
    this.#server = undefined;
    this.#inode = undefined;
    server?.close();
  }

  /**
   * Stops without losing a connection that is already queued: first the path is made to refuse, then the queue is
   * served for a moment, then the listener closes. Resolves when it is closed, or listening anew.
   */
  leave(): Promise<void> {
    if (!this.#server) return Promise.resolve();
    this.#leaving?.();
    const closed = this.#bind();
    const aside = `${this.#temporary}x`;
    // Closing a server unlinks the name it was bound to, so the file is moved out of its reach first.
    renameSync(this.#temporary, aside);
    closed.close();
    renameSync(aside, this.#options.path);
    this.#inode = undefined;
    return new Promise((resolve) => {
      const finish = () => {
        cancel();
        this.#leaving = undefined;
        this.stop();
        resolve();
      };
      const cancel = this.#options.clock.after(LEAVE_MS, finish);
      this.#leaving = finish;
    });
  }

  /** Publishes the path again when somebody has removed or replaced it; true when that was necessary. */
  verify(): boolean {
    if (this.#inode === undefined || inodeOf(this.#options.path) === this.#inode) return false;
    this.stop();
    this.start();
    return true;
  }

  /** Closes, and removes the path if it is still this listener's own. */
  remove(): void {
    const own = this.#published !== undefined && inodeOf(this.#options.path) === this.#published;
    this.stop();
    if (own) rmSync(this.#options.path, { force: true });
  }

  #bind(): net.Server {
    rmSync(this.#temporary, { force: true }); // left by a process of the same id that was killed here
    const server = net.createServer({ noDelay: true, allowHalfOpen: true }, this.#options.onConnection);
    let failure: Error | undefined;
    server.on('error', (error) => {
      failure = error;
    });
    // Binding and listening happen inside this call; only the announcement comes later.
    server.listen({ path: this.#temporary, backlog: 4 });
    if (!server.listening) {
      throw new Error(`cannot listen on ${this.#temporary}: is its folder there and writable?`, {
        cause: failure,
      });
    }
    return server;
  }
}

/** A socket's path may have 107 bytes, and the longest temporary name must fit into that. */
export const MAX_SOCKET_PATH = 107 - 12;

function temporaryName(path: string): string {
  return `${path}.${process.pid}`;
}

function inodeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.ino;
}
