import pc from 'picocolors';
import type { CallerNews } from '../sim/caller.ts';
import type { HeardNews } from '../sim/listen-along.ts';
import { plain } from '../sim/words.ts';

type Colours = ReturnType<typeof pc.createColors>;
export type Paint = 'cyan' | 'yellow' | 'green' | 'magenta' | 'blue' | 'red';

/** How one call's lines look among others. */
export interface ViewStyle {
  /** Shown in front of every line, for telling calls apart; empty with one call. */
  readonly label: string;
  readonly paint: Paint;
  readonly colour: boolean;
  readonly columns: number;
}

/** How many words show where the agent was interrupted. */
const LAST_WORDS = 5;

/** What the agent is saying now. */
interface Speech {
  readonly atMs: number;
  readonly delayMs: number | undefined;
  readonly reply: string;
  /** Some of its words have been printed. */
  readonly shown: boolean;
}

/**
 * Prints a conversation while it happens: when, who, what, and after how long. The agent's words and the sound of
 * them come from different places, so a line waits until both are there.
 */
export class ConversationView {
  readonly #out: (line: string) => void;
  readonly #style: ViewStyle;
  readonly #colour: Colours;
  #texts: { readonly text: string; readonly reply: string }[] = [];
  #shiftMs = 0;
  #said = '';
  #speech: Speech | undefined;

  constructor(out: (line: string) => void, style: ViewStyle) {
    this.#out = out;
    this.#style = style;
    this.#colour = pc.createColors(style.colour);
  }

  /** From now on the call's axis begins this much after the one that is shown. */
  shift(ms: number): void {
    this.#shiftMs = ms;
  }

  caller(news: CallerNews): void {
    const { yellow, dim } = this.#colour;
    switch (news.kind) {
      case 'says':
        this.#said = news.text;
        this.#line(news.atMs, 'caller', `“${news.text}”`, news.bargeIn ? yellow('interrupts') : '');
        return;
      case 'presses':
        this.#line(news.atMs, 'caller', `keys ${news.keys}`, news.bargeIn ? yellow('interrupts') : '');
        return;
      case 'hangs up':
      case 'vanishes':
        this.#line(news.atMs, 'caller', dim(news.kind));
    }
  }

  /** What the agent understood; shown only where it differs from what was said. */
  understood(atMs: number, text: string | undefined): void {
    if (text !== undefined && plain(text) === plain(this.#said)) return;
    this.#line(atMs, '', this.#colour.dim(text === undefined ? 'not understood' : `understood “${text}”`));
  }

  /**
   * Words of the agent, as they become known.
   * @param reply tells replies apart, where that is known: the words of the next one may come before its sound
   */
  agentSays(text: string, reply = ''): void {
    if (text.trim()) this.#texts.push({ text: text.trim(), reply });
    this.#agentLine();
  }

  /** The caller interrupted, and heard no more of the reply than this. */
  cutAfter(atMs: number, heard: string): void {
    const last = heard.split(/\s+/).slice(-LAST_WORDS).join(' ');
    this.#line(atMs, 'agent', this.#colour.dim(last ? `is interrupted after “… ${last}”` : 'is interrupted'));
  }

  heard(news: HeardNews): void {
    if (news.kind === 'begins') {
      this.#speech = { ...news, reply: '', shown: false };
      this.#agentLine();
      return;
    }
    if (this.#speech && !this.#speech.shown) {
      const seconds = ((news.toMs - news.fromMs) / 1000).toFixed(1);
      this.#show(this.#speech, this.#colour.dim(`speaks for ${seconds} s`));
    }
    this.#speech = undefined;
    if (this.#texts.length > 0) {
      const texts = this.#texts.splice(0).map(({ text }) => text);
      this.#line(news.toMs, 'agent', texts.join(' '));
    }
  }

  note(atMs: number, text: string): void {
    this.#line(atMs, '', text);
  }

  #agentLine(): void {
    const speech = this.#speech;
    const reply = this.#texts[0]?.reply;
    if (!speech || reply === undefined || (speech.shown && speech.reply !== reply)) return;
    const texts = this.#texts.filter((one) => one.reply === reply).map(({ text }) => text);
    this.#texts = this.#texts.filter((one) => one.reply !== reply);
    this.#show({ ...speech, reply }, texts.join(' '));
  }

  /** The first line of what the agent says has the time it took; what follows goes on below it. */
  #show(speech: Speech, text: string): void {
    const { delayMs } = speech;
    const delay =
      delayMs === undefined || speech.shown ? '' : this.#colour.green(`${Math.round(delayMs)} ms`);
    this.#line(speech.atMs, 'agent', text, delay);
    this.#speech = { ...speech, shown: true };
  }

  #line(atMs: number, who: 'caller' | 'agent' | '', text: string, aside = ''): void {
    const { dim, bold } = this.#colour;
    const paint = this.#colour[this.#style.paint];
    const label = this.#style.label ? `${paint(this.#style.label)}  ` : '';
    const time = dim(`${((atMs + this.#shiftMs) / 1000).toFixed(1).padStart(5)} s`);
    const speaker = who === 'agent' ? bold('agent ') : who === 'caller' ? paint('caller') : '      ';
    const indent = 7 + 2 + this.#style.label.length + (this.#style.label ? 2 : 0) + 6 + 2;
    const lines = wrap(text, Math.max(24, this.#style.columns - indent - 1));
    const shown = lines.map((line) => (who === 'caller' ? paint(line) : line));
    if (aside) shown.push(`${shown.pop() ?? ''}  ${dim('·')} ${aside}`);
    this.#out(`${time}  ${label}${speaker}  ${shown.join(`\n${' '.repeat(indent)}`)}\n`);
  }
}

/** Breaks a text into lines of at most `width` characters at its spaces. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/)) {
    if (line && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line ? `${line} ${word}` : word;
  }
  if (line) lines.push(line);
  return lines;
}
