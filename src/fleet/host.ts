import { mkdirSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { readSettings, type Settings } from '../contract/settings.ts';
import type { WorkerStatus } from '../contract/worker-status.ts';
import { type Clock, sleep } from '../kit/clock.ts';
import { type Lock, lockHolder, lockName, tryLock } from '../kit/host-lock.ts';
import type { Log } from '../kit/log.ts';
import { type FrontKind, HostError, type HostEvent } from './events.ts';
import { FleetdKeeper } from './fleetd-process.ts';
import { askFront, FRONT_ADDRESS, type Front, freePort } from './front.ts';
import { startBuiltin } from './front-builtin.ts';
import { findNginx, startNginx } from './front-nginx.ts';
import { settler } from './settle.ts';
import { Supervisor, type WorkerView } from './supervisor.ts';
import { handleLimits, type StopHow } from './worker-handle.ts';
import { WORKER_COMMAND, type WorkerCommand } from './worker-process.ts';

export interface HostOptions {
  readonly workers: number;
  /** 0: any free port. */
  readonly frontPort: number;
  /** `auto`: nginx where it is installed. */
  readonly front: FrontKind | 'auto';
  readonly socketDir: string;
  readonly dataDir: string;
  /** The environment the workers' settings come from; the folders above win over it. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly log: Log;
  readonly onEvent?: (event: HostEvent) => void;
  /** nginx's own processes; one per core when absent. */
  readonly nginxProcesses?: number;
  /** How many workers may be starting at once; one per core when absent. */
  readonly atOnce?: number;
  /** The program of a worker; ours when absent. */
  readonly workerCommand?: WorkerCommand;
  /** False: no fleetd, so that the front answers by itself whatever it can. */
  readonly fleetd?: boolean;
}

export interface Host {
  readonly front: FrontKind;
  readonly port: number;
  readonly url: string;
  readonly settings: Settings;
  /** Resolves when `count` workers are ready and a request through the front has reached one. @throws HostError */
  ready(count: number): Promise<void>;
  workers(): readonly WorkerView[];
  /** The process of fleetd; undefined while it does not run. */
  fleetdPid(): number | undefined;
  /** What a worker says of itself now; undefined when it does not answer. */
  status(worker: number): Promise<WorkerStatus | undefined>;
  /** Resolves when workers and front are gone. Called again with `now`, it ends what a drain was waiting for. */
  stop(how: StopHow): Promise<void>;
}

/** How long the seat that the first request took may take to be free again. */
const PROOF_LIMIT_MS = 2000;

/**
 * Runs a host on this machine: a front on 127.0.0.1, and workers that are watched and replaced. Returns when the
 * front serves and the workers are on their way; `ready` waits for them.
 * @throws HostError when it cannot run here, SettingsError when the workers' settings are wrong
 */
export async function startHost(options: HostOptions): Promise<Host> {
  const socketDir = resolve(options.socketDir);
  const dataDir = resolve(options.dataDir);
  const env: HostOptions['env'] = {
    ...options.env,
    CXBCORE_SOCKET_DIR: socketDir,
    CXBCORE_DATA_DIR: dataDir,
  };
  const settings = readSettings(env, hostname());
  for (const folder of [socketDir, dataDir]) makeFolder(folder);
  const lock = await takeFolder(socketDir);
  try {
    const onEvent = options.onEvent ?? (() => undefined);
    const fronts = new FrontKeeper({ ...options, socketDir, settings, onEvent });
    const front = await fronts.start();
    onEvent({ type: 'front', kind: front.kind, url: `http://${FRONT_ADDRESS}:${front.port}` });
    const fleetd = new FleetdKeeper({
      socketDir,
      dataDir,
      env: {
        ...env,
        CXBCORE_WORKERS: String(options.workers),
        CXBCORE_HTTP_PORT: String(front.port),
        // Several hosts may run on one machine, and none of them has an ingress unless it is told so.
        CXBCORE_CHECK_LISTEN: env['CXBCORE_CHECK_LISTEN'] ?? 'off',
      },
      clock: options.clock,
      log: options.log,
    });
    const supervisor = new Supervisor({
      workers: options.workers,
      socketDir,
      dataDir,
      env,
      command: options.workerCommand ?? WORKER_COMMAND,
      limits: handleLimits(settings),
      clock: options.clock,
      log: options.log,
      onEvent,
      settle: settler({
        socketDir,
        dataDir,
        clock: options.clock,
        fleetdRuns: () => fleetd.pid !== undefined,
      }),
      ...(options.atOnce === undefined ? {} : { atOnce: options.atOnce }),
    });
    supervisor.start();
    if (options.fleetd !== false) fleetd.start();
    return hostOf(options, settings, front, { fronts, supervisor, fleetd, lock });
  } catch (error) {
    await lock.release();
    throw error;
  }
}

interface HostParts {
  readonly fronts: FrontKeeper;
  readonly supervisor: Supervisor;
  readonly fleetd: FleetdKeeper;
  readonly lock: Lock;
}

function hostOf(
  { clock, fleetd: wanted }: HostOptions,
  settings: Settings,
  front: Front,
  { fronts, supervisor, fleetd, lock }: HostParts,
): Host {
  const proof = supervisor.ready(1).then(() => prove(front, supervisor, clock));
  proof.catch(() => undefined); // told to whoever waits for "ready"
  return {
    front: front.kind,
    port: front.port,
    url: `http://${FRONT_ADDRESS}:${front.port}`,
    settings,
    async ready(count) {
      await supervisor.ready(count);
      await proof;
      if (wanted !== false) await fleetd.ready();
    },
    fleetdPid: () => fleetd.pid,
    workers: () => supervisor.workers(),
    status: (worker) => supervisor.status(worker),
    async stop(how) {
      await supervisor.stop(how);
      await fronts.stop(how);
      await fleetd.stop();
      await lock.release();
    },
  };
}

/** Keeps a front running: one that dies is started again, later each time. */
class FrontKeeper {
  readonly #options: HostOptions & {
    readonly settings: Settings;
    readonly onEvent: (event: HostEvent) => void;
  };
  #front: Front | undefined;
  #port = 0;
  #deaths = 0;
  #stopping = false;

  constructor(options: HostOptions & { settings: Settings; onEvent: (event: HostEvent) => void }) {
    this.#options = options;
  }

  async start(): Promise<Front> {
    this.#port = await freePort(this.#options.frontPort);
    return this.#open();
  }

  async stop(how: StopHow): Promise<void> {
    this.#stopping = true;
    await this.#front?.stop(how);
  }

  async #open(): Promise<Front> {
    const { front: kind, socketDir, workers, settings, clock, env, nginxProcesses } = this.#options;
    const common = { port: this.#port, socketDir, workers, settings, clock };
    const program = nginxFor(kind, () => findNginx(env['PATH']));
    if (program === undefined) this.#front = await startBuiltin(common);
    else {
      this.#front = await startNginx({
        ...common,
        program,
        prefix: ownFolder(join(socketDir, 'cxbcore_front')),
        onDeath: (how) => this.#again(how),
        ...(nginxProcesses === undefined ? {} : { processes: nginxProcesses }),
      });
    }
    return this.#front;
  }

  #again(how: string): void {
    const { clock, log, onEvent } = this.#options;
    const againInMs = Math.min(60_000, 1000 * 2 ** Math.min(this.#deaths++, 6));
    log.error('front died', { how, again_in_ms: againInMs });
    onEvent({ type: 'front-died', how, againInMs });
    clock.after(againInMs, () => {
      if (this.#stopping) return;
      this.#open().catch((error: unknown) =>
        this.#again(error instanceof Error ? error.message : String(error)),
      );
    });
  }
}

