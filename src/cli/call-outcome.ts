import type { CallerOutcome } from '../sim/caller.ts';
import type { ConversationReport } from '../sim/conversation-report.ts';
import { plain } from '../sim/words.ts';
import { manyOf, textOf } from './call-plan.ts';
import type { CommandInput } from './command.ts';

/** Everything that was told to come true and did not, in words. */
export function failedExpectations(
  report: ConversationReport,
  outcome: CallerOutcome,
  options: CommandInput['options'],
): string[] {
  const failures: string[] = [];
  if (outcome.how === 'stuck') failures.push(outcome.why ?? 'the caller could not go on');
  if (outcome.how === 'ended') failures.push(`the caller had not done everything: ${outcome.why ?? ''}`);
  const said = ` ${plainWords(report)} `;
  const wanted = manyOf(options, 'expect');
  const silent = report.transcript.length === 0;
  for (const text of wanted) {
    if (silent)
      failures.push(`expected the agent to say “${text}”, but its words are not known: ${NO_WORDS}`);
    else if (!said.includes(` ${plain(text)} `))
      failures.push(`expected the agent to say “${text}”, and it did not`);
  }
  const end = textOf(options, 'expectEnd');
  if (end !== undefined && report.end.reason !== end)
    failures.push(
      report.end.reason === null
        ? `expected the call to end with ${end}, but the reason is not known: ${NO_WORDS}`
        : `expected the call to end with ${end}; it ended with ${report.end.reason}`,
    );
  return failures;
}

const NO_WORDS = "name the host's data folder with --data-dir, or use --protocol pcm";

function plainWords(report: ConversationReport): string {
  return plain(
    report.transcript
      .filter((line) => line.who === 'agent')
      .map((line) => line.text)
      .join(' '),
  );
}

/** The figures of a call, a line each. */
export function summary(report: ConversationReport): string {
  const list = (values: readonly (number | null)[]) =>
    values.map((value) => (value === null ? 'never' : `${Math.round(value)} ms`)).join(', ');
  const lines = [
    `length           ${(report.duration_ms / 1000).toFixed(1)} s`,
    `first audio      ${report.first_audio_ms === null ? 'none' : `${Math.round(report.first_audio_ms)} ms after the start`}`,
  ];
  if (report.responses.length > 0) {
    const delays = report.responses.map(({ how, delay_ms }) =>
      how === 'answered' ? `${Math.round(delay_ms ?? 0)} ms` : how,
    );
    lines.push(`answers after    ${delays.join(', ')}`);
  }
  if (report.barge_ins.length > 0)
    lines.push(`silent after     ${list(report.barge_ins.map((barge) => barge.delay_ms))}`);
  lines.push(`underruns        ${report.underruns.length}`);
  for (const fault of report.faults) lines.push(`protocol fault   ${fault}`);
  return lines.join('\n');
}
