import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, constants, mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { Settings } from '../contract/settings.ts';
import { type Clock, sleep } from '../kit/clock.ts';
import { frontText, nginxMain } from '../ops/nginx.ts';
import { HostError } from './events.ts';
import { askFront, FRONT_ADDRESS, type Front } from './front.ts';
import type { StopHow } from './worker-handle.ts';
import { exitWords } from './worker-process.ts';

export interface NginxOptions {
  readonly program: string;
  /** A folder of its own: configuration, pid file, temporary files, logs. */
  readonly prefix: string;
  readonly port: number;
  readonly socketDir: string;
  readonly workers: number;
  readonly settings: Settings;
  readonly clock: Clock;
  /** How many nginx processes; one per core when absent. */
  readonly processes?: number;
  /** nginx ended although nobody had told it to. */
  readonly onDeath: (how: string) => void;
}

/** How long nginx may take to listen. */
const START_LIMIT_MS = 10_000;
/** How long nginx may take to go after it was told to, before the next, harder signal. */
const STOP_LIMIT_MS = 5000;

/** They are on root's path only, and nginx lives there. */
const SBIN = ['/usr/local/sbin', '/usr/sbin', '/sbin'];

/** nginx on this machine; undefined when it is not installed. */
export function findNginx(path: string | undefined, besides: readonly string[] = SBIN): string | undefined {
  for (const folder of [...(path ?? '').split(delimiter), ...besides]) {
    if (folder === '') continue;
    const program = join(folder, 'nginx');
    try {
      accessSync(program, constants.X_OK);
      return program;
    } catch {
      // Not in this folder, or not ours to run: the next one may have it.
    }
  }
  return undefined;
}

/**
 * nginx becomes the child in place of this shell. A second shell waits for the end of our pipe, which comes when we
 * end, however we end, and then tells nginx to finish its calls and go: nobody would be left to do it.
 */
const RUN = '(read -r _ <&3; kill -QUIT "$$") 2>/dev/null & exec "$@" 3<&-';

/**
 * Runs nginx as our child, apart from the machine's own, in a session of its own: a terminal's Ctrl-C (SIGINT is
 * nginx's fast shutdown) never reaches it.
 * @throws HostError with what nginx said
 */
export async function startNginx(options: NginxOptions): Promise<Front> {
  const { prefix, program } = options;
  writeConfiguration(options);
  const child = spawn(
    'sh',
    ['-c', RUN, 'cxbcore-front', program, '-p', prefix, '-c', `${prefix}/nginx.conf`],
    {
      detached: true,
      stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
    },
  );
  let said = '';
  child.stderr?.setEncoding('utf8').on('data', (part: string) => {
    said = (said + part).slice(-4000);
  });
  const pipe = child.stdio[3];
  pipe?.on('error', () => undefined);
  const life = watch(child, () => pipe?.destroy(), options.onDeath);
  await untilServing(options, life, () => said);
  return { kind: 'nginx', port: options.port, stop: (how) => life.stop(how, options.clock) };
}

interface Life {
  readonly ended: () => string | undefined;
  readonly serving: () => void;
  stop(how: StopHow, clock: Clock): Promise<void>;
}

function watch(child: ChildProcess, onEnd: () => void, onDeath: (how: string) => void): Life {
  let ended: string | undefined;
  let serving = false;
  let stopping = false;
  const gone = new Promise<void>((resolve) => {
    const end = (how: string) => {
      ended ??= how;
      onEnd();
      resolve();
      if (!serving || stopping) return;
      // Its processes outlive a master that was killed, and would keep the port: they finish their calls and go.
      signalGroup(child, 'SIGQUIT');
      onDeath(how);
    };
    child.once('error', (error) => end(error.message));
    child.once('exit', (code, signal) => end(exitWords({ code, signal })));
  });
  return {
    ended: () => ended,
    serving: () => {
      serving = true;
    },
    async stop(how, clock) {
      stopping = true;
      const signals: NodeJS.Signals[] =
        how === 'drain' ? ['SIGQUIT', 'SIGTERM', 'SIGKILL'] : ['SIGTERM', 'SIGKILL'];
      for (const signal of signals) {
        if (ended !== undefined) break;
        if (signal === 'SIGKILL') signalGroup(child, signal);
        else child.kill(signal);
        const limit = new AbortController();
        await Promise.race([gone, sleep(clock, STOP_LIMIT_MS, limit.signal).catch(() => undefined)]);
        limit.abort();
      }
      await gone;
    },
  };
}

/** All processes of this nginx; they are a group of their own, because it was started in a session of its own. */
function signalGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // Nobody is left in it.
  }
}

function writeConfiguration(options: NginxOptions): void {
  const { prefix, port, socketDir, workers, settings, processes } = options;
  mkdirSync(prefix, { recursive: true, mode: 0o700 });
  const asRoot = process.getuid?.() === 0;
  const accessLog = `${prefix}/access.log`;
  writeFileSync(
    `${prefix}/fleet.conf`,
    frontText({ listen: `${FRONT_ADDRESS}:${port}`, socketDir, workers, accessLog, settings }),
  );
  writeFileSync(
    `${prefix}/nginx.conf`,
    nginxMain({ prefix, workers, asRoot, ...(processes === undefined ? {} : { processes }) }),
  );
}

async function untilServing(options: NginxOptions, life: Life, said: () => string): Promise<void> {
  const deadline = options.clock.now() + START_LIMIT_MS;
  while (options.clock.now() < deadline) {
    if (life.ended() !== undefined) throw new HostError(`nginx ${life.ended()}: ${said().trim()}`, 'notNow');
    const status = await askFront(options.port, '/health/live', {}, options.clock, 1000);
    // 503: fleetd says that no worker runs, which is another's business.
    if (status === 200 || status === 503) {
      life.serving();
      return;
    }
    await sleep(options.clock, 20);
  }
  await life.stop('now', options.clock);
  throw new HostError(`nginx did not answer on port ${options.port} within 10 s: ${said().trim()}`, 'notNow');
}
