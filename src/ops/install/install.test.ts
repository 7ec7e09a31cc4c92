import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SYSTEMD_DEFAULTS } from '../systemd.ts';
import { execute, StepError, type StepOutcome } from './execute.ts';
import { type HostFacts, lookAtHost, PLACES } from './facts.ts';
import { type InstallChoices, planInstall } from './plan.ts';
import { planUninstall } from './plan-uninstall.ts';
import { type Step, stepWords } from './steps.ts';

let root: string;
let source: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'cxb-install-'));
  source = join(root, 'source');
  put('source/dist/worker/main.js', 'worker');
  put('source/examples/clinic.ts', 'export {}');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function put(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

const read = (path: string) => readFileSync(join(root, path), 'utf8');

function choices(over: Partial<InstallChoices> = {}): InstallChoices {
  return {
    ...SYSTEMD_DEFAULTS,
    build: {
      id: 'one',
      trees: [
        { from: join(source, 'dist'), at: 'dist' },
        { from: join(source, 'examples/clinic.ts'), at: 'agent-examples/clinic.ts' },
      ],
    },
    workers: 2,
    front: 'server {}\n',
    keys: { api: 'a'.repeat(64), token: 'b'.repeat(64) },
    fleetd: false,
    ...over,
  };
}

async function install(over: Partial<InstallChoices> = {}, dryRun = false): Promise<[StepOutcome, string][]> {
  const seen: [StepOutcome, string][] = [];
  const onStep = (step: Step, outcome: StepOutcome) => void seen.push([outcome, stepWords(step)]);
  await execute(planInstall(lookAtHost(root, '/usr/bin/node'), choices(over)), { root, dryRun, onStep });
  return seen;
}

describe('an installation', () => {
  test('lays a build, settings, an agent and units out where the reference configuration has them', async () => {
    await install();
    expect(readlinkSync(join(root, PLACES.core))).toBe('/opt/core-builds/one');
    expect(read('/opt/core-builds/one/dist/worker/main.js')).toBe('worker');
    expect(readlinkSync(join(root, '/opt/core-builds/one/.env'))).toBe(PLACES.env);
    expect(read(PLACES.env)).toContain('CXBCORE_WORKERS=2\n');
    expect(statSync(join(root, PLACES.env)).mode & 0o777).toBe(0o640);
    expect(read('/etc/cxbcore/agents/clinic.ts')).toBe('export {}');
    expect(read('/etc/systemd/system/cxbcore@.service')).toContain('Type=notify');
  });

  test('that is done again changes nothing', async () => {
    await install();
    const again = await install();
    expect(again.filter(([outcome]) => outcome === 'done')).toEqual([]);
  });

  test('that is only tried changes nothing at all', async () => {
    const seen = await install({}, true);
    expect(seen.some(([outcome]) => outcome === 'done')).toBe(false);
    expect(existsSync(join(root, 'etc'))).toBe(false);
    expect(existsSync(join(root, 'opt'))).toBe(false);
  });

  test('leaves the settings and agents of the operator as they are', async () => {
    put(PLACES.env, 'CXBCORE_WORKERS=9\n');
    put(`${PLACES.agents}/mine.ts`, 'mine');
    await install();
    expect(read(PLACES.env)).toBe('CXBCORE_WORKERS=9\n');
    expect(existsSync(join(root, PLACES.agents, 'clinic.ts'))).toBe(false);
    expect(statSync(join(root, PLACES.env)).mode & 0o777).toBe(0o640);
  });

  test('takes over a folder at /opt/core with its settings and agents, and keeps the rest beside', async () => {
    put('/opt/core/.env', 'LOG_LEVEL=debug\n');
    put('/opt/core/agents/mine.ts', 'mine');
    put('/opt/core/README.md', 'as it was');
    await install();
    expect(read(PLACES.env)).toBe('LOG_LEVEL=debug\n');
    expect(read(`${PLACES.agents}/mine.ts`)).toBe('mine');
    expect(read('/opt/core-builds/as-it-was/README.md')).toBe('as it was');
    expect(readlinkSync(join(root, PLACES.previous))).toBe('/opt/core-builds/as-it-was');
    expect(readlinkSync(join(root, PLACES.core))).toBe('/opt/core-builds/one');
  });

  test('of a second build keeps the first as the one to go back to', async () => {
    await install();
    await install({ build: { ...choices().build, id: 'two' } });
    expect(readlinkSync(join(root, PLACES.core))).toBe('/opt/core-builds/two');
    expect(readlinkSync(join(root, PLACES.previous))).toBe('/opt/core-builds/one');
  });

  test('disables the workers that a smaller host does not have, and lets their calls end', () => {
    const steps = planInstall({ ...lookAtHost(root, '/usr/bin/node'), enabled: [1, 2, 3, 4] }, choices());
    const disabled = steps.flatMap((step) =>
      step.do === 'run' && step.argv.includes('disable') ? [step.argv] : [],
    );
    expect(disabled).toEqual([
      ['systemctl', 'disable', '--quiet', '--now', '--no-block', 'cxbcore@3.service', 'cxbcore@4.service'],
    ]);
  });
});

describe('a front that nginx does not take', () => {
  test('is put back as it was, and the rest is not done', async () => {
    const path = join(root, 'conf');
    writeFileSync(path, 'as it was');
    const steps: Step[] = [
      { part: 'nginx', do: 'file', path, text: 'wrong', mode: 0o644, owner: 'root:root' },
      { part: 'nginx', do: 'run', argv: ['nginx', '-t'], why: 'proof', ifChanged: true, proves: true },
      { part: 'others', do: 'file', path: `${path}2`, text: 'more', mode: 0o644, owner: 'root:root' },
    ];
    const run = () => Promise.resolve('unknown directive "wrong"');
    const running = execute(steps, { root: '/', dryRun: false, onStep: () => undefined, run });
    await expect(running).rejects.toThrow(StepError);
    await expect(running).rejects.toThrow('its files are as they were before:\nunknown directive');
    expect(readFileSync(path, 'utf8')).toBe('as it was');
    expect(existsSync(`${path}2`)).toBe(false);
  });
});

describe('an uninstallation', () => {
  const remove = async (purge: boolean) => {
    const facts: HostFacts = lookAtHost(root, '/usr/bin/node');
    const steps = planUninstall(facts, { dataDir: '/var/lib/cxbcore', purge });
    await execute(steps, { root, dryRun: false, onStep: () => undefined });
  };

  test('leaves what is the operator’s, and nothing else', async () => {
    await install();
    put('/var/lib/cxbcore/records/call.json', '{}');
    await remove(false);
    for (const path of [PLACES.core, PLACES.builds, '/etc/systemd/system/cxbcore@.service'])
      expect(existsSync(join(root, path)), path).toBe(false);
    expect(existsSync(join(root, PLACES.env))).toBe(true);
    expect(existsSync(join(root, '/var/lib/cxbcore/records/call.json'))).toBe(true);
  });

  test('takes that too when it is told to', async () => {
    await install();
    await remove(true);
    expect(existsSync(join(root, PLACES.config))).toBe(false);
    expect(existsSync(join(root, '/var/lib/cxbcore'))).toBe(false);
  });
});
