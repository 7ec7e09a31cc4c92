import type { Progress } from '../ops/haproxy/execute.ts';
import type { Finding, FleetNow } from '../ops/haproxy/look.ts';
import type { Action, Step } from '../ops/haproxy/plan.ts';

/** A plan for reading: each step with what it tells HAProxy. */
export function stepsText(steps: readonly Step[]): string {
  return steps
    .map(
      ({ say, actions }, at) =>
        `${at + 1}. ${say}\n${actions.map((action) => `   ${actionText(action)}\n`).join('')}`,
    )
    .join('');
}

function actionText(action: Action): string {
  switch (action.do) {
    case 'files':
      return `files for: ${action.fleets.map(({ name }) => name).join(', ') || 'no fleet'}`;
    case 'tell':
    case 'tell-until':
      return action.command;
    case 'await-server':
      return `wait until ${action.backend}/${action.server} is ${action.as} and its check L7OK`;
    case 'await-idle':
      return `wait until ${action.fleet.address}:${action.fleet.port} says busy 0`;
    case 'smoke':
      return `a call over /media/pcm with X-CXB-Pin: ${action.server}`;
    case 'save-state':
      return 'show servers state, into the state file';
    case 'reload':
      return 'reload, at the master; wait for a new worker process';
  }
}

export function progressText(progress: Progress): string {
  switch (progress.type) {
    case 'step':
      return `[${progress.number}/${progress.of}] ${progress.say}\n`;
    case 'waiting':
      return `      ${progress.say}\n`;
    case 'undo':
      return `undo  ${progress.say}\n`;
    case 'undo-failed':
      return `undo  ${progress.say}: FAILED: ${progress.why}\n`;
  }
}

export function fleetsText(fleets: readonly FleetNow[]): string {
  if (fleets.length === 0) return 'no fleet yet; add one with "cxbcore ingress add <address>"\n';
  const rows = fleets.map(({ fleet, status, check, calls, limit, triedElsewhere }) => [
    fleet.name,
    `${fleet.address}:${fleet.port}`,
    status ?? 'not known',
    check,
    `${calls}/${limit}`,
    String(triedElsewhere),
  ]);
  return columns([['fleet', 'address', 'status', 'check', 'calls', 'sent on'], ...rows]);
}

export function findingsText(findings: readonly Finding[]): string {
  return findings
    .map(
      ({ about, fault }) =>
        `${fault === undefined ? 'ok   ' : 'FAULT'} ${about}${fault === undefined ? '' : `: ${fault}`}\n`,
    )
    .join('');
}

function columns(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)));
  return rows
    .map(
      (row) =>
        `${row
          .map((cell, at) => cell.padEnd(widths[at] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}
