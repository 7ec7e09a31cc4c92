import { filesBelow, textOf } from './source.ts';

export interface FixedLimit {
  readonly path: string;
  readonly name: string;
  /** As it is shown, with its unit when the name tells it. */
  readonly value: string;
  /** Its doc comment in one line; undefined when it has none of its own. */
  readonly means: string | undefined;
}

/** Players of the other side, test doubles, and signal processing, whose numbers are formulas and not limits. */
const ELSEWHERE = /^src\/(sim|testing|audio|speech|agent\/hear)\//;
const LIMIT =
  /^(?:export )?const ([A-Z][A-Z0-9_]*(?:_MS|_S|_BYTES|_MAX|_MOST)|MAX_[A-Z0-9_]*|[A-Z_]*KEPT[A-Z_]*|LOOKS) = ([\d_.* ]+);/;
/** Sizes of a piece of work and widths of a screen are named alike. */
const NO_LIMIT = /FRAME|BLOCK|STEP|CHUNK|RATE|PER_|FILE|DAY|SHOWN|COLUMNS/;

/** Every wait, queue and size that is fixed in the code, by file. */
export function fixedLimits(): FixedLimit[] {
  return filesBelow('src', ['.ts'])
    .filter((path) => !path.endsWith('.test.ts') && !ELSEWHERE.test(path))
    .flatMap((path) => {
      const lines = textOf(path).split('\n');
      return lines.flatMap((line, at) => {
        const [, name = '', text = ''] = LIMIT.exec(line) ?? [];
        if (name === '' || NO_LIMIT.test(name)) return [];
        return [{ path, name, value: shown(name, text), means: commentAbove(lines, at) }];
      });
    });
}

function shown(name: string, text: string): string {
  const value = text
    .replaceAll('_', '')
    .split('*')
    .reduce((product, factor) => product * Number(factor), 1);
  if (name.endsWith('_BYTES') && value % 1024 === 0)
    return value % 1_048_576 === 0 ? `${value / 1_048_576} MiB` : `${value / 1024} KiB`;
  const unit = /_(MS|S|BYTES)$/.exec(name)?.[1];
  const words = { MS: 'ms', S: 's', BYTES: 'bytes' };
  return unit ? `${value} ${words[unit as keyof typeof words]}` : String(value);
}

function commentAbove(lines: readonly string[], at: number): string | undefined {
  if (!lines[at - 1]?.trimEnd().endsWith('*/')) return undefined;
  let first = at - 1;
  while (first > 0 && !lines[first]?.startsWith('/**')) first--;
  return lines
    .slice(first, at)
    .map((line) => line.replace(/^\/\*\*|\*\/$|^ \*/g, '').trim())
    .join(' ')
    .trim();
}
