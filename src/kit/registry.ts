/**
 * Counters, gauges and histograms in the Prometheus text format. Written out here because a worker's memory counts
 * once per call: the usual client library adds about 5 MB to each process.
 */
export type Labels = Readonly<Record<string, string>>;

interface Family {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly lines: () => Iterable<string>;
}

export interface Counter {
  add(labels?: Labels, by?: number): void;
}

export interface Histogram {
  observe(value: number, labels?: Labels): void;
}

export class Registry {
  readonly #families: Family[] = [];

  counter(name: string, help: string): Counter {
    const values = new Map<string, number>();
    this.#families.push({
      name,
      help,
      type: 'counter',
      *lines() {
        for (const [labels, value] of values) yield `${name}${labels} ${value}`;
      },
    });
    return {
      add(labels = {}, by = 1) {
        const key = labelText(labels);
        values.set(key, (values.get(key) ?? 0) + by);
      },
    };
  }

  /** A value read when the page is written; several with labels. */
  gauge(name: string, help: string, read: () => number | readonly (readonly [Labels, number])[]): void {
    this.#families.push({
      name,
      help,
      type: 'gauge',
      *lines() {
        const value = read();
        if (typeof value === 'number') yield `${name} ${value}`;
        else for (const [labels, one] of value) yield `${name}${labelText(labels)} ${one}`;
      },
    });
  }

  /** @param bounds upper limits of the buckets, rising */
  histogram(name: string, help: string, bounds: readonly number[]): Histogram {
    const rows = new Map<string, { labels: Labels; counts: number[]; sum: number; count: number }>();
    this.#families.push({
      name,
      help,
      type: 'histogram',
      *lines() {
        for (const row of rows.values()) yield* histogramLines(name, bounds, row);
      },
    });
    return {
      observe(value, labels = {}) {
        const key = labelText(labels);
        const row = rows.get(key) ?? { labels, counts: bounds.map(() => 0), sum: 0, count: 0 };
        rows.set(key, row);
        // Each bucket counts what is at or below its bound, as the format wants it.
        for (const [at, bound] of bounds.entries())
          if (value <= bound) row.counts[at] = (row.counts[at] ?? 0) + 1;
        row.sum += value;
        row.count++;
      },
    };
  }

  /** The page, in the text format 0.0.4. */
  text(): string {
    let page = '';
    for (const family of this.#families) {
      page += `# HELP ${family.name} ${family.help}\n# TYPE ${family.name} ${family.type}\n`;
      for (const line of family.lines()) page += `${line}\n`;
    }
    return page;
  }
}

function* histogramLines(
  name: string,
  bounds: readonly number[],
  row: { labels: Labels; counts: number[]; sum: number; count: number },
): Iterable<string> {
  for (const [at, bound] of bounds.entries()) {
    yield `${name}_bucket${labelText({ ...row.labels, le: String(bound) })} ${row.counts[at] ?? 0}`;
  }
  yield `${name}_bucket${labelText({ ...row.labels, le: '+Inf' })} ${row.count}`;
  yield `${name}_sum${labelText(row.labels)} ${row.sum}`;
  yield `${name}_count${labelText(row.labels)} ${row.count}`;
}

function labelText(labels: Labels): string {
  const parts = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return parts.length === 0 ? '' : `{${parts.join(',')}}`;
}

function escaped(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
