import { realClock } from '../kit/clock.ts';
import { backOff } from './back-off.ts';

/**
 * The worker's process. `scripts/run_worker.sh` starts it; one process is one worker. Nothing but the wait after quick
 * deaths stands before the import of the rest: a worker that dies at once must not keep a core busy with loading.
 */
await backOff(process.env, realClock, (text) => process.stderr.write(text));
// LiveKit's client writes a line to our log for every join unless this says production when it is loaded.
process.env['NODE_ENV'] ??= 'production';
await import('./run.ts');
