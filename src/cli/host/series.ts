/** One line of a metrics page in the Prometheus text format. */
export interface Series {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** The series of a metrics page; lines that are none are left out. */
export function seriesOf(page: string): Series[] {
  return page.split('\n').flatMap((line) => {
    const [, name, , labels = '', value] = /^([a-zA-Z_:][\w:]*)(\{(.*)\})? (\S+)$/.exec(line) ?? [];
    const number = Number(value);
    if (name === undefined || Number.isNaN(number)) return [];
    const pairs = [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, key = '', text = '']) => [
      key,
      text.replace(/\\(.)/g, (_, one: string) => (one === 'n' ? '\n' : one)),
    ]);
    return [{ name, labels: Object.fromEntries(pairs) as Record<string, string>, value: number }];
  });
}

/** The values of a family whose labels are at least these, added up; null when there are none: unknown is not zero. */
export function sumOf(
  series: readonly Series[],
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number | null {
  const found = matching(series, name, labels);
  return found.length === 0 ? null : found.reduce((sum, { value }) => sum + value, 0);
}

/** The series of a family whose labels are at least these. */
export function matching(
  series: readonly Series[],
  name: string,
  labels: Readonly<Record<string, string>> = {},
): Series[] {
  return series.filter(
    (one) => one.name === name && Object.entries(labels).every(([key, value]) => one.labels[key] === value),
  );
}
