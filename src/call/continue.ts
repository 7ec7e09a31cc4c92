import { access, appendFile, unlink } from 'node:fs/promises';
import type { CarrierName } from '../contract/states.ts';
import { JournalExistsError } from '../journal/journal.ts';
import { lineText } from '../journal/line-text.ts';
import type { JournalLine } from '../journal/lines.ts';
import { journalPath, recordPath } from '../journal/paths.ts';
import { readJournal } from '../journal/read.ts';
import { Admission, type AdmissionDeps, type AdmittedFacts } from './admission.ts';
import type { Past } from './past.ts';
import { recall } from './recall.ts';

/** A call cannot go on here: it is over, another worker has it, or it has gone on too often. */
export class NotContinued extends Error {
  constructor(callId: string, why: string) {
    super(`${callId} cannot go on: ${why}`);
    this.name = 'NotContinued';
  }
}

/**
 * Takes a call over from a worker that died: its next incarnation is admitted here, and exists once. The admission has
 * the facts of the line as they were; a line that is opened on it goes on with the conversation.
 *
 * @param cause what became of the worker, such as `killed by SIGKILL`
 * @throws NotContinued, and nothing has changed
 */
export async function continueCall(deps: AdmissionDeps, callId: string, cause: string): Promise<Admission> {
  const { dataDir } = deps.settings;
  const incarnations = await journalsOf(dataDir, callId).catch((error: unknown) => {
    throw new NotContinued(callId, error instanceof Error ? error.message : 'its journal cannot be read');
  });
  const past = recall(incarnations);
  if (!past) throw new NotContinued(callId, 'it has no journal');
  if (past.lines.some((line) => line.kind === 'end')) throw new NotContinued(callId, 'it is over');
  if (past.open.line.outlivesWorker !== true)
    throw new NotContinued(callId, 'its line ended with its worker');
  if (past.incarnation > deps.settings.resurrectMax)
    throw new NotContinued(callId, `it has gone on ${past.incarnation - 1} times already`);
  const died: JournalLine = { kind: 'died', wall_ms: deps.clock.wall(), cause };
  const admission = admitAgain(deps, callId, { ...past, lines: [...past.lines, died] });
  // Its record may have been written meanwhile, because nobody had come for too long.
  if (await exists(recordPath(dataDir, callId))) {
    await admission.journal.close();
    await unlink(admission.journal.path);
    throw new NotContinued(callId, 'it has its record');
  }
  // A newline first: the dead worker may have left half a line.
  await appendFile(journalPath(dataDir, callId, past.incarnation), `\n${lineText(died)}`);
  return admission;
}

function admitAgain(deps: AdmissionDeps, callId: string, past: Past): Admission {
  const { line, agent } = past.open;
  const facts = { ...line, callId, agent: agent.name, carrier: line.carrier as CarrierName };
  const log = deps.log.with({ call_id: callId });
  try {
    return new Admission({ ...deps, log }, facts as AdmittedFacts, past);
  } catch (error) {
    if (error instanceof JournalExistsError) throw new NotContinued(callId, 'another worker has it');
    throw error;
  }
}

/** The lines of each incarnation, in order. */
async function journalsOf(dataDir: string, callId: string): Promise<JournalLine[][]> {
  const found: JournalLine[][] = [];
  for (let n = 1; await exists(journalPath(dataDir, callId, n)); n++)
    found.push([...(await readJournal(journalPath(dataDir, callId, n))).lines]);
  return found;
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
