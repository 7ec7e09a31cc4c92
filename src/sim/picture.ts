import type { ConversationReport } from './conversation-report.ts';

/** What a picture of a call is made from. */
export interface PictureSource {
  readonly title: string;
  readonly rate: number;
  readonly caller: Int16Array;
  readonly agent: Int16Array;
  readonly report: ConversationReport;
  /** Words of the agent with their place, where a record or transcript has them. */
  readonly agentTexts: readonly { readonly fromMs: number; readonly text: string }[];
}

const MARGIN = 28;
const PX_PER_S = 46;
const MIN_WIDTH = 920;
const MAX_WIDTH = 6000;
const LANE = 92;
const HEAD = 74;
const ROW = 17;
const CHAR_PX = 6.1;

const COLOURS = {
  paper: '#fbfaf7',
  ink: '#24292f',
  faint: '#8a8f98',
  line: '#dcdad3',
  caller: '#c2571a',
  agent: '#1f6f8b',
  wait: '#5b8c2a',
  cut: '#b3261e',
} as const;

/** Where things are: the middle of each voice, the time axis, the whole. */
interface Layout {
  readonly width: number;
  readonly height: number;
  readonly callerMid: number;
  readonly agentMid: number;
  readonly x: (ms: number) => number;
  readonly callerLabels: readonly Label[];
  readonly agentLabels: readonly Label[];
}

interface Label {
  /** Where it points to, and where its text begins. */
  readonly at: number;
  readonly textAt: number;
  readonly row: number;
  readonly text: string;
}

