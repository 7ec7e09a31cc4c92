/** A number of calls that was measured, and whether the host carried them well. */
export interface Measured {
  readonly calls: number;
  readonly well: boolean;
}

/** Where between "carried well" and "not any more" it is not worth looking further: an eighth of the seats. */
const CLOSE_SHARE = 1 / 8;

/**
 * How many calls to measure next; undefined when nothing more is to be learnt. Doubles until a number is not carried
 * well, then halves the distance to it. A failure counts only when the same number fails again: something else on the
 * machine may have been the cause.
 */
export function nextCalls(measured: readonly Measured[], most: number): number | undefined {
  const last = measured.at(-1);
  if (!last) return most >= 1 ? 1 : undefined;
  if (!last.well && !failedTwice(measured, last.calls)) return last.calls;
  const good = carried(measured);
  const bad = kneeOf(measured);
  if (bad === undefined) return good >= most ? undefined : Math.min(most, good * 2);
  if (bad - good <= Math.max(1, bad * CLOSE_SHARE)) return undefined;
  return Math.floor((good + bad) / 2);
}

/** The most calls that were carried well. */
export function carried(measured: readonly Measured[]): number {
  return Math.max(0, ...measured.filter(({ well }) => well).map(({ calls }) => calls));
}

/** The fewest calls that were twice not carried well; undefined when all were. */
export function kneeOf(measured: readonly Measured[]): number | undefined {
  const failed = measured.filter(({ well, calls }) => !well && failedTwice(measured, calls));
  return failed.length === 0 ? undefined : Math.min(...failed.map(({ calls }) => calls));
}

function failedTwice(measured: readonly Measured[], calls: number): boolean {
  const same = measured.filter((one) => one.calls === calls);
  return same.length > 1 && same.every(({ well }) => !well);
}
