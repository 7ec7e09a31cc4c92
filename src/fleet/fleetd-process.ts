import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { type Clock, sleep } from '../kit/clock.ts';
import { entryPath } from '../kit/entry.ts';
import type { Log } from '../kit/log.ts';
import { askSocket } from './ask-socket.ts';
import { exitWords } from './worker-process.ts';

export interface FleetdKeeperOptions {
  readonly socketDir: string;
  readonly dataDir: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly log: Log;
}

/** How long fleetd may take to open its socket; calls do not wait for it. */
const READY_LIMIT_MS = 10_000;
/** Between two looks whether it is open. */
const ASK_MS = 50;
/** How long it may take to go before it is killed. */
const STOP_LIMIT_MS = 5000;
/** The longest wait before it is started again. */
const BACK_OFF_MAX_MS = 60_000;

/** Keeps fleetd running as a child: one that dies is started again, later each time. No call needs it. */
export class FleetdKeeper {
  readonly #options: FleetdKeeperOptions;
  #child: ChildProcess | undefined;
  #gone: Promise<void> = Promise.resolve();
  #deaths = 0;
  #stopping = false;

  constructor(options: FleetdKeeperOptions) {
    this.#options = options;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  start(): void {
    const { dataDir, env, clock, log } = this.#options;
    const logs = join(dataDir, 'logs');
    mkdirSync(logs, { recursive: true });
    const fd = openSync(join(logs, 'fleetd.log'), 'a', 0o600);
    // A session of its own, so that the terminal's Ctrl-C reaches it only through us; its standard input ends with us.
    const child = spawn(process.execPath, [entryPath('fleet/fleetd/main')], {
      detached: true,
      env: { ...env, CXBCORE_SUPERVISED: '1' },
      stdio: ['pipe', fd, fd],
    });
    closeSync(fd);
    child.stdin?.on('error', () => undefined);
    this.#child = child;
    this.#gone = new Promise((resolve) => {
      const end = (how: string) => {
        if (this.#child !== child) return;
        this.#child = undefined;
        resolve();
        if (this.#stopping) return;
        const againInMs = Math.min(BACK_OFF_MAX_MS, 1000 * 2 ** Math.min(this.#deaths++, 6));
        log.error('fleetd died', { how, again_in_ms: againInMs });
        clock.after(againInMs, () => {
          if (!this.#stopping) this.start();
        });
      };
      child.once('error', (error) => end(error.message));
      child.once('exit', (code, signal) => end(exitWords({ code, signal })));
    });
  }

  /** Resolves when it answers, or when it has been given long enough: calls go without it. */
  async ready(): Promise<void> {
    const { socketDir, clock } = this.#options;
    const deadline = clock.now() + READY_LIMIT_MS;
    const question = { socket: join(socketDir, 'cxbcore_fleetd.ctl'), path: '/health/live', limitMs: 1000 };
    while (clock.now() < deadline && !this.#stopping) {
      if ((await askSocket(question, clock)).kind === 'answer') return;
      await sleep(clock, ASK_MS);
    }
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    this.#child?.kill('SIGTERM');
    const cancel = this.#options.clock.after(STOP_LIMIT_MS, () => this.#child?.kill('SIGKILL'));
    await this.#gone;
    cancel();
  }
}
