import { access, appendFile } from 'node:fs/promises';
import type { Settings } from '../contract/settings.ts';
import type { Clock } from '../kit/clock.ts';
import { lineText } from './line-text.ts';
import type { JournalLine } from './lines.ts';
import { journalPath } from './paths.ts';

/** Calls whose worker died and that may go on in another one. */

/** Until when another worker may take the call up; undefined when none can. Notes the death, so that the wait has a start. */
export async function waitsUntil(
  lines: readonly JournalLine[],
  path: string,
  cause: string | undefined,
  clock: Clock,
): Promise<number | undefined> {
  const open = lines.findLast((line) => line.kind === 'open');
  if (!open) return undefined;
  const settings = open.settings as Partial<Settings>;
  // A call that was promised and has no line yet may still get it elsewhere.
  const { line } = lines.findLast((one) => one.kind === 'line') ?? open;
  if (line.outlivesWorker !== true || open.incarnation > (settings.resurrectMax ?? 0)) return undefined;
  const began = lines.lastIndexOf(open);
  const died = lines.find((line, at) => line.kind === 'died' && at > began);
  const wall_ms = died?.kind === 'died' ? died.wall_ms : clock.wall();
  if (!died)
    await appendFile(path, `\n${lineText({ kind: 'died', wall_ms, cause: cause ?? 'its process is gone' })}`);
  return wall_ms + (settings.resurrectWaitS ?? 0) * 1000;
}

/** Whether this incarnation of the call has begun. */
export async function wasTakenUp(dataDir: string, callId: string, incarnation: number): Promise<boolean> {
  return access(journalPath(dataDir, callId, incarnation)).then(
    () => true,
    () => false,
  );
}
