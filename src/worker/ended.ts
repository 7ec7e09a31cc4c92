import { hostname } from 'node:os';
import { readSettings } from '../contract/settings.ts';
import { noteDeath } from '../journal/deaths.ts';
import { realClock } from '../kit/clock.ts';
import { openLog } from '../kit/log.ts';
import { deathCause } from './death-cause.ts';
import { identify } from './identity.ts';

/**
 * Runs after a worker has died (`scripts/worker_ended.sh`, the unit's ExecStopPost), as a process of its own: notes the
 * cause as systemd saw it in the journal of the call that the worker was in.
 */
const settings = readSettings(process.env, hostname());
const { worker } = identify(settings);
const cause = deathCause(process.env);
const log = openLog(settings.logLevel, { fleet: settings.fleet, worker });
const { noted, failed } = await noteDeath(settings.dataDir, { worker, cause }, realClock);
log.warn('the worker died', { cause, calls: noted });
for (const { path, why } of failed) log.error('journal could not be read', { path, why });
