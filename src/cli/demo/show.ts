import pc from 'picocolors';
import type { HostEvent } from '../../fleet/events.ts';
import type { Host } from '../../fleet/host.ts';
import { sentence, WARN_LEVEL } from '../../fleet/worker-log.ts';
import type { Clock } from '../../kit/clock.ts';
import { pictureText } from '../../sim/picture-text.ts';
import type { CommandIo } from '../command.ts';
import type { Paint } from '../conversation-view.ts';
import { CAST, SEATS } from './cast.ts';
import type { Played } from './play.ts';
import { type Expectation, median, type Row } from './verdict.ts';

/** Without a terminal a line of progress comes at most this often. */
const PROGRESS_MS = 2000;
const MAX_COLUMNS = 120;

/** What the demo shows, apart from the conversations themselves. */
export class DemoShow {
  readonly columns: number;
  readonly #io: CommandIo;
  readonly #clock: Clock;
  readonly #colour: ReturnType<typeof pc.createColors>;
  readonly #quiet: boolean;
  #progressAt: number;
  #inPlace = false;
  #ready = 0;

  /** @param quiet nothing is shown: the result is all that is wanted */
  constructor(io: CommandIo, clock: Clock, quiet: boolean) {
    this.#io = io;
    this.#clock = clock;
    this.#quiet = quiet;
    this.#progressAt = clock.now();
    this.#colour = pc.createColors(this.colours);
    const columns = process.stdout.columns ?? Number(io.env['COLUMNS']);
    this.columns = Math.min(MAX_COLUMNS, columns >= 60 ? columns : 100);
  }

  get colours(): boolean {
    return this.#io.terminal && !this.#io.env['NO_COLOR'];
  }

  line(text = ''): void {
    if (this.#quiet) return;
    if (this.#inPlace) this.#io.out('\r\u001B[K');
    this.#inPlace = false;
    this.#io.out(`${text}\n`);
  }

  /** Conversations print their own line ends. */
  raw(text: string): void {
    this.line(text.replace(/\n$/, ''));
  }

  begin(): void {
    const { bold, dim } = this.#colour;
    this.line();
    this.line(
      `${bold('CXB Core')}  ${dim(`· ${SEATS} seats, ${CAST.length} callers, this machine alone: no key, no network`)}`,
    );
    this.line();
    for (const { name, paint, about, protocol } of CAST) {
      const over = protocol === 'twilio' ? 'Twilio Media Streams' : 'plain audio';
      this.line(`  ${this.#paint(paint)(name.padEnd(6))} ${about.padEnd(44)} ${dim(over)}`);
    }
    this.line();
    this.warming(0);
  }

  /** Workers load their engines and prove them by a call of their own, which takes a few seconds each. */
  warming(seconds: number): void {
    this.progress(`warming workers: ${this.#ready} of ${SEATS} ready, ${Math.round(seconds)} s …`);
  }

  host(event: HostEvent): void {
    if (event.type === 'ready') this.#ready = event.ready;
    if (event.type === 'line' && event.line.level >= WARN_LEVEL)
      this.line(this.#colour.yellow(`worker ${event.worker}: ${sentence(event.line)}`));
    if (event.type === 'died')
      this.line(this.#colour.yellow(`worker ${event.worker} ${event.how}\n${event.words}`));
    if (event.type === 'refused')
      this.line(this.#colour.red(`worker ${event.worker} cannot run:\n${event.words}`));
  }

  ready(host: Host, seconds: number): void {
    const { green, dim, bold } = this.#colour;
    const front = host.front === 'nginx' ? 'nginx' : 'the built-in front';
    this.line(
      `${green('●')} ${bold(`${SEATS} workers ready`)} ${dim(`after ${seconds.toFixed(1)} s, one process and one call each, behind ${front} on ${host.url}`)}`,
    );
    this.line(dim('  The callers are recordings of a person; the agents hear and speak on this machine.'));
    this.line();
  }

  progress(text: string): void {
    if (this.#quiet) return;
    if (this.#io.terminal) {
      this.#io.out(`\r\u001B[K${this.#colour.dim(text)}`);
      this.#inPlace = true;
      return;
    }
    const now = this.#clock.now();
    if (now - this.#progressAt < PROGRESS_MS) return;
    this.#progressAt = now;
    this.line(text);
  }

  table(rows: readonly Row[]): void {
    const { bold, dim } = this.#colour;
    this.line();
    this.line(
      bold('        turns   answered after        silent when    breaks in   words      memory of    ended'),
    );
    this.line(bold('                median … longest      interrupted    speech      right      its worker'));
    for (const row of rows) {
      const { name, turns, delays_ms, barge_in_ms, underruns, words, pss_mb, end } = row;
      const paint = this.#paint(CAST.find((role) => role.name === name)?.paint ?? 'cyan');
      const delays =
        delays_ms.length === 0 ? '–' : `${ms(median(delays_ms))} … ${ms(Math.max(...delays_ms))}`;
      const cells = [
        `  ${paint(name.padEnd(6))}`,
        String(turns).padEnd(6),
        delays.padEnd(20),
        barge_in_ms === null ? dim('–'.padEnd(13)) : ms(barge_in_ms).padEnd(13),
        String(underruns).padEnd(10),
        `${words.right}/${words.of}`.padEnd(9),
        (pss_mb === null ? '–' : `${pss_mb} MB`).padEnd(11),
        dim(end),
      ];
      this.line(cells.join('  '));
    }
  }

  picture({ role, placed, report }: Played): void {
    const { bold, dim, green } = this.#colour;
    const { far } = placed;
    const picture = pictureText(
      { rate: far.mouth.rate, caller: far.mouth.said(), agent: far.loudspeaker.heard(), report },
      this.columns - 10,
    );
    const paint = this.#paint(role.paint);
    this.line();
    this.line(
      `${bold(`${role.name} ${role.about}`)} ${dim('· one time axis · └┘ the wait for an answer · ✂ the agent falls silent')}`,
    );
    this.line(`  ${paint(role.name.padEnd(6))}  ${paint(picture.caller)}`);
    this.line(`          ${green(picture.marks)}`);
    this.line(`  agent   ${picture.agent}`);
    this.line(`          ${dim(picture.time)}`);
  }

  end(expectations: readonly Expectation[], page: string, seconds: number): void {
    const { bold, green, red, dim, cyan } = this.#colour;
    const failed = expectations.filter(({ held }) => !held);
    this.line();
    this.line(`${bold('See and hear it:')} ${cyan(page)}`);
    this.line(
      dim('  stereo recordings (caller left, agent right), pictures, reports, and the host’s own records'),
    );
    this.line();
    for (const { caller, what, seen } of failed)
      this.line(`${red('✘')} ${caller}: ${what} ${dim(`· seen: ${seen}`)}`);
    this.line(
      failed.length === 0
        ? `${green('✔')} ${bold(`all ${expectations.length} expectations held`)} ${dim(`in ${seconds.toFixed(0)} s`)}`
        : red(`${failed.length} of ${expectations.length} expectations did not hold`),
    );
    this.line();
  }

  #paint(paint: Paint): (text: string) => string {
    return this.#colour[paint];
  }
}

function ms(value: number | undefined): string {
  return value === undefined ? '–' : `${Math.round(value)} ms`;
}
