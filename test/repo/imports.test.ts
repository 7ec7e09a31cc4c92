import { describe, expect, it } from 'vitest';
import { type Edge, filesBelow, importsOf } from './source.ts';

/** What a part may import besides itself, and why not more. */
interface Rule {
  readonly part: string;
  readonly may: readonly string[];
  readonly because: string;
}

const BELOW_PORTS = ['agent', 'journal', 'audio', 'contract', 'kit'];
const BELOW_SIBLINGS = ['ports', ...BELOW_PORTS];

const RULES: readonly Rule[] = [
  { part: 'kit', may: [], because: 'kit has no domain: everything may use it, so it may use nothing' },
  { part: 'contract', may: ['kit'], because: 'both planes read it, so it carries neither' },
  { part: 'audio', may: ['contract', 'kit'], because: 'samples are pure: they know no call' },
  {
    part: 'journal',
    may: ['audio', 'contract', 'kit'],
    because: 'the control plane reads journals without the code of a call',
  },
  {
    part: 'claims',
    may: ['contract', 'kit'],
    because: 'workers and fleetd answer for the same calls, each in its own plane',
  },
  {
    part: 'agent',
    may: ['journal', 'audio', 'contract', 'kit'],
    because: 'what users write must not depend on how it is run',
  },
  {
    part: 'ports',
    may: BELOW_PORTS,
    because: 'interfaces only: they may name data, never an implementation',
  },
  {
    part: 'call',
    may: BELOW_SIBLINGS,
    because: 'call, brains, speech and carriers see each other only through ports',
  },
  {
    part: 'brains',
    may: BELOW_SIBLINGS,
    because: 'call, brains, speech and carriers see each other only through ports',
  },
  {
    part: 'speech',
    may: BELOW_SIBLINGS,
    because: 'call, brains, speech and carriers see each other only through ports',
  },
  {
    part: 'carriers',
    may: BELOW_SIBLINGS,
    because: 'call, brains, speech and carriers see each other only through ports',
  },
  {
    part: 'testing',
    may: ['call', 'brains', 'speech', ...BELOW_SIBLINGS],
    because: 'fakes drive a call without a worker, a carrier or a provider',
  },
  {
    part: 'worker',
    may: ['call', 'brains', 'speech', 'carriers', 'claims', ...BELOW_SIBLINGS],
    because: 'the worker joins the data plane; tests never run in it',
  },
  {
    part: 'sim',
    may: ['audio', 'contract', 'kit', 'speech'],
    because:
      'the other end of the line is written from the wire, not from our adapters; of speech it has one voice',
  },
  {
    part: 'announcer',
    may: ['speech', 'carriers', ...BELOW_SIBLINGS],
    because: 'a process that says one sentence joins a carrier and a voice, and needs no call',
  },
  { part: 'ops', may: ['contract', 'kit'], because: 'text for other programs needs no media code' },
  {
    part: 'fleet',
    may: ['ops', 'claims', 'journal', 'contract', 'kit'],
    because: 'a supervisor that imports media code dies of its faults',
  },
  {
    part: 'cli',
    may: ['sim', 'fleet', 'ops', 'claims', 'agent', 'journal', 'audio', 'contract', 'kit'],
    because: 'commands start workers by path and never load the data plane',
  },
];

/** Single files that may do more than their part, each with its reason. */
const EXCEPTIONS: readonly { readonly from: string; readonly to: string; readonly because: string }[] = [
  ...[
    ['dispatcher', 'keys'],
    ['dispatcher', 'participant'],
    ['dispatcher', 'rooms'],
    ['dispatcher', 'webhook'],
    ['overflow', 'participant'],
    ['overflow', 'rooms'],
  ].map(([file, half]) => ({
    from: `src/fleet/fleetd/${file}.ts`,
    to: `src/carriers/livekit/${half}.ts`,
    because: 'the half of a carrier without media: webhooks and requests to its server',
  })),
  {
    from: 'src/fleet/fleetd/refused.ts',
    to: 'src/carriers/livekit/visitors.ts',
    because: 'a visitor who asks again gets a token of now, whoever answers; it is made without the client',
  },
];

const part = (path: string) => path.split('/')[1] ?? '';
const isTest = (path: string) => path.endsWith('.test.ts');
const inSource = (edge: Edge) => edge.to.startsWith('src/');

const files = filesBelow('src', ['.ts']);
const edges = files.flatMap(importsOf);
const own = edges.filter(inSource);

