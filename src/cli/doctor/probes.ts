import { execFile } from 'node:child_process';
import { lookup } from 'node:dns/promises';
import { existsSync } from 'node:fs';
import type { Settings } from '../../contract/settings.ts';
import { askFront } from '../../fleet/front.ts';
import { type Clock, sleep } from '../../kit/clock.ts';
import type { HostFacts } from './facts.ts';

/** How long a name server may take. */
const DNS_MS = 3000;
/** How long the address that starts are sent to may take. */
const HTTP_MS = 3000;
/** How long a program that is asked for its state may take. */
const PROGRAM_MS = 3000;

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

/** Where a time service leaves its mark; null where none of them is known. */
export function clockSynchronised(): boolean | null {
  if (existsSync('/run/systemd/timesync/synchronized')) return true;
  // The folder is made by the service when it starts, the file when it has got the time.
  if (existsSync('/run/systemd/timesync')) return false;
  return null;
}

/** How many units of workers systemd runs; null where there is no systemd. */
export async function unitsActive(clock: Clock): Promise<number | null> {
  if (!existsSync('/run/systemd/system')) return null;
  const words = ['list-units', '--plain', '--no-legend', '--state=active', 'cxbcore@*'];
  const asked = new Promise<string | null>((resolve) => {
    execFile('systemctl', words, { timeout: PROGRAM_MS }, (error, out) => resolve(error ? null : out));
  });
  const text = await Promise.race([asked, sleep(clock, PROGRAM_MS).then(() => null)]);
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

/** Names of servers that calls need and that have no address. */
export async function unresolvedHosts(settings: Settings, clock: Clock): Promise<HostFacts['unresolved']> {
  const addresses = [settings.livekitUrl, settings.startUrl].filter((one) => one !== undefined);
  const hosts = [...new Set(addresses.map((address) => new URL(address).hostname.replace(/^\[|\]$/g, '')))];
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
