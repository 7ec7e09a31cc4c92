import type { PictureSource } from './picture.ts';

const BLOCKS = ' ▁▂▃▄▅▆▇█';

export interface TextPicture {
  readonly time: string;
  readonly caller: string;
  readonly agent: string;
  /** Below the voices: `└─` how long the caller waited, `✂` where the agent fell silent for the caller. */
  readonly marks: string;
}

/** One call on one time axis for a terminal, `columns` characters wide, without colours. */
export function pictureText(
  source: Omit<PictureSource, 'title' | 'agentTexts'>,
  columns: number,
): TextPicture {
  const totalMs = Math.max(1000, source.report.duration_ms);
  const column = (ms: number) => Math.min(columns - 1, Math.max(0, Math.floor((ms / totalMs) * columns)));
  const row = (samples: Int16Array) => {
    const perColumn = (totalMs * source.rate) / 1000 / columns;
    let line = '';
    for (let i = 0; i < columns; i++)
      line += block(samples.subarray(Math.floor(i * perColumn), Math.floor((i + 1) * perColumn)));
    return line;
  };
  const marks = Array.from({ length: columns }, () => ' ');
  for (const { caller_end_ms, first_sound_ms } of source.report.responses) {
    if (first_sound_ms === null) continue;
    const from = column(caller_end_ms);
    const to = Math.max(column(first_sound_ms), from);
    for (let i = from; i <= to; i++) marks[i] = i === from ? '└' : i === to ? '┘' : '─';
  }
  for (const { silent_ms } of source.report.barge_ins) if (silent_ms !== null) marks[column(silent_ms)] = '✂';
  return {
    time: timeRow(totalMs, columns, column),
    caller: row(source.caller),
    agent: row(source.agent),
    marks: marks.join(''),
  };
}

function block(samples: Int16Array): string {
  let energy = 0;
  for (const sample of samples) energy += sample ** 2;
  const db = 10 * Math.log10(Math.max(1e-9, energy / Math.max(1, samples.length) / 32768 ** 2));
  // -50 dBFS and below is silence, -10 the loudest speech.
  const level = Math.round(((db + 50) / 40) * (BLOCKS.length - 1));
  return BLOCKS[Math.min(BLOCKS.length - 1, Math.max(0, level))] ?? ' ';
}

function timeRow(totalMs: number, columns: number, column: (ms: number) => number): string {
  const row = Array.from({ length: columns }, () => ' ');
  const stepS = totalMs > 120_000 ? 20 : totalMs > 50_000 ? 10 : 5;
  for (let s = 0; s * 1000 < totalMs; s += stepS) {
    const label = `${s}s`;
    const at = column(s * 1000);
    if (at + label.length <= columns) for (const [i, char] of label.split('').entries()) row[at + i] = char;
  }
  return row.join('');
}
