import { execFile } from 'node:child_process';
import { lookup } from 'node:dns/promises';
import { existsSync } from 'node:fs';
import type { Settings } from '../../contract/settings.ts';
import { askFront } from '../../fleet/front.ts';
import { findNginx } from '../../fleet/front-nginx.ts';
import { type Clock, sleep } from '../../kit/clock.ts';
import type { HostFacts } from './facts.ts';
import { loadedTexts } from './files.ts';

/** How long a name server may take. */
const DNS_MS = 3000;
/** How long the address that starts are sent to may take. */
const HTTP_MS = 3000;
/** How long a program that is asked for its state may take. */
const PROGRAM_MS = 3000;
/** Far more than any configuration that nginx prints. */
const PRINTED_MAX_BYTES = 16_777_216;

/** An upgrade that no worker accepts: without a key it is answered 400 by a worker, and by nobody else. */
export async function askFrontOf(settings: Settings, clock: Clock): Promise<HostFacts['front']> {
  const status = await askFront(
    settings.httpPort,
    '/media/pcm',
    { Connection: 'Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Version': '13' },
    clock,
  );
  return status instanceof Error ? { error: status.message } : { status };
}

/** What the kernel says, which any time service tells; else the mark of systemd's own. Null where nobody knows. */
export async function clockSynchronised(clock: Clock): Promise<boolean | null> {
  if (existsSync('/run/systemd/system')) {
    const said = await printed('timedatectl', ['show', '--property=NTPSynchronized', '--value'], clock);
    if (said?.trim() === 'yes') return true;
    // In a container the clock is the business of the machine around it, and what the kernel says may be hidden.
    if (said?.trim() === 'no') return existsSync('/run/systemd/container') ? null : false;
  }
  if (existsSync('/run/systemd/timesync/synchronized')) return true;
  // The folder is made by the service when it starts, the file when it has got the time.
  if (existsSync('/run/systemd/timesync')) return false;
  return null;
}

/** What nginx has read; none when it is not installed, or may not say it to this user. */
export async function nginxLoaded(path: string | undefined, clock: Clock): Promise<HostFacts['nginx']> {
  const program = findNginx(path);
  const text = program === undefined ? null : await printed(program, ['-T'], clock);
  return text === null ? [] : loadedTexts(text);
}

/** What a program prints; null when it fails, is not there, or takes too long. */
async function printed(program: string, words: readonly string[], clock: Clock): Promise<string | null> {
  const asked = new Promise<string | null>((resolve) => {
    const limits = { timeout: PROGRAM_MS, maxBuffer: PRINTED_MAX_BYTES };
    execFile(program, words, limits, (error, out) => resolve(error ? null : out));
  });
  return Promise.race([asked, sleep(clock, PROGRAM_MS).then(() => null)]);
}

/** How many units of workers systemd runs; null where there is no systemd. */
export async function unitsActive(clock: Clock): Promise<number | null> {
  if (!existsSync('/run/systemd/system')) return null;
  const words = ['list-units', '--plain', '--no-legend', '--state=active', 'cxbcore@*'];
  const text = await printed('systemctl', words, clock);
  return text === null ? null : text.split('\n').filter((line) => line.trim() !== '').length;
}

/**
 * Asks `CXBCORE_START_URL` as fleetd does, by the same certificates (`NODE_EXTRA_CA_CERTS` of the one who asks). Any
 * answer but a redirect, which a start would not survive, shows that it is reached.
 */
export async function startUrlFault({ startUrl }: Settings, clock: Clock): Promise<string | null> {
  if (startUrl === undefined) return null;
  const limit = new AbortController();
  const cancel = clock.after(HTTP_MS, () => limit.abort());
  try {
    const { status } = await fetch(`${startUrl}/health/live`, { redirect: 'manual', signal: limit.signal });
    return status >= 300 && status < 400 ? `${startUrl} leads elsewhere (${status})` : null;
  } catch (error) {
    if (limit.signal.aborted) return `${startUrl}: no answer within ${HTTP_MS} ms`;
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    return `${startUrl}: ${cause instanceof Error ? cause.message : String(cause)}`;
  } finally {
    cancel();
  }
}

/**
 * How far this clock is behind that of each server the host works with, by the `Date` of one answer, whatever it is.
 * Servers that do not answer, or do not tell their time, are left out.
 */
export async function clockOffsets(settings: Settings, clock: Clock): Promise<HostFacts['clockOffsets']> {
  const addresses = [settings.livekitUrl, settings.startUrl, settings.publicUrl].filter(
    (one) => one !== undefined,
  );
  const origins = [...new Set(addresses.map((address) => new URL(address.replace(/^ws/, 'http')).origin))];
  const asked = origins.map(async (origin) => {
    const limit = new AbortController();
    const cancel = clock.after(HTTP_MS, () => limit.abort());
    const sentMs = clock.wall();
    try {
      const answer = await fetch(origin, { method: 'HEAD', redirect: 'manual', signal: limit.signal });
      const seconds = offsetS(answer.headers.get('date'), sentMs, clock.wall());
      return seconds === null ? [] : [{ host: new URL(origin).host, seconds }];
    } catch {
      return []; // that it is not reached is told elsewhere
    } finally {
      cancel();
    }
  });
  return (await Promise.all(asked)).flat();
}

/** How far a clock is behind the one of an answer, in seconds; the header has whole ones. Null: none was told. */
export function offsetS(date: string | null, sentMs: number, gotMs: number): number | null {
  const theirs = Date.parse(date ?? '');
  return Number.isNaN(theirs) ? null : (theirs + 500 - (sentMs + gotMs) / 2) / 1000;
}

/** Names of servers that calls need and that have no address: those that starts may have dialled as well. */
export async function unresolvedHosts(settings: Settings, clock: Clock): Promise<HostFacts['unresolved']> {
  const addresses = [settings.livekitUrl, settings.startUrl].filter((one) => one !== undefined);
  const dialled = settings.dialAllow.map((host) => `wss://${host}`);
  const names = [...addresses, ...dialled].map((address) =>
    new URL(address).hostname.replace(/^\[|\]$/g, ''),
  );
  const hosts = [...new Set(names)];
  const asked = hosts.map(async (host) => {
    const failed = await Promise.race([
      lookup(host).then(
        () => undefined,
        (error: Error) => error.message,
      ),
      sleep(clock, DNS_MS).then(() => `no answer within ${DNS_MS} ms`),
    ]);
    return failed === undefined ? [] : [{ host, why: failed }];
  });
  return (await Promise.all(asked)).flat();
}
