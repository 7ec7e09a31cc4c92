import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Clock } from '../../kit/clock.ts';
import { BACKENDS, ingressFiles } from './config.ts';
import type { Fleet, Ingress } from './description.ts';
import { differing } from './files.ts';
import { type Probe, probeFleet } from './probe.ts';
import type { AskHaproxy } from './runtime.ts';
import { processesOf, type ServerNow, serversOf } from './runtime-text.ts';
import type { HaproxyVersion } from './version.ts';

/** One fleet as HAProxy has it now. */
export interface FleetNow {
  readonly fleet: Fleet;
  /** HAProxy's word for it where calls are placed; undefined when it does not know the fleet. */
  readonly status: string | undefined;
  readonly check: string;
  /** Calls through this process; those of old processes are not among them. */
  readonly calls: number;
  readonly limit: number;
  readonly triedElsewhere: number;
}

export async function fleetsNow(ingress: Ingress, haproxy: AskHaproxy): Promise<readonly FleetNow[]> {
  const servers = serversOf(await haproxy('show stat'));
  return ingress.fleets.map((fleet) => {
    const now = servers.find(({ backend, server }) => backend === 'cxb_calls' && server === fleet.name);
    return {
      fleet,
      status: now?.status,
      check: now?.check ?? '',
      calls: now?.current ?? 0,
      limit: now?.limit ?? 0,
      triedElsewhere: now?.triedElsewhere ?? 0,
    };
  });
}

/** One thing that was looked at; `fault` says what is wrong with it and what to do. */
export interface Finding {
  readonly about: string;
  readonly fault?: string;
}

export interface LookAt {
  readonly ingress: Ingress;
  readonly file: string;
  readonly version: HaproxyVersion;
  readonly haproxy: AskHaproxy;
  readonly master: AskHaproxy;
  readonly clock: Clock;
}

/** A renewal that failed should be seen while there is time to repair it. */
const CERTIFICATE_DAYS = 14;
/** Each old process holds about 4 MB and 20 kB a call; many of them mean reloads in a loop. */
const MANY_OLD = 20;

/** Everything that has to fit together, looked at; never throws for what it finds. */
export async function lookAt(look: LookAt): Promise<readonly Finding[]> {
  const { ingress, file, version, clock } = look;
  const stale = differing(ingress.config_dir, ingressFiles(ingress, version, file));
  const findings: Finding[] = [
    finding(
      `files in ${ingress.config_dir}`,
      stale.length > 0 &&
        `not as ${file} makes them: ${stale.join(', ')}; write them with "cxbcore config haproxy --out ${ingress.config_dir}" and reload`,
    ),
    certificateFinding(ingress, clock.wall()),
    await processFinding(look),
  ];
  const servers = await look.haproxy('show stat').then(serversOf, () => undefined);
  findings.push(finding('HAProxy', servers === undefined && `nobody answers at ${ingress.stats_socket}`));
  findings.push(...unlisted(ingress, servers ?? []));
  const probes = await Promise.all(
    ingress.fleets.map(async (fleet) => [fleet, await probeFleet(fleet, ingress.name, clock)] as const),
  );
  for (const [fleet, probe] of probes) findings.push(fleetFinding(fleet, probe, servers));
  return findings;
}

function fleetFinding(fleet: Fleet, probe: Probe, servers: readonly ServerNow[] | undefined): Finding {
  const faults = [...probe.faults, ...nameFault(fleet, probe)];
  const own = servers?.filter(({ server }) => server === fleet.name) ?? [];
  if (servers && own.length < BACKENDS.length)
    faults.push('the running HAProxy does not know it in every backend; reload HAProxy');
  for (const { backend, status, check } of own)
    if (status.startsWith('DOWN') || status === 'MAINT')
      faults.push(`HAProxy has it as ${status}${check ? ` (${check})` : ''} in ${backend}`);
  return finding(`fleet ${fleet.name}`, faults.length > 0 && faults.join('; '));
}

function nameFault(fleet: Fleet, { says }: Probe): string[] {
  return says && says.name !== fleet.name
    ? [`its host calls itself ${says.name} (CXBCORE_FLEET), so reserved media and status addresses miss it`]
    : [];
}

function unlisted(ingress: Ingress, servers: readonly ServerNow[]): Finding[] {
  const known = new Set(ingress.fleets.map(({ name }) => name));
  const others = servers.filter(
    ({ backend, server }) => BACKENDS.some((own) => own === backend) && !known.has(server),
  );
  return [...new Set(others.map(({ server }) => server))].map((server) =>
    finding(
      `server ${server}`,
      'the running HAProxy has it and the description has not; a reload removes it',
    ),
  );
}

async function processFinding({ ingress, master }: LookAt): Promise<Finding> {
  const said = await master('show proc').catch(() => undefined);
  if (said === undefined) return finding('processes', `no master answers at ${ingress.master_socket}`);
  const { old, failed } = processesOf(said);
  if (failed > 0)
    return finding(
      'processes',
      `the last ${failed} reloads failed: the files have a fault, its log says which`,
    );
  return finding('processes', old.length > MANY_OLD && `${old.length} old ones still carry calls`);
}

function certificateFinding({ certificate }: Ingress, nowMs: number): Finding {
  const about = 'certificate';
  if (certificate === undefined) return finding(about, false);
  try {
    const days = Math.floor(
      (Date.parse(new X509Certificate(readFileSync(certificate)).validTo) - nowMs) / 86_400_000,
    );
    return finding(about, days < CERTIFICATE_DAYS && `${certificate} ends in ${days} days; renew it`);
  } catch (error) {
    return finding(about, `${certificate}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function finding(about: string, fault: string | false): Finding {
  return fault === false ? { about } : { about, fault };
}
