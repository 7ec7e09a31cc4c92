import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { EXIT, type ExitName } from '../contract/exit-codes.ts';
import { readSettings, type Settings, SettingsError } from '../contract/settings.ts';
import { realClock } from '../kit/clock.ts';
import { packageRoot } from '../kit/entry.ts';
import { type Log, openLog } from '../kit/log.ts';
import { openNotifier } from '../kit/notify.ts';
import { announcer } from './announce.ts';
import { forgetDeaths, LIVED_MS } from './back-off.ts';
import { settleCallsOfTheDead } from './dead-calls.ts';
import { type Identity, identify } from './identity.ts';
import { NotNow, ownSeat } from './ownership.ts';
import { rereadSecrets } from './secrets.ts';
import type { Life } from './state.ts';
import { Worker } from './worker.ts';

/**
 * The worker's process, from its settings to its exit code.
 *
 * Signals: the first SIGTERM or SIGINT drains, the second ends the live call too. When `CXBCORE_SUPERVISED` is set,
 * the end of standard input drains as well: whoever started the worker is gone.
 */
async function main(): Promise<void> {
  const [settings, identity] = settingsOrExit();
  const log = openLog(settings.logLevel, {
    fleet: settings.fleet,
    worker: identity.worker,
    pid: process.pid,
  });
  process.on('uncaughtException', (error) => {
    log.error('a fault of ours; the process ends', { error });
    process.exit(EXIT.bug.code);
  });
  // A promise nobody waits for, mostly in an agent's own code, must not cost a caller the call.
  process.on('unhandledRejection', (error) => log.error('a rejected promise was not handled', { error }));

  const notifier = openNotifier(process.env, realClock, (error) =>
    log.error('systemd cannot be told how this worker is', { error }),
  );
  await ownSeat(identity, realClock).catch((error: unknown) => leave(log, error));
  const announce = announcer(notifier, realClock);
  const lived = deathForgetter();
  const worker = new Worker({
    settings,
    identity,
    clock: realClock,
    log,
    build: buildName(),
    rereadSecrets: () => rereadSecrets(settings, process.env),
    onLife: (life) => {
      announce(life);
      lived(life);
    },
    openServices: async (context) => {
      // Loaded here, so that the control socket answers while the large modules are still being read.
      const { openServices } = await context.stage('import', () => import('./open-services.ts'));
      return openServices(context);
    },
  });
  // Whether `cxbcore up` started this worker, watches it, and settles what it leaves behind.
  const supervised = settings.supervised !== undefined;
  onSignals(worker, supervised);
  if (!supervised) void settleCallsOfTheDead(settings.dataDir, realClock, log);
  await worker.start().catch((error: unknown) => leave(log, error));
  const how = await worker.done;
  if (how === 'ok') forgetDeaths(process.env);
  exit(how);
}

/** Once the worker has been free and lived for a while, what went before does not count any more. */
function deathForgetter(): (life: Life) => void {
  let free = false;
  return ({ phase }) => {
    if (free || phase.name !== 'free') return;
    free = true;
    realClock.after(LIVED_MS, () => forgetDeaths(process.env));
  };
}

function settingsOrExit(): [Settings, Identity] {
  try {
    const settings = readSettings(process.env, hostname());
    return [settings, identify(settings)];
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    process.stderr.write(`cxbcore worker: ${error.message}\n`);
    return exit('settings');
  }
}

function onSignals(worker: Worker, supervised: boolean): void {
  let signals = 0;
  const onSignal = (signal: NodeJS.Signals) => {
    signals++;
    if (signals === 1) worker.leave(signal);
    else worker.stop(signal);
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  if (!supervised) return;
  process.stdin.on('error', () => undefined);
  process.stdin.once('close', () => worker.leave('the supervisor is gone'));
  process.stdin.resume();
}

/** Ends the process over something that another start may find better. */
function leave(log: Log, error: unknown): never {
  if (!(error instanceof NotNow)) throw error;
  log.error('cannot run here just now', { error });
  process.stderr.write(`cxbcore worker: ${error.message}\n`);
  return exit('notNow');
}

function exit(name: ExitName): never {
  process.exit(EXIT[name].code);
}

function buildName(): string {
  const { version, commit } = JSON.parse(readFileSync(`${packageRoot}dist/build.json`, 'utf8')) as {
    version: string;
    commit: string;
  };
  return `${version}+${commit}`;
}

await main();
