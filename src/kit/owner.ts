import { readFileSync } from 'node:fs';

/**
 * A process named so that it cannot be mistaken for a later one with the same pid: start time in clock ticks since
 * boot, and the boot itself.
 */
export interface Owner {
  readonly pid: number;
  readonly started: string;
}

/** The owner record of a running process; undefined when there is no such process. */
export function ownerOf(pid: number): Owner | undefined {
  const started = processStart(pid);
  return started === undefined ? undefined : { pid, started };
}

/** This process, as others will look for it. */
export function thisOwner(): Owner {
  return ownerOf(process.pid) ?? { pid: process.pid, started: 'unknown' };
}

/** Whether the very process that `owner` names still runs. A zombie counts as dead: it will never do anything again. */
export function isAlive(owner: Owner): boolean {
  return owner.started !== 'unknown' && processStart(owner.pid) === owner.started;
}

let boot: string | undefined;

/** `<boot>:<ticks>` from /proc; undefined when the process is gone, dead, or /proc cannot be read. */
function processStart(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The second field is the program's name in parentheses and may itself hold spaces and parentheses.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'Z' || fields[0] === 'X') return undefined;
    boot ??= readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').slice(0, 8);
    return `${boot}:${fields[19]}`;
  } catch {
    return undefined; // no such process, or no /proc: either way nobody can be shown to be alive
  }
}
