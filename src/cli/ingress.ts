import type { ExitName } from '../contract/exit-codes.ts';
import { IngressError } from '../ops/haproxy/description.ts';
import { type Command, type CommandInput, UsageError } from './command.ts';
import { INGRESS_FILE } from './config-haproxy.ts';

const VERBS = ['add', 'remove', 'drain', 'undrain', 'list', 'check', 'renew'] as const;
export type Verb = (typeof VERBS)[number];
const WITHOUT_HOST: readonly Verb[] = ['list', 'check', 'renew'];

export const ingress: Command = {
  name: 'ingress',
  summary: 'Add, remove and drain the hosts behind an HAProxy ingress',
  description:
    `Works on the ingress of this machine, which ${INGRESS_FILE} describes, while it runs. add HOST: asks the host ` +
    'for its fleet, writes the files, has HAProxy check them, adds the fleet out of rotation, places a test call on ' +
    'it, and takes it in. remove FLEET: drains it, waits until its last call is over, and takes it out. drain and ' +
    'undrain FLEET: no new calls, and calls again. list: what HAProxy has now. check: whether everything fits ' +
    'together. renew: gives HAProxy the certificate that its file holds now. Every step is printed; when one fails, ' +
    'those before it are taken back, and the same after Ctrl-C.',
  examples: [
    { run: 'cxbcore ingress add 10.0.0.15', means: 'add the host, without a new HAProxy process' },
    { run: 'cxbcore ingress add 10.0.0.15 --dry-run', means: 'ask the host, and print what would be done' },
    {
      run: 'cxbcore ingress remove f5 --by reload',
      means: 'take a fleet out by files and a graceful reload',
    },
    { run: 'cxbcore ingress remove f5 --lost', means: 'the host is gone: wait for nobody' },
    { run: 'cxbcore ingress check', means: 'exit code 1 when anything does not fit together' },
  ],
  arguments: [
    { name: 'verb', means: VERBS.join(', ') },
    {
      name: 'host',
      means: 'add: an address such as 10.0.0.15 or 10.0.0.15:8080; else the name of a fleet',
      optional: true,
    },
  ],
  options: [
    { flags: '--file <path>', means: `the description of the ingress (${INGRESS_FILE})` },
    { flags: '--by <way>', means: 'add, remove: hot (the runtime interface) or reload', default: 'hot' },
    { flags: '--name <fleet>', means: 'add: the name the host must give itself' },
    {
      flags: '--check-port <n>',
      means: 'add: the port of its agent-check (CXBCORE_CHECK_LISTEN)',
      default: '8081',
    },
    { flags: '--workers <n>', means: 'add: how many calls it takes; what the host says when not given' },
    { flags: '--without-call', means: 'add: place no test call' },
    { flags: '--lost', means: 'remove: the host is gone, so do not wait for its calls' },
    { flags: '--dry-run', means: 'print the steps and do none of them' },
    { flags: '--json', means: 'print one JSON document, and nothing else' },
  ],
  async run(input) {
    const { verb, host } = wordsOf(input);
    try {
      const { change, show } = await import('./ingress-work.ts');
      return verb === 'list' || verb === 'check' || verb === 'renew'
        ? await show(verb, input)
        : await change(verb, host, input);
    } catch (error) {
      if (!(error instanceof IngressError)) throw error;
      return failed(input, error.message);
    }
  },
};

function wordsOf({ arguments: words }: CommandInput): { readonly verb: Verb; readonly host: string } {
  const [word = '', host, ...more] = words;
  const verb = VERBS.find((known) => known === word);
  if (!verb) throw new UsageError(`there is no "cxbcore ingress ${word}"; there is ${VERBS.join(', ')}`);
  const alone = WITHOUT_HOST.includes(verb);
  if (more.length > 0 || (alone && host !== undefined))
    throw new UsageError(`"cxbcore ingress ${verb}" takes ${alone ? 'no host' : 'one host'}`);
  if (!alone && !host)
    throw new UsageError(`say which: cxbcore ingress ${verb} ${verb === 'add' ? '<address>' : '<fleet>'}`);
  return { verb, host: host ?? '' };
}

function failed({ options, io }: CommandInput, why: string): ExitName {
  if (options['json']) io.out(`${JSON.stringify({ ok: false, why })}\n`);
  else io.err(`error: ${why}\n`);
  return 'notNow';
}
