import { hostname } from 'node:os';
import { text } from 'node:stream/consumers';
import { serverAccess } from '../carriers/livekit/rooms.ts';
import { announcementSchema } from '../contract/announcement.ts';
import { EXIT } from '../contract/exit-codes.ts';
import { readSettings } from '../contract/settings.ts';
import { realClock } from '../kit/clock.ts';
import { parseJson } from '../kit/json.ts';
import { openLog } from '../kit/log.ts';
import { ANNOUNCER_RATE, announce } from './announce.ts';
import { sentenceOf } from './sentence.ts';

/**
 * The process that tells one caller that no seat is free, and hangs up. fleetd starts one for each such caller, because
 * fleetd itself loads no media code; it ends by itself. SIGTERM ends the announcement early.
 */
async function main(): Promise<void> {
  // LiveKit's client writes a line to our output for every join unless this says production when it is loaded.
  process.env['NODE_ENV'] ??= 'production';
  const settings = readSettings(process.env, hostname());
  const log = openLog(settings.logLevel, { fleet: settings.fleet, pid: process.pid, process: 'announcer' });
  const job = announcementSchema.parse(parseJson(await text(process.stdin)));
  const access = serverAccess(settings, realClock);
  if (!access || settings.livekitUrl === undefined) throw new Error('LIVEKIT_URL is not set');
  const stop = new AbortController();
  process.once('SIGTERM', () => stop.abort());
  const sentence = sentenceOf(settings, ANNOUNCER_RATE);
  sentence.catch(() => undefined); // looked at once the room is joined
  const { loadRtc } = await import('../carriers/livekit/load.ts');
  const done = await announce(job, {
    rtc: await loadRtc(),
    access,
    url: settings.livekitUrl,
    settings,
    clock: realClock,
    log,
    sentence,
    stop: stop.signal,
  }).catch((error: unknown) =>
    log.warn('the room of a caller could not be joined', { room: job.room, error }),
  );
  process.exit(done === true ? EXIT.ok.code : EXIT.notNow.code);
}

await main();
