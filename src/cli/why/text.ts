import pc from 'picocolors';
import { columns, duration } from '../host/words.ts';
import type { Evidence } from './find.ts';
import { type Moment, momentsOf } from './moments.ts';
import { type Slow, slowParts } from './slow.ts';
import { type Verdict, verdictOf } from './verdict.ts';

/** What happened in a call, said to a person. */
export interface Explanation {
  readonly callId: string;
  /** In one sentence. */
  readonly summary: string;
  readonly verdict: Verdict | null;
  readonly detail: string | null;
  readonly moments: readonly Moment[];
  readonly slow: readonly Slow[];
  readonly notes: readonly string[];
}

export function explain(evidence: Evidence): Explanation {
  const { callId, record, lines } = evidence;
  const ended = evidence.recorded || lines.some(({ kind }) => kind === 'end');
  return {
    callId,
    summary: summaryOf(evidence),
    verdict: record && ended ? verdictOf(record.end.reason) : null,
    detail: (ended && record?.end.detail) || null,
    moments: momentsOf(lines),
    slow: slowParts(lines),
    notes: notesOf(evidence),
  };
}

function summaryOf({ callId, record, running, recorded, lines, claim, standing, dataDir }: Evidence): string {
  if (!record || dataDir === undefined) return neverHere(callId, claim, standing);
  const who = `${record.agent?.name ?? 'an unknown agent'} over ${record.carrier ?? 'an unknown carrier'}`;
  const began = record.started_at === null ? '' : `, begun ${record.started_at}`;
  if (running)
    return `${callId} is running: ${who}${began}, on worker ${record.incarnations.at(-1)?.worker ?? '?'}.`;
  const length = duration(record.duration_s);
  if (recorded || lines.some(({ kind }) => kind === 'end'))
    return `${callId} ended with ${record.end.reason} after ${length}: ${who}${began}.`;
  return `${callId} has no end: its worker is dead and nobody has settled it yet (${who}${began}).`;
}

function neverHere(callId: string, claim: Evidence['claim'], standing: Evidence['standing']): string {
  if (claim) {
    const until = claim.expires_ms === undefined ? '' : `, until ${new Date(claim.expires_ms).toISOString()}`;
    const owner = standing === 'dead' ? 'whose process is dead' : `process ${claim.owner.pid}`;
    return `${callId} was started with ${claim.route} and is ${claim.state}${until} by worker ${claim.worker}, ${owner}; it has no journal here.`;
  }
  return (
    `No call ${callId} was ever admitted on this host. A refused start leaves nothing behind: look for it in the access ` +
    'log of nginx ("outcome":"refused" or status 401), on the other hosts of the ingress, and whether the id is right.'
  );
}

function notesOf({ record, unreadable, recorded, running, claim, standing }: Evidence): string[] {
  const notes: string[] = [];
  for (const { n, worker, pid, ended, cause } of record?.incarnations ?? [])
    if (ended === 'died' && !running)
      notes.push(
        `incarnation ${n} died with worker ${worker} (process ${pid}): ${cause ?? 'nobody saw why'}`,
      );
  if (record && record.journal.dropped > 0)
    notes.push(`${record.journal.dropped} lines of the journal are missing: it was full, or the disk was`);
  if (record && !recorded && !running)
    notes.push('the record is not written yet; the next worker that starts writes it');
  if (claim && standing === 'dead') notes.push('its claim is held by a process that is dead');
  notes.push(...unreadable);
  return notes;
}

export function explanationText(explanation: Explanation, colours: boolean): string {
  const colour = pc.createColors(colours);
  const { summary, verdict, detail, moments, slow, notes } = explanation;
  const lines = [colour.bold(summary)];
  if (verdict) {
    lines.push(`  what it means  ${verdict.means}`, `  whose doing    ${verdict.whose}`);
    if (detail !== null) lines.push(`  detail         ${detail}`);
    if (verdict.remedy !== null) lines.push(`  what to do     ${verdict.remedy}`);
  }
  for (const note of notes) lines.push(colour.yellow(`  note           ${note}`));
  if (moments.length > 0) {
    const rows = columns(moments.map(({ at, who, words }) => [timeOf(at), who, words]));
    lines.push('', ...rows.map((row, i) => `  ${moments[i]?.bad ? colour.red(row) : row}`));
  }
  if (slow.length > 0) {
    const rows = columns(slow.map((one) => [timeOf({ ms: one.ms }), `${one.tookMs} ms`, one.words]));
    lines.push('', 'Slow:', ...rows.map((row) => `  ${colour.yellow(row)}`));
  }
  return `${lines.join('\n')}\n`;
}

function timeOf(at: Moment['at']): string {
  if ('wallMs' in at) return new Date(at.wallMs).toISOString().slice(11, 19);
  const seconds = at.ms / 1000;
  return `${String(Math.floor(seconds / 60)).padStart(2)}:${(seconds % 60).toFixed(1).padStart(4, '0')}`;
}
