import { hostname } from 'node:os';
import { EXIT, type ExitName } from '../../contract/exit-codes.ts';
import { readSettings, type Settings, SettingsError } from '../../contract/settings.ts';
import { keepAlive, realClock } from '../../kit/clock.ts';
import { openLog } from '../../kit/log.ts';
import { openNotifier } from '../../kit/notify.ts';
import { openFleetd } from './fleetd.ts';
import { socketsOfSystemd } from './sockets.ts';

/**
 * The process of fleetd. `scripts/run_fleetd.sh` starts it under systemd, `cxbcore up` in development. SIGTERM and
 * SIGINT end it; with `CXBCORE_SUPERVISED` the end of standard input does too, because whoever started it is gone.
 */
async function main(): Promise<void> {
  const { env } = process;
  const settings = settingsOrExit();
  const log = openLog(settings.logLevel, { fleet: settings.fleet, pid: process.pid, process: 'fleetd' });
  process.on('uncaughtException', (error) => {
    log.error('a fault of ours; the process ends', { error });
    process.exit(EXIT.bug.code);
  });
  process.on('unhandledRejection', (error) => log.error('a rejected promise was not handled', { error }));
  keepAlive();
  const notify = openNotifier(env, realClock, (error) => log.warn('systemd could not be told', { error }));
  const fleetd = await openFleetd({
    settings,
    clock: realClock,
    log,
    held: socketsOfSystemd(env, process.pid),
  }).catch((error: unknown) => {
    log.error('cannot run here just now', { error });
    process.stderr.write(`cxbcore fleetd: ${error instanceof Error ? error.message : String(error)}\n`);
    return exit('notNow');
  });
  notify.ready('serving');
  log.info('fleetd serves', { workers: settings.workers });

  let leaving = false;
  const leave = (why: string) => {
    if (leaving) return;
    leaving = true;
    log.info('fleetd ends', { why });
    notify.stopping('ending');
    void fleetd.close().then(() => exit('ok'));
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => leave(signal));
  if (env['CXBCORE_SUPERVISED'] === undefined) return;
  process.stdin.on('error', () => undefined);
  process.stdin.once('close', () => leave('the supervisor is gone'));
  process.stdin.resume();
}

function settingsOrExit(): Settings {
  try {
    return readSettings(process.env, hostname());
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    process.stderr.write(`cxbcore fleetd: ${error.message}\n`);
    return exit('settings');
  }
}

function exit(name: ExitName): never {
  process.exit(EXIT[name].code);
}

await main();
