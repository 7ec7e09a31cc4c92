import pc from 'picocolors';
import type { Settings } from '../contract/settings.ts';
import type { HostEvent, LogLine } from '../fleet/events.ts';
import type { Host } from '../fleet/host.ts';
import { sentence, WARN_LEVEL } from '../fleet/worker-log.ts';
import type { Clock } from '../kit/clock.ts';
import type { CommandIo } from './command.ts';

/** Without a terminal a line of progress comes at most this often. */
const PROGRESS_MS = 2000;
const MAX_SHOWN_LINES = 6;

/** What `cxbcore up` tells the person who started it. */
export class UpView {
  readonly #io: CommandIo;
  readonly #clock: Clock;
  readonly #settings: Settings;
  readonly #colour: ReturnType<typeof pc.createColors>;
  #progress: string | undefined;
  #warm = false;
  /** The line in place has no line end yet. */
  #inPlace = false;

  constructor(io: CommandIo, clock: Clock, settings: Settings) {
    this.#io = io;
    this.#clock = clock;
    this.#settings = settings;
    this.#colour = pc.createColors(io.terminal && !io.env['NO_COLOR']);
    if (settings.mode === 'development') {
      this.#line('Development mode: starts from this machine need no credentials.');
    }
    this.#warming(0, settings.workers);
    this.#progressSoon();
  }

  event(event: HostEvent): void {
    switch (event.type) {
      case 'ready':
        this.#warming(event.ready, event.of);
        return;
      case 'died':
        this.#line(
          this.#colour.yellow(`worker ${event.worker} ${event.how}; ${again(event.againInMs)}`),
          event.words,
        );
        return;
      case 'refused':
        this.#line(
          this.#colour.red(`worker ${event.worker} cannot run, and starting it again would not help:`),
          event.words,
        );
        return;
      case 'settled':
        this.#line(`call ${event.callId} has its record: ${event.reason}`);
        return;
      case 'front-died':
        this.#line(this.#colour.red(`the front ${event.how}; ${again(event.againInMs)}`));
        return;
      case 'line': {
        const words = worthShowing(event.line);
        if (words !== undefined) this.#line(`${this.#colour.dim(`worker ${event.worker}`)}  ${words}`);
        return;
      }
      case 'front':
        return;
    }
  }

  ready(host: Host, agent: string): void {
    const { bold, cyan, dim, green } = this.#colour;
    const { dataDir } = this.#settings;
    const workers = host.workers().filter(({ at }) => at === 'up').length;
    this.#endProgress();
    this.#progressOver();
    this.#io.out(`
${green('●')} ${bold('ready')}    ${workers} ${workers === 1 ? 'worker' : 'workers'}, one call each, behind ${
      host.front === 'nginx' ? 'nginx' : 'the built-in front (nginx is not used)'
    }
  address  ${cyan(host.url)}
  agent    ${agent}
  data     ${dataDir}  ${dim('records, journals, logs')}

Try next:
  ${cyan(`cxbcore call ${host.url}`)}
  ${cyan(`curl ${host.url}/health/live`)}

Ctrl-C lets calls go on to their end and stops; a second Ctrl-C ends them.

`);
  }

  /** Some seats work and one will not. */
  partly(message: string): void {
    this.#line(this.#colour.red(message));
  }

  draining(calls: number): void {
    this.#endProgress();
    this.#progressOver();
    this.#line(
      calls === 0
        ? 'Stopping …'
        : `Waiting for ${calls} ${calls === 1 ? 'call' : 'calls'} to end; new ones are refused. Ctrl-C again ends ${calls === 1 ? 'it' : 'them'}.`,
    );
  }

  ending(): void {
    this.#line('Ending the calls …');
  }

  stopped(): void {
    this.#line('Stopped.');
  }

  failed(message: string): void {
    this.#endProgress();
    this.#progressOver();
    this.#io.err(`error: ${message}\n`);
  }

  #warming(ready: number, of: number): void {
    if (this.#warm) return;
    this.#progress = `warming ${ready}/${of} …`;
    if (this.#io.terminal) this.#showInPlace();
  }

  #progressSoon(): void {
    this.#clock.after(PROGRESS_MS, () => {
      if (this.#progress === undefined) return;
      if (!this.#io.terminal) this.#io.out(`${this.#progress}\n`);
      this.#progressSoon();
    });
  }

  #progressOver(): void {
    this.#warm = true;
    this.#progress = undefined;
  }

  #showInPlace(): void {
    this.#io.out(`\r\u001B[K${this.#progress ?? ''}`);
    this.#inPlace = true;
  }

  #line(text: string, more = ''): void {
    this.#endProgress();
    this.#io.out(`${text}\n`);
    const lines = more.split('\n').filter(Boolean).slice(-MAX_SHOWN_LINES);
    for (const line of lines) this.#io.out(`  ${this.#colour.dim(line)}\n`);
    if (this.#io.terminal && this.#progress !== undefined) this.#showInPlace();
  }

  #endProgress(): void {
    if (this.#inPlace) this.#io.out('\r\u001B[K');
    this.#inPlace = false;
  }
}

/** Warnings, and the beginning and end of calls; the rest stays in the worker's log. */
function worthShowing(line: LogLine): string | undefined {
  const { state, call_id: callId, reason, seconds } = line.fields;
  if (line.level >= WARN_LEVEL) return sentence(line);
  if (state === 'live') return 'has a call';
  if (typeof callId !== 'string' || typeof reason !== 'string') return undefined;
  const length = typeof seconds === 'number' ? ` after ${Math.round(seconds)} s` : '';
  return `${callId} ended${length}: ${reason}`;
}

function again(inMs: number): string {
  return inMs < 500 ? 'starting it again' : `starting it again in ${Math.round(inMs / 1000)} s`;
}
