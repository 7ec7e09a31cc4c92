import { shownText } from '../../sim/call-record.ts';
import { wordsRight } from '../../sim/words.ts';
import type { Missed, Played } from './play.ts';

/** One caller's line in the table. */
export interface Row {
  readonly name: string;
  readonly turns: number;
  /** End of what the caller said or keyed to the first sound, of every answered turn, in milliseconds. */
  readonly delays_ms: readonly number[];
  readonly barge_in_ms: number | null;
  readonly underruns: number;
  readonly words: { readonly right: number; readonly of: number };
  /** Of the worker while it carried this call: its share of memory. */
  readonly pss_mb: number | null;
  readonly end: string;
}

export interface Expectation {
  readonly caller: string;
  readonly what: string;
  readonly held: boolean;
  readonly seen: string;
}

export function rowOf({ role, report, record }: Played, pssBytes: number | undefined): Row {
  const said = report.turns.flatMap(({ who, text }) => (who === 'caller' && text ? [text] : []));
  const heard = (record?.conversation ?? []).flatMap(({ who, text }) =>
    who === 'caller' ? [shownText(text)] : [],
  );
  return {
    name: role.name,
    turns: report.responses.length,
    delays_ms: report.responses.flatMap(({ delay_ms }) => (delay_ms === null ? [] : [delay_ms])),
    barge_in_ms: report.barge_ins[0]?.delay_ms ?? null,
    underruns: report.underruns.length,
    words: wordsRight(said.join(' '), heard.join(' ')),
    pss_mb: pssBytes === undefined ? null : Math.round(pssBytes / 1e6),
    end: report.end.reason ?? 'unknown',
  };
}

export function missed({ role, why }: Missed): Expectation {
  return { caller: role.name, what: 'the call was placed', held: false, seen: why };
}

/** Everything that has to be true of a call for the demo to have shown what it says. */
export function expectationsOf(played: Played): Expectation[] {
  const { role, report, record, outcome } = played;
  const of = (what: string, held: boolean, seen: unknown): Expectation => ({
    caller: role.name,
    what,
    held,
    seen: typeof seen === 'string' ? seen : JSON.stringify(seen ?? null),
  });
  const cut = report.responses.filter(({ how }) => how === 'cut' || how === 'unanswered').length;
  const list = [
    of('the caller could say everything', outcome.how === 'done', outcome.why ?? outcome.how),
    of(
      'the agent ended the call when it was done',
      report.end.reason === 'agent.finished',
      report.end.reason,
    ),
    of('every turn was answered, none cut short', cut === 0, `${cut} of ${report.responses.length}`),
    of('the agent broke off nowhere', report.underruns.length === 0, report.underruns),
    of('the agent kept to the protocol', report.faults.length === 0, report.faults),
    ...Object.entries(role.result).map(([field, value]) =>
      of(
        `the record says ${field}: ${JSON.stringify(value)}`,
        record?.result[field] === value,
        record?.result[field],
      ),
    ),
  ];
  if (role.interrupts) {
    const delay = report.barge_ins[0]?.delay_ms;
    list.push(of('the agent fell silent when it was interrupted', typeof delay === 'number', delay));
  }
  if (role.keys) {
    const keyed = report.turns.filter(({ keys }) => keys).length;
    list.push(of('keys were pressed and answered', keyed > 0, keyed));
  }
  if (role.refusedFirst) {
    const { refusal } = played;
    list.push(
      of(
        'the call was refused with 429 at_capacity while all seats were taken',
        refusal?.status === 429 && refusal.code === 'at_capacity',
        refusal,
      ),
      of('and placed when a seat was free', refusal !== undefined && record !== undefined, refusal),
    );
  }
  return list;
}

export function median(values: readonly number[]): number | undefined {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)];
}