/** One call on one time axis, as SVG: both voices, who said what, how long the caller waited, and interruptions. */
export function pictureSvg(source: PictureSource): string {
  const layout = layOut(source);
  const { width, height, agentMid, x } = layout;
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="ui-sans-serif, system-ui, 'Segoe UI', Helvetica, Arial, sans-serif" font-size="11">`,
    `<rect width="${width}" height="${height}" rx="10" fill="${COLOURS.paper}"/>`,
    text(MARGIN, 34, source.title, { size: 16, weight: 600 }),
    text(MARGIN, 54, summary(source.report), { fill: COLOURS.faint }),
    ...axis(source.report.duration_ms / 1000, layout),
    ...stems(layout),
    lane('caller', layout.callerMid, source.caller, source.rate, x),
    lane('agent', agentMid, source.agent, source.rate, x),
    ...labels(layout),
    ...waits(source.report, layout),
    ...interruptions(source.report, layout),
    ...source.report.underruns.map(({ at_ms, ms }) =>
      mark(
        x(at_ms),
        agentMid - LANE / 2,
        agentMid + LANE / 2,
        COLOURS.cut,
        `silence of ${ms} ms inside speech`,
      ),
    ),
    '</svg>',
  ];
  return `${parts.join('\n')}\n`;
}

function layOut({ report, agentTexts }: PictureSource): Layout {
  const totalMs = Math.max(1000, report.duration_ms);
  const width = Math.round(
    Math.min(MAX_WIDTH, Math.max(MIN_WIDTH, (totalMs / 1000) * PX_PER_S + 2 * MARGIN)),
  );
  const x = (ms: number) => MARGIN + (ms / totalMs) * (width - 2 * MARGIN);
  const said = report.turns.filter(({ who }) => who === 'caller');
  const callerLabels = stack(
    said.map(({ from_ms, keys, text }) => ({
      at: x(from_ms),
      text: keys === undefined ? `“${text ?? ''}”` : `keys ${keys}`,
    })),
    3,
    width,
  );
  const agentLabels = stack(
    agentTexts.map(({ fromMs, text }) => ({ at: x(fromMs), text: `“${text}”` })),
    4,
    width,
  );
  const rows = (labels: readonly Label[]) => 1 + Math.max(0, ...labels.map(({ row }) => row));
  const callerMid = HEAD + rows(callerLabels) * ROW + LANE / 2 + 6;
  const agentMid = callerMid + LANE + 34;
  const height = Math.round(agentMid + LANE / 2 + 44 + rows(agentLabels) * ROW);
  return { width, height, callerMid, agentMid, x, callerLabels, agentLabels };
}

function summary(report: ConversationReport): string {
  const delays = report.responses.flatMap(({ delay_ms }) => (delay_ms === null ? [] : [delay_ms]));
  const cuts = report.barge_ins.flatMap(({ delay_ms }) => (delay_ms === null ? [] : [delay_ms]));
  const facts = [
    `${(report.duration_ms / 1000).toFixed(1)} s over ${report.protocol}`,
    `ended by the ${report.end.by}${report.end.reason ? ` (${report.end.reason})` : ''}`,
  ];
  if (delays.length > 0)
    facts.push(`end of speech to first audio: ${delays.map((ms) => Math.round(ms)).join(', ')} ms`);
  if (cuts.length > 0)
    facts.push(`interruption to silence: ${cuts.map((ms) => Math.round(ms)).join(', ')} ms`);
  return facts.join('  ·  ');
}

function axis(seconds: number, { callerMid, agentMid, x }: Layout): string[] {
  const bottom = agentMid + LANE / 2;
  const step = seconds > 120 ? 10 : seconds > 40 ? 5 : 1;
  const ticks: string[] = [];
  for (let s = 0; s <= seconds; s += step) {
    const at = x(s * 1000).toFixed(1);
    ticks.push(
      `<line x1="${at}" y1="${callerMid - LANE / 2}" x2="${at}" y2="${bottom}" stroke="${COLOURS.line}"/>`,
      text(Number(at), bottom + 16, `${s} s`, { fill: COLOURS.faint, anchor: 'middle', size: 10 }),
    );
  }
  return ticks;
}

/** The envelope of a track: its lowest and highest sample in each pixel, mirrored so that quiet and loud compare. */
function lane(
  who: 'caller' | 'agent',
  mid: number,
  samples: Int16Array,
  rate: number,
  x: Layout['x'],
): string {
  const from = x(0);
  const to = x((samples.length * 1000) / rate);
  const columns = Math.max(1, Math.floor(to - from));
  const top: string[] = [];
  const bottom: string[] = [];
  for (let column = 0; column <= columns; column++) {
    const peak = peakIn(samples, column / columns, (column + 1) / columns);
    // The square root lets quiet speech be seen beside loud speech.
    const half = Math.max(0.4, Math.sqrt(peak / 32768) * (LANE / 2 - 4));
    const at = (from + column).toFixed(0);
    top.push(`${at},${(mid - half).toFixed(1)}`);
    bottom.unshift(`${at},${(mid + half).toFixed(1)}`);
  }
  return [
    text(MARGIN, mid - LANE / 2 + 12, who, { fill: COLOURS[who], weight: 600 }),
    `<polygon points="${[...top, ...bottom].join(' ')}" fill="${COLOURS[who]}" fill-opacity="0.85"/>`,
  ].join('\n');
}

function peakIn(samples: Int16Array, from: number, to: number): number {
  const end = Math.min(samples.length, Math.ceil(to * samples.length));
  let peak = 0;
  for (let i = Math.floor(from * samples.length); i < end; i++)
    peak = Math.max(peak, Math.abs(samples[i] ?? 0));
  return peak;
}

/** Lines from the words to their sound, drawn first so that they never cross a word. */
function stems({ callerMid, agentMid, callerLabels, agentLabels }: Layout): string[] {
  return [
    ...callerLabels.map(({ at, row }) =>
      stem(at, callerY(callerMid, row) + 3, callerMid - LANE / 2 + 6, COLOURS.caller),
    ),
    ...agentLabels.map(({ at, row }) =>
      stem(at, agentMid + LANE / 2 - 6, agentY(agentMid, row) - 9, COLOURS.agent),
    ),
  ];
}

function labels({ callerMid, agentMid, callerLabels, agentLabels }: Layout): string[] {
  return [
    ...callerLabels.map(({ textAt, row, text: words }) =>
      text(textAt, callerY(callerMid, row), words, { fill: COLOURS.caller, halo: true }),
    ),
    ...agentLabels.map(({ textAt, row, text: words }) =>
      text(textAt, agentY(agentMid, row), words, { fill: COLOURS.agent, halo: true }),
    ),
  ];
}

function callerY(mid: number, row: number): number {
  return mid - LANE / 2 - 10 - row * ROW;
}

function agentY(mid: number, row: number): number {
  return mid + LANE / 2 + 36 + row * ROW;
}

/** Puts labels into rows so that none covers another; what does not fit is shortened, or moved in from the edge. */
function stack(
  wanted: readonly { readonly at: number; readonly text: string }[],
  rows: number,
  width: number,
): Label[] {
  const ends: number[] = Array.from({ length: rows }, () => 0);
  return wanted.map(({ at, text: words }, i) => {
    const free = ends.findIndex((end) => end <= at);
    const row = free < 0 ? ends.indexOf(Math.min(...ends)) : free;
    const edge = width - MARGIN / 2;
    const begins = Math.max(ends[row] ?? 0, Math.min(at + 3, edge - words.length * CHAR_PX));
    const right = Math.min(wanted[i + rows]?.at ?? edge, edge);
    const room = Math.max(12, Math.floor((right - begins) / CHAR_PX));
    const shown = words.length > room ? `${words.slice(0, room - 1)}…` : words;
    ends[row] = begins + shown.length * CHAR_PX + 10;
    return { at, textAt: begins, row, text: shown };
  });
}

/** How long the caller waited, drawn between the two voices. */
function waits(report: ConversationReport, { callerMid, agentMid, x }: Layout): string[] {
  const y = (callerMid + agentMid) / 2;
  return report.responses.flatMap(({ caller_end_ms, first_sound_ms, delay_ms }) => {
    if (first_sound_ms === null || delay_ms === null) return [];
    const from = x(caller_end_ms);
    const to = x(first_sound_ms);
    return [
      `<path d="M${from.toFixed(1)} ${y - 5}v10M${from.toFixed(1)} ${y}H${to.toFixed(1)}M${to.toFixed(1)} ${y - 5}v10" stroke="${COLOURS.wait}" stroke-width="1.6" fill="none"/>`,
      text(to + 5, y + 4, `${Math.round(delay_ms)} ms`, { fill: COLOURS.wait, size: 10.5 }),
    ];
  });
}

function interruptions(report: ConversationReport, { callerMid, agentMid, x }: Layout): string[] {
  return report.barge_ins.flatMap(({ by, onset_ms, silent_ms, delay_ms }) => {
    if (silent_ms === null || delay_ms === null) return [];
    const from = x(onset_ms);
    const to = Math.max(x(silent_ms), from + 2);
    const top = callerMid - LANE / 2;
    return [
      `<rect x="${from.toFixed(1)}" y="${top}" width="${(to - from).toFixed(1)}" height="${agentMid + LANE / 2 - top}" fill="${COLOURS.cut}" fill-opacity="0.13"/>`,
      mark(to, top, agentMid + LANE / 2, COLOURS.cut, 'the agent is silent'),
      text(
        to + 4,
        agentMid - LANE / 2 + 12,
        `${by === 'key' ? 'key' : 'interrupted'}: silent after ${Math.round(delay_ms)} ms`,
        {
          fill: COLOURS.cut,
          size: 10.5,
        },
      ),
    ];
  });
}

function mark(at: number, top: number, bottom: number, colour: string, title: string): string {
  return `<line x1="${at.toFixed(1)}" y1="${top}" x2="${at.toFixed(1)}" y2="${bottom}" stroke="${colour}" stroke-width="1.5"><title>${escape(title)}</title></line>`;
}

function stem(at: number, top: number, bottom: number, colour: string): string {
  return `<line x1="${at.toFixed(1)}" y1="${top}" x2="${at.toFixed(1)}" y2="${bottom}" stroke="${colour}" stroke-opacity="0.35"/>`;
}

function text(
  at: number,
  y: number,
  content: string,
  how: { fill?: string; size?: number; weight?: number; anchor?: 'middle'; halo?: true } = {},
): string {
  const extra = [
    how.size === undefined ? '' : ` font-size="${how.size}"`,
    how.weight === undefined ? '' : ` font-weight="${how.weight}"`,
    how.anchor === undefined ? '' : ` text-anchor="${how.anchor}"`,
    how.halo ? ` stroke="${COLOURS.paper}" stroke-width="3" paint-order="stroke"` : '',
  ].join('');
  return `<text x="${at.toFixed(1)}" y="${y}" fill="${how.fill ?? COLOURS.ink}"${extra}>${escape(content)}</text>`;
}

function escape(content: string): string {
  return content
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
