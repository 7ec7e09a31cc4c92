// Runs a TypeScript program of bench/ on plain Node: everything below bench/, and what the tests lend it, is transformed
// to dist-bench/, and imports of src/… are sent to the compiled product in dist/, so that what is measured is what is
// shipped.
// Usage: node scripts/run-ts.mjs bench/vad.ts [arguments]        (after npm run build)
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { transformSync } from 'oxc-transform';

const root = fileURLToPath(new URL('..', import.meta.url));
const bench = join(root, 'bench');
/** The other ends of a line that tests and benchmarks share. */
const sources = ['bench', 'test/support', 'test/livekit/support'];
const output = join(root, 'dist-bench');

const [program, ...args] = process.argv.slice(2);
if (program === undefined) fail('name the program to run, for example: node scripts/run-ts.mjs bench/vad.ts');
const path = resolve(program);
if (relative(bench, path).startsWith('..'))
  fail(`${program} is not below bench/; only benchmarks run this way`);
if (!existsSync(path)) fail(`${program} does not exist`);
if (!existsSync(join(root, 'dist'))) fail('dist/ is missing: run "npm run build" first');

for (const folder of sources) {
  for (const name of readdirSync(join(root, folder), { recursive: true })) {
    if (name.endsWith('.ts')) transformFile(join(folder, name));
  }
}
const child = spawn(process.execPath, [...process.execArgv, outputOf(relative(root, path)), ...args], {
  stdio: 'inherit',
});
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
child.on('exit', (code, signal) => {
  process.exitCode = code ?? (signal === null ? 1 : 130);
});

function outputOf(name) {
  return join(output, name.replace(/\.ts$/, '.js'));
}

function transformFile(name) {
  const file = join(root, name);
  const { code, errors } = transformSync(file, readFileSync(file, 'utf8'), {
    typescript: { rewriteImportExtensions: 'rewrite', onlyRemoveTypeImports: true },
  });
  if (errors.length > 0) fail(errors.map((error) => error.codeframe ?? error.message).join('\n'));
  const target = outputOf(name);
  mkdirSync(dirname(target), { recursive: true });
  // Renamed into place, so that two benchmarks started at once never read a half-written file.
  const fresh = `${target}.${process.pid}`;
  writeFileSync(fresh, code.replace(/((?:from|import)\s*\(?\s*["'])((?:\.\.\/)+)src\//g, '$1$2../dist/'));
  renameSync(fresh, target);
}

function fail(message) {
  console.error(`run-ts: ${message}`);
  process.exit(2);
}
