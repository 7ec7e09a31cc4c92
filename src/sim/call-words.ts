import { type RecordView, shownText } from './call-record.ts';
import type { ConversationReport } from './conversation-report.ts';

/** Adds what the host's record knows and the line's protocol does not say: words, and why the call ended. */
export function withRecord(report: ConversationReport, record: RecordView | undefined): ConversationReport {
  if (!record) return report;
  const transcript = record.conversation.flatMap(({ who, text, keys, from_ms }) => {
    const words =
      text === undefined ? (keys === undefined ? '' : `keys ${shownText(keys)}`) : shownText(text);
    return words ? [{ who, text: words, at_ms: from_ms ?? 0 }] : [];
  });
  return { ...report, end: { ...report.end, reason: record.end.reason }, transcript };
}

/** Words of the agent, and when they became known. */
export interface SaidWords {
  readonly atMs: number;
  readonly text: string;
}

/** How long before its sound the words of a reply may be known, in milliseconds. */
const EARLY_MS = 400;

/** The agent's words put where they were heard: at the beginning of the turn that was sounding, or about to. */
export function placedTexts(
  report: ConversationReport,
  said: readonly SaidWords[],
): { readonly fromMs: number; readonly text: string }[] {
  const turns = report.turns.filter(({ who }) => who === 'agent').map(({ from_ms }) => from_ms);
  const placed = new Map<number, string[]>();
  for (const { atMs, text } of said) {
    const fromMs = turns.findLast((from) => from <= atMs + EARLY_MS) ?? atMs;
    placed.set(fromMs, [...(placed.get(fromMs) ?? []), text.trim()]);
  }
  return [...placed].map(([fromMs, texts]) => ({ fromMs, text: texts.join(' ') }));
}
