import { readFileSync } from 'node:fs';
import { SourceMap } from 'node:module';
import { basename, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Agent } from './agent.ts';
import { importFresh } from './fresh.ts';
import { isAgentMistakes } from './mistakes.ts';
import type { SourceMistake } from './redirect.ts';
import { blankLiterals, lineOfPath } from './source-text.ts';
import { type TransformedAgent, transformAgents } from './transform.ts';

type LoadedAgent = Agent & {
  /** Changes when the agent's file, or any helper it imports, changes. */
  readonly hash: string;
  readonly file: string;
};

export interface LoadedAgents {
  readonly agents: ReadonlyMap<string, LoadedAgent>;
  /** The name of the first agent by file name; undefined when there is none. */
  readonly first: string | undefined;
}

/** One thing wrong in a folder of agents. */
export interface AgentFileMistake extends SourceMistake {
  /** Such as `states.when.next`; empty for the file as a whole. */
  readonly path: string;
}

/** A folder of agents that cannot be used, with everything that is wrong in it. */
export class AgentFileError extends Error {
  readonly mistakes: readonly AgentFileMistake[];

  constructor(dir: string, mistakes: readonly AgentFileMistake[]) {
    super(
      mistakes
        .map(({ file, line, path, message }) => {
          const shown = relative(process.cwd(), file);
          return `${shown.startsWith('..') ? file : shown}:${line}: ${path === '' ? '' : `${path}: `}${message}`;
        })
        .join('\n') || `the agents of ${dir} cannot be used`,
    );
    this.name = 'AgentFileError';
    this.mistakes = mistakes;
  }
}

/**
 * Loads the agents of a folder: one exported agent in each of its files.
 *
 * @throws AgentFileError with everything wrong in any of the files
 */
export async function loadAgents(dir: string): Promise<LoadedAgents> {
  const transformed = await transformAgents(dir).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code !== 'ENOENT' && cause.code !== 'ENOTDIR') throw cause;
    const message = 'there is no such folder: set CXBCORE_AGENTS to the folder of your agent files';
    throw new AgentFileError(dir, [{ file: dir, line: 1, path: '', message }]);
  });
  const mistakes: AgentFileMistake[] = transformed.mistakes.map((mistake) => ({ ...mistake, path: '' }));
  const agents = new Map<string, LoadedAgent>();
  for (const source of transformed.agents) {
    // A file that could not be transformed has nothing, or something old, to import.
    if (source.sources.some((file) => mistakes.some((mistake) => mistake.file === file))) continue;
    const found = await importAgent(source, mistakes);
    if (!found) continue;
    const same = agents.get(found.name);
    if (same)
      mistakes.push({
        file: source.file,
        line: lineOfPath(readFileSync(source.file, 'utf8'), ['name']),
        path: 'name',
        message: `"${found.name}" is already the name of the agent in ${basename(same.file)}`,
      });
    else agents.set(found.name, found);
  }
  if (mistakes.length > 0) throw new AgentFileError(dir, mistakes);
  const [first] = agents.keys();
  return { agents, first };
}

async function importAgent(
  source: TransformedAgent,
  mistakes: AgentFileMistake[],
): Promise<LoadedAgent | undefined> {
  const { file, hash } = source;
  let exported: Readonly<Record<string, unknown>>;
  try {
    ({ exports: exported } = await importFresh(source));
  } catch (error) {
    mistakes.push(...explain(error, source));
    return undefined;
  }
  const found = [...new Set(Object.values(exported).filter(isAgent))];
  const [agent] = found;
  if (agent && found.length === 1) return { ...agent, hash, file };
  const message = agent
    ? `exports ${found.length} agents (${found.map(({ name }) => name).join(', ')}): keep one in each file`
    : 'exports no agent: export what defineAgent({ … }) returns, or move helpers into a folder of their own';
  mistakes.push({ file, line: 1, path: '', message });
  return undefined;
}

function isAgent(value: unknown): value is Agent {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'agent';
}

function explain(error: unknown, source: TransformedAgent): AgentFileMistake[] {
  const place = placeOf(error, source);
  if (!isAgentMistakes(error))
    return [
      {
        ...place,
        path: '',
        message: error instanceof Error ? `${error.name}: ${error.message}` : String(error),
      },
    ];
  const text = readFileSync(source.file, 'utf8');
  const from = Math.max(0, blankLiterals(text).search(/\bdefineAgent\s*\(/));
  return error.mistakes.map(({ path, message }) => ({
    file: source.file,
    line: path === '' ? place.line : lineOfPath(text, path.split('.'), from),
    path,
    message,
  }));
}

/** The file and line the user wrote from which an error came, by its stack and the maps beside the outputs. */
function placeOf(error: unknown, source: TransformedAgent): { file: string; line: number } {
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  for (const match of stack.matchAll(
    /(file:\/\/[^\s)?]+\.cxbcore\/[^\s)?:]+)(?:\?[^\s):]*)?:(\d+)(?::(\d+))?/g,
  )) {
    const [, url = '', line = '1', column = '1'] = match;
    const place = originOf(fileURLToPath(url), Number(line), Number(column));
    if (place) return place;
  }
  return { file: source.file, line: 1 };
}

function originOf(output: string, line: number, column: number): { file: string; line: number } | undefined {
  try {
    const header = readFileSync(output, 'utf8').split('\n', 1)[0] ?? '';
    const { file } = JSON.parse(header.slice(3)) as { file: string };
    const map = new SourceMap(
      JSON.parse(readFileSync(`${output}.map`, 'utf8')) as ConstructorParameters<typeof SourceMap>[0],
    );
    // The header is a line of its own before the mapped code; both sides count lines from 0.
    const entry = map.findEntry(line - 2, column - 1);
    return { file, line: 'originalLine' in entry ? entry.originalLine + 1 : 1 };
  } catch {
    return undefined; // no map: the caller names the file alone
  }
}
