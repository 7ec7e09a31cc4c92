/** One worker's page, or what can be said when there is none. */
export interface WorkerPage {
  readonly worker: number;
  readonly page: string | undefined;
}

interface Family {
  readonly head: string[];
  readonly lines: string[];
}

/**
 * The pages of all workers as one: each series gets its worker as a label, each family is described once. A worker
 * without a page has no series at all, because a missing number is not a zero.
 */
export function mergedPages(pages: readonly WorkerPage[]): string {
  const families = new Map<string, Family>();
  for (const { worker, page } of pages) if (page !== undefined) addPage(families, worker, page);
  let text = '';
  for (const { head, lines } of families.values()) text += [...head, ...lines, ''].join('\n');
  return text;
}

function addPage(families: Map<string, Family>, worker: number, page: string): void {
  let family: Family = { head: [], lines: [] };
  for (const line of page.split('\n')) {
    if (line === '') continue;
    const [, name] = /^# (?:HELP|TYPE) (\S+)/.exec(line) ?? [];
    if (name === undefined) {
      const labelled = withWorker(line, worker);
      if (labelled !== undefined) family.lines.push(labelled);
      continue;
    }
    family = families.get(name) ?? { head: [], lines: [] };
    families.set(name, family);
    if (!family.head.includes(line) && family.head.length < 2) family.head.push(line);
  }
}

/** The series with `worker` as its first label; undefined when the line is no series. */
function withWorker(line: string, worker: number): string | undefined {
  const [, name, , labels, value] = /^([a-zA-Z_:][\w:]*)(\{(.*)\})? (\S+)$/.exec(line) ?? [];
  if (name === undefined || value === undefined) return undefined;
  const all = [`worker="${worker}"`, ...(labels ? [labels] : [])].join(',');
  return `${name}{${all}} ${value}`;
}
