import { NotContinued } from '../call/continue.ts';
import { JournalExistsError } from '../journal/journal.ts';
import type { Log } from '../kit/log.ts';
import { StartRefused, type StartRequest } from '../ports/requested.ts';
import { errorAnswer } from './answer.ts';
import type { PostOutcome } from './post-outcome.ts';

/** What a start that could not be carried out is answered. */
export function refusalOf(error: unknown, callId: string, log: Log): PostOutcome {
  if (error instanceof StartRefused) {
    log.info('a start by request was refused', { code: error.code, why: error.message });
    return { answer: errorAnswer(error.code, error.message, { callId }), code: error.code };
  }
  if (error instanceof NotContinued)
    return { answer: errorAnswer('gone', `${error.message}.`, { callId }), code: 'gone' };
  if (error instanceof JournalExistsError) {
    const message = `The call id ${callId} was used by a call before. Take a new one.`;
    return { answer: errorAnswer('id_conflict', message, { callId }), code: 'id_conflict' };
  }
  log.error('a start by request failed', { error });
  const message = 'The call could not be started. The log of the worker has the details.';
  return { answer: errorAnswer('internal', message, { callId }), code: 'internal' };
}

export function unusable({ callId }: StartRequest, why: string): PostOutcome {
  return { answer: errorAnswer('unusable', `${why}.`, { callId }), code: 'unusable' };
}

export function noAgent(name: string | undefined): string {
  return name === undefined
    ? 'The start names no agent, and this host has no default one (CXBCORE_AGENT)'
    : `There is no agent ${JSON.stringify(name)} on this host`;
}
