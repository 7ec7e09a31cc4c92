/** One measured number beside what it should be. */
export interface Figure {
  readonly what: string;
  /** Not a number when nothing was measured. */
  readonly value: number;
  readonly unit: string;
  /** At most this. */
  readonly goal?: number;
}

/** The value below which `percent` of the values lie, by nearest rank; NaN of none. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil((percent / 100) * sorted.length) - 1)] ?? Number.NaN;
}

/** Figures as lines: what, value, goal, and whether it was met. */
export function printFigures(figures: readonly Figure[]): string {
  const width = Math.max(...figures.map(({ what }) => what.length));
  const lines = figures.map(({ what, value, unit, goal }) => {
    const shown = Number.isNaN(value) ? '-' : `${value.toFixed(value < 20 ? 1 : 0)} ${unit}`.trim();
    const verdict =
      goal === undefined
        ? ''
        : `goal ≤ ${goal}${unit ? ` ${unit}` : ''}  ${value <= goal ? 'met' : 'MISSED'}`;
    return `${what.padEnd(width)}  ${shown.padStart(12)}   ${verdict}`.trimEnd();
  });
  return `${lines.join('\n')}\n`;
}
