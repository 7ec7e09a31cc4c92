import type { Command } from '../../src/cli/command.ts';
import { COMMANDS } from '../../src/cli/commands.ts';
import { END_REASONS } from '../../src/contract/end-reasons.ts';
import { ERRORS } from '../../src/contract/errors.ts';
import { EXIT } from '../../src/contract/exit-codes.ts';
import { ROUTES } from '../../src/contract/routes.ts';
import { SETTINGS } from '../../src/contract/settings.ts';
import { fixedLimits } from './fixed-limits.ts';

const MADE =
  '<!-- Made from the tables in the code by `npm run reference`; a test compares. Do not edit. -->';

function page(title: string, lead: string, body: string): string {
  return `${MADE}\n\n# ${title}\n\n${lead}\n\n${body}\n`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function settings(): string {
  const rows = Object.values(SETTINGS).map((setting) => [
    `\`${setting.env}\``,
    setting.shownDefault,
    'unit' in setting && setting.unit !== 'count' ? setting.unit : '',
    `${setting.means}${'secret' in setting ? ' *Secret.*' : ''}`,
  ]);
  return page(
    'Settings',
    'Read once from the environment when a process starts. Every wrong one is reported at once, and the process exits with 78.',
    table(['name', 'default', 'unit', 'meaning'], rows),
  );
}

function commands(): string {
  return page(
    'Commands',
    'Also printed by `cxbcore --help` and `cxbcore COMMAND --help`.',
    COMMANDS.map(command).join('\n\n'),
  );
}

function command({ name, summary, description, examples, options, ...rest }: Command): string {
  const args = (rest.arguments ?? []).map(({ name: arg, optional, many }) =>
    optional ? `[${arg}${many ? '...' : ''}]` : `<${arg}${many ? '...' : ''}>`,
  );
  const parts = [`## cxbcore ${[name, ...args].join(' ')}`, summary, description];
  if (rest.arguments?.length)
    parts.push(
      table(
        ['argument', 'meaning'],
        rest.arguments.map((arg) => [`\`${arg.name}\``, arg.means]),
      ),
    );
  if (options.length)
    parts.push(
      table(
        ['option', 'default', 'meaning'],
        options.map((o) => [`\`${o.flags}\``, o.default ?? '', o.means]),
      ),
    );
  parts.push(
    ['```console', ...examples.flatMap(({ run, means }) => [`# ${means}`, `$ ${run}`]), '```'].join('\n'),
  );
  return parts.join('\n\n');
}

/** Every reference page by its file name below docs/reference. */
export const REFERENCE_PAGES: Readonly<Record<string, () => string>> = {
  'settings.md': settings,
  'commands.md': commands,
  'errors.md': () =>
    page(
      'Errors',
      'The body is `{"error": code, "message": what, why and what to do}`. One meaning per code, one status per code.',
      table(
        ['code', 'status', 'meaning'],
        Object.entries(ERRORS).map(([code, { status, means }]) => [`\`${code}\``, String(status), means]),
      ),
    ),
  'routes.md': () =>
    page(
      'Routes',
      '`call`: the socket of starts, open only while the seat is free. `control`: always open, to the same user only, never through the front. `front`: answered by the front itself.',
      table(
        ['method', 'path', 'socket', 'meaning'],
        ROUTES.map(({ method, path, socket, means }) => [method, `\`${path}\``, socket, means]),
      ),
    ),
  'end-reasons.md': () =>
    page(
      'End reasons',
      'Every call ends once, for one of these reasons. The part before the dot says whose doing it was.',
      table(
        ['reason', 'meaning'],
        Object.entries(END_REASONS).map(([reason, means]) => [`\`${reason}\``, means]),
      ),
    ),
  'limits.md': () =>
    page(
      'Fixed limits',
      'What an operator may want to change is a [setting](settings.md). These limits are constants beside the code that keeps them, because no value but this one was ever wanted.',
      table(
        ['limit', 'value', 'meaning'],
        fixedLimits().map(({ path, name, value, means }) => [
          `\`${path.replace(/^src\//, '')}\` \`${name}\``,
          value,
          means ?? '',
        ]),
      ),
    ),
  'exit-codes.md': () =>
    page(
      'Exit codes',
      'What our processes and commands say by ending.',
      table(
        ['code', 'meaning'],
        Object.values(EXIT).map(({ code, means }) => [String(code), means]),
      ),
    ),
};
