import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { outputOf, redirectImports, SOURCE, type SourceMistake } from './redirect.ts';

/** Raised when the same source must give another output than before. */
const FORMAT = 1;

export interface TransformedAgent {
  /** The file the user wrote. */
  readonly file: string;
  /** The JavaScript to import. */
  readonly output: string;
  /** Changes when the file, or any helper it imports, changes. */
  readonly hash: string;
  /** The file and its helpers. */
  readonly sources: readonly string[];
}

export interface TransformedAgents {
  readonly agents: readonly TransformedAgent[];
  readonly mistakes: readonly SourceMistake[];
}

/** What the first line of an output says, so that it can be trusted without transforming again. */
interface Header {
  readonly format: number;
  readonly file: string;
  readonly hash: string;
  /** Helpers, relative to the source's folder. */
  readonly helpers: readonly string[];
  /** The package that stands in for `cxbcore` or `zod`, when the source's folder has none of its own. */
  readonly standIn?: string;
}

interface Transformed {
  readonly hash: string;
  readonly helpers: readonly string[];
}

/** The agent files of a folder: its own `.ts`, `.js` and `.mjs` files, without tests, by name. */
async function agentFiles(dir: string): Promise<string[]> {
  const names = await readdir(dir);
  return names
    .filter((name) => SOURCE.test(name) && !/^[._]|\.(?:test|spec|d)\.[cm]?[jt]s$/.test(name))
    .sort()
    .map((name) => join(resolve(dir), name));
}

/**
 * Turns every agent file of a folder, and every helper they import, into JavaScript in `.cxbcore/` beside the source,
 * so that imports resolve as they do in the source. What is already there and unchanged is left alone; the
 * transformer is not even loaded then.
 */
export async function transformAgents(dir: string): Promise<TransformedAgents> {
  const done = new Map<string, Transformed>();
  const mistakes: SourceMistake[] = [];
  const agents: TransformedAgent[] = [];
  for (const file of await agentFiles(dir)) {
    await transformTree(file, done, mistakes);
    const sources = treeOf(file, done);
    const hash = createHash('sha256');
    for (const source of sources)
      hash.update(`${relative(dirname(file), source)}\0${done.get(source)?.hash ?? ''}\0`);
    agents.push({ file, output: outputOf(file), hash: hash.digest('hex').slice(0, 16), sources });
  }
  return { agents, mistakes };
}

async function transformTree(
  file: string,
  done: Map<string, Transformed>,
  mistakes: SourceMistake[],
): Promise<void> {
  const waiting = [file];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (done.has(next)) continue;
    const transformed = await transformFile(next, mistakes);
    done.set(next, transformed);
    waiting.push(...transformed.helpers);
  }
}

/** The file first, then its helpers, each once. */
function treeOf(file: string, done: ReadonlyMap<string, Transformed>): string[] {
  const tree = new Set([file]);
  for (const source of tree) for (const helper of done.get(source)?.helpers ?? []) tree.add(helper);
  return [...tree];
}

async function transformFile(file: string, mistakes: SourceMistake[]): Promise<Transformed> {
  const source = await readFile(file, 'utf8');
  const hash = createHash('sha256').update(source).digest('hex');
  const output = outputOf(file);
  const kept = await readHeader(output);
  const folder = dirname(file);
  const standsIn = kept?.standIn === undefined || kept.standIn === import.meta.url;
  if (kept && kept.format === FORMAT && kept.hash === hash && kept.file === file && standsIn)
    return { hash, helpers: kept.helpers.map((helper) => resolve(folder, helper)) };

  const { transformSync } = await import('oxc-transform');
  const url = pathToFileURL(file).href;
  const result = transformSync(file, source, {
    sourceType: 'module',
    sourcemap: true,
    target: 'node20',
    define: {
      'import.meta.url': JSON.stringify(url),
      'import.meta.filename': JSON.stringify(file),
      'import.meta.dirname': JSON.stringify(folder),
    },
  });
  if (result.errors.length > 0) {
    for (const { message, labels, helpMessage } of result.errors)
      mistakes.push({
        file,
        line: source.slice(0, labels[0]?.start ?? 0).split('\n').length,
        message: helpMessage ? `${message} (${helpMessage})` : message,
      });
    return { hash, helpers: [] };
  }
  const { code, helpers, standIn } = redirectImports(result.code, file, mistakes);
  const header: Header = {
    format: FORMAT,
    file,
    hash,
    helpers: helpers.map((helper) => relative(folder, helper)),
    ...(standIn && { standIn: import.meta.url }),
  };
  try {
    await writeWhole(`${output}.map`, JSON.stringify(result.map ?? {}));
    await writeWhole(output, `// ${JSON.stringify(header)}\n${code}`);
  } catch (cause) {
    const message = `cannot write ${output} (${(cause as NodeJS.ErrnoException).code ?? String(cause)}): run "cxbcore up" once as a user who may write there, or copy the agents to a folder of your own`;
    mistakes.push({ file, line: 1, message });
  }
  return { hash, helpers };
}

async function readHeader(output: string): Promise<Header | undefined> {
  try {
    const text = await readFile(output, 'utf8');
    return JSON.parse(text.slice(3, text.indexOf('\n'))) as Header;
  } catch {
    return undefined; // missing, torn or of another kind: it is made anew
  }
}

/** Several workers may do this at once; each reader sees a whole file. */
async function writeWhole(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}`;
  await writeFile(temporary, text);
  await rename(temporary, path);
}
