import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { type Clock, sleep } from '../kit/clock.ts';

/** What a simulated caller wants to know of a call's record; everything else in the file is left alone. */
const RECORD = z.object({
  call_id: z.string(),
  carrier_call_id: z.string().nullable(),
  end: z.object({ reason: z.string() }),
  conversation: z.array(
    z.object({
      who: z.enum(['caller', 'agent']),
      /** Text, or what stands for a text that may not be written. */
      text: z.union([z.string(), z.object({ redacted: z.string() })]).optional(),
      keys: z.union([z.string(), z.object({ redacted: z.string() })]).optional(),
      unclear: z.boolean().optional(),
      cut: z.boolean().optional(),
      from_ms: z.number().optional(),
      to_ms: z.number().optional(),
    }),
  ),
  result: z.record(z.string(), z.unknown()),
  counters: z.record(z.string(), z.number()),
});

export type RecordView = z.infer<typeof RECORD>;

const LOOK_MS = 50;
/** Records are looked through by age, and the wanted one has just been written. */
const NEWEST = 64;

/**
 * Waits for the record of a call that has just ended.
 * @param id the call's id, or the carrier's
 * @returns undefined when none has appeared in time
 */
export async function waitForRecord(
  dataDir: string,
  id: string,
  clock: Clock,
  waitMs: number,
): Promise<RecordView | undefined> {
  const endMs = clock.now() + waitMs;
  for (;;) {
    const record = await findRecord(join(dataDir, 'records'), id);
    if (record || clock.now() >= endMs) return record;
    await sleep(clock, LOOK_MS);
  }
}

async function findRecord(folder: string, id: string): Promise<RecordView | undefined> {
  const own = await readRecord(join(folder, `${id}.json`));
  if (own) return own;
  for (const path of await newest(folder)) {
    const record = await readRecord(path);
    if (record?.carrier_call_id === id) return record;
  }
  return undefined;
}

async function newest(folder: string): Promise<string[]> {
  try {
    const names = (await readdir(folder)).filter((name) => name.endsWith('.json'));
    const files = await Promise.all(
      names.map(async (name) => ({ path: join(folder, name), at: (await stat(join(folder, name))).mtimeMs })),
    );
    return files
      .sort((a, b) => b.at - a.at)
      .slice(0, NEWEST)
      .map((file) => file.path);
  } catch {
    return []; // no folder yet, or a file that went away while it was looked at: the next look will tell
  }
}

async function readRecord(path: string): Promise<RecordView | undefined> {
  try {
    return RECORD.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch {
    return undefined; // not there yet, or not a record
  }
}

/** A text of a record as it can be shown. */
export function shownText(text: string | { readonly redacted: string } | undefined): string {
  if (text === undefined) return '';
  return typeof text === 'string' ? text : `[${text.redacted}]`;
}
