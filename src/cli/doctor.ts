import pc from 'picocolors';
import type { ExitName } from '../contract/exit-codes.ts';
import { realClock } from '../kit/clock.ts';
import type { Command, CommandInput } from './command.ts';
import { type Finding, findingsOf, notSeen } from './doctor/check.ts';
import { FRONT_CHECKS } from './doctor/front-checks.ts';
import { HOST_CHECKS } from './doctor/host-checks.ts';
import { SEAT_CHECKS } from './doctor/seat-checks.ts';
import { HOST_OPTIONS, JSON_OPTION } from './host/options.ts';
import { plural } from './host/words.ts';

const CHECKS = [...HOST_CHECKS, ...SEAT_CHECKS, ...FRONT_CHECKS];

export const doctor: Command = {
  name: 'doctor',
  summary: 'Look for what is wrong with this host, and say what to do about it.',
  description:
    'Looks at the settings, the sockets and workers, the configuration of nginx, systemd and, where it is here, the ' +
    'ingress, at permissions and limits, and sends one request through the front that starts no call. Changes nothing. ' +
    'What could not be seen is named. Exit code 1 when something was found.',
  examples: [
    { run: 'sudo cxbcore doctor', means: 'a host that systemd runs' },
    { run: 'cxbcore doctor --nginx fleet.conf', means: 'with the configuration of nginx from elsewhere' },
  ],
  options: [
    ...HOST_OPTIONS,
    { flags: '--port <n>', means: 'the port of the front (CXBCORE_HTTP_PORT, 8080)' },
    { flags: '--nginx <path>', means: "nginx's configuration, a file or folder (/etc/nginx)" },
    { flags: '--units <path>', means: 'the unit of the workers, a file or folder (/etc/systemd/system)' },
    { flags: '--haproxy <path>', means: "the ingress's configuration, a file or folder (/etc/haproxy)" },
    JSON_OPTION,
  ],
  run,
};

async function run(input: CommandInput): Promise<ExitName> {
  const { collectFacts } = await import('./doctor/collect.ts');
  const { io, options } = input;
  const facts = await collectFacts(input, realClock);
  const findings = findingsOf(facts, CHECKS);
  const unseen = notSeen(facts);
  io.out(
    options['json'] === true
      ? `${JSON.stringify({ findings, not_seen: unseen }, null, 2)}\n`
      : doctorText(findings, unseen, io.terminal && !io.env['NO_COLOR']),
  );
  return findings.length === 0 ? 'ok' : 'expectationFailed';
}

function doctorText(findings: readonly Finding[], unseen: readonly string[], colours: boolean): string {
  const colour = pc.createColors(colours);
  const blocks = findings.map(({ id, found, why, remedy }) =>
    [
      colour.red(colour.bold(id)),
      ...found.map((one) => `  ${one}`),
      `  why it matters  ${why}`,
      `  what to do      ${remedy}`,
      '',
    ].join('\n'),
  );
  const verdict =
    findings.length === 0
      ? colour.green(`Nothing wrong was found by ${plural(CHECKS.length, 'check')}.`)
      : colour.bold(`${plural(findings.length, 'thing')} to look at.`);
  const rest = unseen.length === 0 ? '' : colour.dim(`Not seen, so not judged: ${unseen.join('; ')}.\n`);
  return `${blocks.join('\n')}${blocks.length > 0 ? '\n' : ''}${verdict}\n${rest}`;
}