/**
 * The nginx to run; undefined: the front is our own.
 * @throws HostError when nginx was asked for and is not there
 */
export function nginxFor(front: HostOptions['front'], find: () => string | undefined): string | undefined {
  const program = front === 'builtin' ? undefined : find();
  if (front === 'nginx' && program === undefined) {
    throw new HostError('nginx is not installed; install it, or use --front builtin', 'notNow');
  }
  return program;
}

/**
 * One upgrade through the front that no worker accepts: it proves that the front may open the sockets. A front that
 * may not would look like a full host to every caller. Ends when the seat it went to is free again.
 */
async function prove(front: Front, supervisor: Supervisor, clock: Clock): Promise<void> {
  if (!(await someTakeCalls(supervisor))) return;
  const status = await askFront(
    front.port,
    '/media/pcm',
    { Connection: 'Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Version': '13' },
    clock,
  );
  if (status instanceof Error || status === 429 || status >= 500) {
    const seen = status instanceof Error ? status.message : `it answered ${status}`;
    throw new HostError(
      `the ${front.kind} front does not reach a worker that is free (${seen}); may it open the sockets?`,
      'bug',
    );
  }
  const deadline = clock.now() + PROOF_LIMIT_MS;
  for (const { worker, at } of supervisor.workers()) {
    if (at !== 'up') continue;
    while ((await supervisor.status(worker))?.state === 'reserved' && clock.now() < deadline) {
      await sleep(clock, 5);
    }
  }
}

/** Seats stay parked over restarts: where all are, there is nobody whom a request could reach. */
async function someTakeCalls(supervisor: Supervisor): Promise<boolean> {
  const up = supervisor.workers().filter(({ at }) => at === 'up');
  const statuses = await Promise.all(up.map(({ worker }) => supervisor.status(worker)));
  return statuses.some((status) => status !== undefined && !status.draining);
}

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new HostError(`the folder ${folder} cannot be made: ${String(error)}`, 'settings', error);
  }
}

/** A folder for us alone, also below a folder that everybody may write to. */
function ownFolder(folder: string): string {
  makeFolder(folder);
  const { uid, mode } = statSync(folder);
  if (uid !== process.getuid?.() || (mode & 0o022) !== 0) {
    throw new HostError(`${folder} belongs to, or can be written by, another user; remove it`, 'notNow');
  }
  return folder;
}

async function takeFolder(socketDir: string): Promise<Lock> {
  const name = lockName('up', socketDir);
  const lock = await tryLock(name);
  if (lock) return lock;
  const holder = await lockHolder(name);
  throw new HostError(
    `another host runs in ${socketDir}${holder === undefined ? '' : ` (process ${holder})`}; ` +
      'stop it, or give this one a folder of its own with --socket-dir',
    'notNow',
  );
}
