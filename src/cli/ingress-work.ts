import type { ExitName } from '../contract/exit-codes.ts';
import { readSettings } from '../contract/settings.ts';
import { realClock } from '../kit/clock.ts';
import { lockHolder, lockName, tryLock } from '../kit/host-lock.ts';
import { type Fleet, IngressError } from '../ops/haproxy/description.ts';
import { carryOut, type Site } from '../ops/haproxy/execute.ts';
import { fleetsNow, lookAt } from '../ops/haproxy/look.ts';
import { planAdd, planDrain, planRemove, planUndrain, type Step, type Way } from '../ops/haproxy/plan.ts';
import { probeFleet, type Where } from '../ops/haproxy/probe.ts';
import { installedVersion } from '../ops/haproxy/program.ts';
import { renewCertificate } from '../ops/haproxy/renew.ts';
import { haproxyAt } from '../ops/haproxy/runtime.ts';
import { type CommandInput, UsageError } from './command.ts';
import { INGRESS_FILE, readIngress } from './config-haproxy.ts';
import { findingsText, fleetsText, progressText, stepsText } from './ingress-view.ts';

type Change = 'add' | 'remove' | 'drain' | 'undrain';

/** `cxbcore ingress add|remove|drain|undrain`: plans, prints, carries out. */
export async function change(verb: Change, host: string, input: CommandInput): Promise<ExitName> {
  const { options, io } = input;
  const site = await siteOf(input);
  const lock = await tryLock(lockName('ingress', site.ingress.state_dir));
  if (!lock) {
    const holder = await lockHolder(lockName('ingress', site.ingress.state_dir));
    throw new IngressError(
      `process ${holder ?? 'unknown'} is changing this ingress; try again when it is done`,
    );
  }
  try {
    const steps = await planOf(verb, host, input, site);
    const json = Boolean(options['json']);
    if (options['dryRun']) {
      io.out(json ? `${JSON.stringify({ ok: true, dry_run: true, steps })}\n` : stepsText(steps));
      return 'ok';
    }
    const outcome = await carryOut(steps, site, (progress) => {
      if (!json) io.out(progressText(progress));
    });
    if (json) io.out(`${JSON.stringify({ ...outcome, steps: steps.map(({ say }) => say) })}\n`);
    else if (outcome.ok) io.out('done\n');
    else
      io.err(
        `error: could not ${outcome.at}: ${outcome.why}\n${
          outcome.undone
            ? 'Everything is as it was before.'
            : 'Not everything could be taken back; "cxbcore ingress check" says what is left.'
        }\n`,
      );
    return outcome.ok ? 'ok' : 'expectationFailed';
  } finally {
    await lock.release();
  }
}

/** `cxbcore ingress list|check|renew`. */
export async function show(verb: 'list' | 'check' | 'renew', input: CommandInput): Promise<ExitName> {
  const { options, io } = input;
  const site = await siteOf(input);
  const json = Boolean(options['json']);
  if (verb === 'list') {
    const fleets = await fleetsNow(site.ingress, site.haproxy);
    io.out(json ? `${JSON.stringify({ fleets })}\n` : fleetsText(fleets));
    return 'ok';
  }
  if (verb === 'renew') {
    const { certificate } = site.ingress;
    if (certificate === undefined) throw new UsageError(`${site.file} names no certificate`);
    const renewed = await renewCertificate(certificate, site.haproxy);
    io.out(
      json
        ? `${JSON.stringify({ ok: true, ...renewed })}\n`
        : `new connections meet ${certificate} with serial ${renewed.serial}, valid until ${renewed.validTo}\n`,
    );
    return 'ok';
  }
  const findings = await lookAt(site);
  const ok = findings.every(({ fault }) => fault === undefined);
  io.out(json ? `${JSON.stringify({ ok, findings })}\n` : findingsText(findings));
  return ok ? 'ok' : 'expectationFailed';
}