describe('imports only go down', () => {
  it('sees the imports at all', () => {
    expect(files.length).toBeGreaterThan(40);
    expect(own.length).toBeGreaterThan(100);
    for (const { part: name } of RULES)
      expect(own.some((edge) => part(edge.from) === name) || name === 'kit', name).toBe(true);
  });

  it.each(RULES)('src/$part imports only what it may: $because', ({ part: name, may }) => {
    const wrong = own
      .filter((edge) => part(edge.from) === name && !isTest(edge.from))
      .filter((edge) => part(edge.to) !== name && !may.includes(part(edge.to)))
      .filter(
        (edge) => !EXCEPTIONS.some((exception) => exception.from === edge.from && exception.to === edge.to),
      )
      .map((edge) => `${edge.from} -> ${edge.to}`);
    expect(wrong).toEqual([]);
  });

  it('has a rule for every folder of src', () => {
    const folders = new Set(files.filter((path) => path.split('/').length > 2).map(part));
    expect([...folders].sort()).toEqual(RULES.map((rule) => rule.part).sort());
  });

  it('takes from speech into sim only the voice', () => {
    const taken = own
      .filter((edge) => part(edge.from) === 'sim' && part(edge.to) === 'speech')
      .map((edge) => edge.to);
    expect(taken.filter((to) => to !== 'src/speech/device/flite.ts')).toEqual([]);
  });

  it('lets the fleet see of a carrier nothing of its media', () => {
    expect(
      own
        .filter((edge) => part(edge.from) === 'fleet' && /^src\/carriers\/.*\/media/.test(edge.to))
        .map((edge) => edge.from),
    ).toEqual([]);
  });

  it('imports testing only from tests and the public entry', () => {
    const wrong = own.filter(
      (edge) => part(edge.to) === 'testing' && part(edge.from) !== 'testing' && !isTest(edge.from),
    );
    expect(wrong.map((edge) => `${edge.from} -> ${edge.to}`)).toEqual([]);
  });

  it('keeps the test files of the control plane away from the data plane', () => {
    const control = ['cli', 'fleet', 'ops', 'sim'];
    const data = ['worker', 'call', 'brains', 'carriers', 'testing'];
    const wrong = own.filter(
      (edge) =>
        isTest(edge.from) &&
        ((control.includes(part(edge.from)) && data.includes(part(edge.to))) ||
          (data.includes(part(edge.from)) && control.includes(part(edge.to)))),
    );
    expect(wrong.map((edge) => `${edge.from} -> ${edge.to}`)).toEqual([]);
  });

  it('has no circle', () => {
    const next = new Map<string, string[]>();
    for (const { from, to } of own) if (!isTest(from)) next.set(from, [...(next.get(from) ?? []), to]);
    const state = new Map<string, 'open' | 'done'>();
    const circles: string[] = [];
    const visit = (path: string, trail: readonly string[]) => {
      if (state.get(path) === 'done') return;
      if (state.get(path) === 'open') {
        circles.push([...trail.slice(trail.indexOf(path)), path].join(' -> '));
        return;
      }
      state.set(path, 'open');
      for (const to of next.get(path) ?? []) visit(to, [...trail, path]);
      state.set(path, 'done');
    };
    for (const path of next.keys()) visit(path, []);
    expect(circles).toEqual([]);
  });
});

describe('what only one place may do', () => {
  const source = files.filter((path) => !isTest(path));

  it('reads the time and sets timers only in kit/clock and its virtual twin', async () => {
    const { textOf } = await import('./source.ts');
    const timers = /\b(setTimeout|setInterval|Date\.now|performance\.now|process\.hrtime)\b|new Date\(\)/;
    const wrong = source.filter(
      (path) => !path.startsWith('src/kit/') && timers.test(withoutComments(textOf(path))),
    );
    expect(wrong).toEqual([]);
  });

  it('reads the environment only where a process begins', async () => {
    const { textOf } = await import('./source.ts');
    const entries = [
      'src/worker/main.ts',
      'src/worker/run.ts',
      'src/worker/ended.ts',
      'src/cli/main.ts',
      'src/fleet/fleetd/main.ts',
      'src/announcer/main.ts',
    ];
    const wrong = source.filter(
      (path) => !entries.includes(path) && /\bprocess\.env\b/.test(withoutComments(textOf(path))),
    );
    expect(wrong).toEqual([]);
  });

  it('re-exports only in the two public entries', async () => {
    const { textOf } = await import('./source.ts');
    const entries = ['src/index.ts', 'src/testing/index.ts'];
    const wrong = source.filter(
      (path) => !entries.includes(path) && /^export\b[^;=(]*\bfrom\s+'/m.test(textOf(path)),
    );
    expect(wrong).toEqual([]);
  });
});

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|[^:'"`])\/\/.*$/gm, '$1');
}
