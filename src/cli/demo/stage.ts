import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { HostEvent } from '../../fleet/events.ts';
import { type Host, startHost } from '../../fleet/host.ts';
import { type Clock, realClock } from '../../kit/clock.ts';
import { packageRoot } from '../../kit/entry.ts';
import { newId, realChance } from '../../kit/ids.ts';
import { silentLog } from '../../kit/log.ts';

/** A host of its own for the demo: nothing that runs on this machine already is touched. */
export interface Stage {
  readonly host: Host;
  readonly clock: Clock;
  /** Makes the ids of this run's calls differ from those of every other. */
  readonly run: string;
  /** Where recordings, pictures and reports go. */
  readonly folder: string;
  close(): Promise<void>;
}

/** What a process needs to run at all; a host of a command's own inherits nothing of CXB Core's settings. */
export const KEPT = ['PATH', 'HOME', 'USER', 'LANG', 'LC_ALL', 'TMPDIR', 'NODE_OPTIONS'];

export async function openStage(options: {
  workers: number;
  front: 'auto' | 'nginx' | 'builtin';
  out: string | undefined;
  env: Readonly<Record<string, string | undefined>>;
  onEvent: (event: HostEvent) => void;
}): Promise<Stage> {
  const clock = realClock;
  const folder = makeFolder(options.out, clock);
  // Socket paths have to be short, so they are not below the folder of the results.
  const run = mkdtempSync(join(tmpdir(), 'cxb-demo-'));
  const kept = Object.fromEntries(KEPT.map((name) => [name, options.env[name]]));
  try {
    const host = await startHost({
      workers: options.workers,
      frontPort: 0,
      front: options.front,
      socketDir: run,
      dataDir: join(folder, 'host'),
      env: {
        ...kept,
        CXBCORE_MODE: 'development',
        CXBCORE_AGENTS: join(packageRoot, 'agents'),
        CXBCORE_WORKERS: String(options.workers),
      },
      clock,
      log: silentLog,
      onEvent: options.onEvent,
    });
    return {
      host,
      clock,
      run: newId('demo', realChance, 6),
      folder,
      async close() {
        await host.stop('now');
        rmSync(run, { recursive: true, force: true });
      },
    };
  } catch (error) {
    rmSync(run, { recursive: true, force: true });
    throw error;
  }
}

/** `data/demo/<time>` where the demo was started, or a temporary folder where that cannot be written. */
function makeFolder(given: string | undefined, clock: Clock): string {
  const name = new Date(clock.wall()).toISOString().slice(0, 19).replaceAll(':', '-');
  const folder = resolve(given ?? join('data', 'demo', name));
  try {
    mkdirSync(folder, { recursive: true });
    return folder;
  } catch (error) {
    if (given !== undefined) throw error;
    return mkdtempSync(join(tmpdir(), 'cxb-demo-results-'));
  }
}
