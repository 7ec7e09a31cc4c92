import type { ExitName } from '../contract/exit-codes.ts';
import { realClock } from '../kit/clock.ts';
import type { Command, CommandInput } from './command.ts';
import { HOST_OPTIONS, JSON_OPTION } from './host/options.ts';
import { hostSettings } from './host/settings.ts';

export const why: Command = {
  name: 'why',
  summary: 'Say what happened in a call, why it ended, and whose doing that was.',
  description:
    'Reads the journal, the record and the claim of a call on this host, running or over: what was said and done when, ' +
    'what failed, what was slow, which worker died and of what. It shows what callers said. Changes nothing. Exit code 1 ' +
    'when this host knows nothing of the call.',
  examples: [
    { run: 'cxbcore why call_k3v9', means: 'by the id that answers, logs and records name' },
    { run: 'cxbcore why CA5ef8 --json', means: "by the carrier's own id, for a program" },
  ],
  arguments: [{ name: 'call', means: "the call's id, or the carrier's id of it" }],
  options: [...HOST_OPTIONS, JSON_OPTION],
  run,
};

async function run(input: CommandInput): Promise<ExitName> {
  const { settings, dataDirs } = hostSettings(input);
  const { io, options } = input;
  const { findCall } = await import('./why/find.ts');
  const { explain, explanationText } = await import('./why/text.ts');
  const evidence = await findCall(input.arguments[0] ?? '', dataDirs, settings.socketDir, realClock);
  const explanation = explain(evidence);
  io.out(
    options['json'] === true
      ? `${JSON.stringify(whyJson(explanation, evidence.record ?? null), null, 2)}\n`
      : explanationText(explanation, io.terminal && !io.env['NO_COLOR']),
  );
  return evidence.record || evidence.claim ? 'ok' : 'expectationFailed';
}

function whyJson({ callId, ...rest }: { readonly callId: string }, record: object | null): object {
  return { call_id: callId, ...rest, record };
}