async function siteOf({ options, io }: CommandInput): Promise<Site> {
  const file = String(options['file'] ?? INGRESS_FILE);
  const { ingress } = readIngress(file);
  return {
    ingress,
    file,
    version: await installedVersion(ingress.program),
    haproxy: haproxyAt(ingress.stats_socket, realClock),
    master: haproxyAt(ingress.master_socket, realClock),
    apiKey: readSettings(io.env, '').apiKeys[0],
    clock: realClock,
    signal: io.interrupted,
  };
}

async function planOf(
  verb: Change,
  host: string,
  { options }: CommandInput,
  site: Site,
): Promise<readonly Step[]> {
  const way = wayOf(options['by']);
  if (verb === 'add') {
    const fleet = await newFleet(host, options, site);
    return planAdd(site.ingress, fleet, way, { smoke: !options['withoutCall'] });
  }
  const fleet = site.ingress.fleets.find(
    ({ name, address, port }) => name === host || address === host || `${address}:${port}` === host,
  );
  if (!fleet) {
    const names = site.ingress.fleets.map(({ name }) => name).join(', ');
    throw new UsageError(`there is no fleet "${host}" behind this ingress; there is ${names || 'none'}`);
  }
  if (verb === 'remove') return planRemove(site.ingress, fleet, way, { lost: Boolean(options['lost']) });
  return verb === 'drain' ? planDrain(fleet) : planUndrain(fleet);
}

/** The fleet at an address, after it has shown that it can be sent calls. */
async function newFleet(host: string, options: CommandInput['options'], site: Site): Promise<Fleet> {
  const { ingress, clock } = site;
  const where: Where = {
    ...addressOf(host),
    check_port: portOf('--check-port', options['checkPort'] ?? '8081'),
  };
  const known = ingress.fleets.find(({ address, port }) => address === where.address && port === where.port);
  if (known) throw new IngressError(`${host} is there already, as ${known.name}`);
  const probe = await probeFleet(where, ingress.name, clock);
  const faults = [...probe.faults];
  const name = probe.says?.name ?? '';
  const wanted = options['name'];
  if (probe.says && wanted !== undefined && wanted !== name)
    faults.push(`it calls itself ${name} (CXBCORE_FLEET), not ${String(wanted)}`);
  if (ingress.fleets.some((fleet) => fleet.name === name))
    faults.push(`there is another fleet ${name} already; each host needs a CXBCORE_FLEET of its own`);
  if (name !== '' && !/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/.test(name))
    faults.push(`its name ${JSON.stringify(name)} cannot be a server's; set CXBCORE_FLEET`);
  if (probe.says?.draining || probe.limit === 0) faults.push('it drains: it would take no call');
  const workers = options['workers'] === undefined ? (probe.limit ?? 0) : workersOf(options['workers']);
  if (faults.length > 0)
    throw new IngressError(`${host} is not ready for calls:\n${faults.map((f) => `  ${f}`).join('\n')}`);
  return { name, ...where, workers };
}

function addressOf(host: string): { readonly address: string; readonly port: number } {
  const [, bracketed, plain = '', port = '8080'] =
    /^(?:\[([0-9a-fA-F:]+)\]|([A-Za-z0-9.-]+))(?::(\d+))?$/.exec(host) ?? [];
  const address = bracketed ?? plain;
  if (address === '') throw new UsageError(`"${host}" is no address such as 10.0.0.15 or 10.0.0.15:8080`);
  return { address, port: portOf('the port', port) };
}

function portOf(what: string, value: unknown): number {
  const port = typeof value === 'string' && /^\d{1,5}$/.test(value) ? Number(value) : 0;
  if (port < 1 || port > 65_535)
    throw new UsageError(`${what} must be from 1 to 65535, not ${String(value)}`);
  return port;
}

function workersOf(value: unknown): number {
  const workers = typeof value === 'string' && /^\d{1,4}$/.test(value) ? Number(value) : 0;
  // HAProxy would read anything else as no limit at all.
  if (workers < 1 || workers > 1024)
    throw new UsageError(`--workers must be a number from 1 to 1024, not ${String(value)}`);
  return workers;
}

function wayOf(value: unknown): Way {
  if (value !== 'hot' && value !== 'reload')
    throw new UsageError(`--by ${String(value)}: there is hot and reload`);
  return value;
}
