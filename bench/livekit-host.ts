// A whole host, with fleetd and its front, beside a real LiveKit server: what `cxbcore up` runs.
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dispose } from '@livekit/rtc-node';
import type { HostEvent } from '../src/fleet/events.ts';
import { type Host, startHost } from '../src/fleet/host.ts';
import { keepAlive, realClock } from '../src/kit/clock.ts';
import { packageRoot } from '../src/kit/entry.ts';
import { silentLog } from '../src/kit/log.ts';
import { dispatchOf, type Ringing } from '../test/livekit/support/calls.ts';
import { KEY, LiveKitServer } from '../test/livekit/support/server.ts';

export interface LiveKitHost {
  readonly host: Host;
  readonly server: LiveKitServer;
  /** Asks the host's front for a seat for a caller who rings. Returns the status. */
  readonly dispatch: (at: Ringing['at']) => Promise<number>;
  readonly hasRecord: (callId: string) => boolean;
  readonly close: () => Promise<void>;
}

/** All workers are ready. */
export async function openLiveKitHost(options: {
  readonly workers: number;
  /** A folder of agents, from the package's root. */
  readonly agents: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly onEvent?: (event: HostEvent) => void;
}): Promise<LiveKitHost> {
  const { workers, agents, env = {}, onEvent } = options;
  const folder = mkdtempSync(join(tmpdir(), 'cxb-bench-'));
  const letGo = keepAlive();
  const server = await LiveKitServer.start();
  let host: Host | undefined;
  const close = async () => {
    await host?.stop('now');
    await server.stop();
    await dispose();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    letGo();
  };
  try {
    host = await startHost({
      workers,
      frontPort: 0,
      front: 'auto',
      socketDir: folder,
      dataDir: join(folder, 'data'),
      env: {
        ...process.env,
        CXBCORE_MODE: 'development',
        CXBCORE_AGENTS: join(packageRoot, agents),
        LIVEKIT_URL: server.url,
        LIVEKIT_API_KEY: KEY.key,
        LIVEKIT_API_SECRET: KEY.secret,
        LOG_LEVEL: 'error',
        ...env,
      },
      clock: realClock,
      log: silentLog,
      ...(onEvent && { onEvent }),
    });
    await host.ready(workers);
  } catch (error) {
    await close();
    throw error;
  }
  const { url } = host;
  return {
    host,
    server,
    dispatch: async (at) => {
      const answer = await fetch(`${url}/livekit/dispatch`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(dispatchOf(at).body),
      });
      await answer.text();
      return answer.status;
    },
    hasRecord: (callId) => existsSync(join(folder, 'data/records', `${callId}.json`)),
    close,
  };
}
