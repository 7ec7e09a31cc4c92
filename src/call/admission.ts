import { existsSync } from 'node:fs';
import { unlink } from 'node:fs/promises';
import type { Agent } from '../agent/agent.ts';
import type { EndReason } from '../contract/end-reasons.ts';
import type { Settings } from '../contract/settings.ts';
import { type Journal, openJournal } from '../journal/journal.ts';
import { journalPath, recordPath } from '../journal/paths.ts';
import { writeRecordOnce } from '../journal/record.ts';
import type { Clock } from '../kit/clock.ts';
import { type Chance, newId } from '../kit/ids.ts';
import type { Json } from '../kit/json.ts';
import type { Log } from '../kit/log.ts';
import type { LineFacts } from '../ports/line.ts';
import { type BeginDeps, chooseAgent } from './begin.ts';
import { CallJournal } from './call-journal.ts';
import { inTime } from './in-time.ts';
import type { Past } from './past.ts';
import { Secrets } from './secrets.ts';
import type { TurnConfig } from './turn/state.ts';

/** What is known of a call when it is admitted: all of its line's facts, or what a request says of a line to come. */
export type AdmittedFacts = Partial<LineFacts> & Pick<LineFacts, 'carrier' | 'direction'>;

export interface AdmissionDeps extends BeginDeps {
  readonly clock: Clock;
  readonly chance: Chance;
  readonly log: Log;
  readonly settings: Settings;
  /** Version of the program, for the journal. */
  readonly build: string;
  /** The worker's number. */
  readonly worker: number;
}

/** What is left of a call that is over. */
export interface Remains {
  readonly reason: EndReason;
  /** The file of the call's record; empty when it could not be written. */
  readonly recordPath: string;
  readonly seconds: number;
  /** Another worker has the call: this process was taken for dead, and has nothing to say any more. */
  readonly lost?: true;
  /** Only when the record could not be written: tries again, and says whether it is written now. */
  readonly writeAgain?: () => Promise<boolean>;
}

/**
 * A call from its admission on, with or without a line: from here it has a journal, and will have one record. Owns the
 * journal and the call's one end.
 *
 * In: `note` for what happens around the call, `fail` when no line ever comes; everything else comes from the call
 * that is opened on it. Out: the journal, the record.
 */
export class Admission {
  readonly id: string;
  /** 1 for a call's first worker. */
  readonly incarnation: number;
  readonly agent: Agent;
  /** The agent cannot answer, and this is why. */
  readonly broken: EndReason | undefined;
  readonly secrets: Secrets;
  readonly journal: Journal;
  readonly notes: CallJournal;
  /** What earlier incarnations left behind. */
  readonly past: Past | undefined;
  readonly #deps: AdmissionDeps;
  readonly #startedMs: number;
  #remains: Promise<Remains> | undefined;
  #lost = false;
  #written = false;

  /**
   * @throws JournalExistsError when the call is, or was, another's
   */
  constructor(deps: AdmissionDeps, facts: AdmittedFacts, past?: Past) {
    this.#deps = deps;
    this.#startedMs = deps.clock.now();
    this.id = facts.callId ?? newId('call', deps.chance);
    this.past = past;
    this.incarnation = past ? past.incarnation + 1 : 1;
    const chosen = chooseAgent(deps, facts);
    this.agent = chosen.agent;
    this.broken = chosen.broken;
    this.secrets = new Secrets(chosen.agent, past?.redacted);
    this.journal = openJournal({
      dataDir: deps.settings.dataDir,
      callId: this.id,
      incarnation: this.incarnation,
      clock: deps.clock,
      maxBytes: deps.settings.journalMaxBytes,
      ...(past && { before: past.lines }),
      onTrouble: (error) =>
        error
          ? deps.log.error('the disk refuses the journal', { error })
          : deps.log.warn('the disk takes the journal again'),
    });
    this.notes = new CallJournal(this.journal, deps.clock, this.secrets);
    const { build, worker, settings } = deps;
    const { id: callId, incarnation, agent } = this;
    this.notes.open({ callId, incarnation, build, worker, agent, settings, facts });
  }

  /** Seconds since the admission. */
  get seconds(): number {
    return Math.round(this.#deps.clock.now() - this.#startedMs) / 1000;
  }

  /**
   * Another worker has gone on with the call: its journal exists. The lease is looked at before anything is done that
   * the outside can notice, because a process may be stopped for any time between two steps.
   */
  get isLost(): boolean {
    this.#lost ||= existsSync(journalPath(this.#deps.settings.dataDir, this.id, this.incarnation + 1));
    return this.#lost;
  }

  /** The line is there: audio flows from here on. */
  board(facts: LineFacts, turn: TurnConfig): void {
    this.notes.line(facts, turn);
  }

  /** Something happened around the call, such as "it rings"; it stands in the record. */
  note(what: string, detail: Json = null): void {
    this.notes.event(what, detail);
  }

  /** No line came: the call is over. Never rejects; a second reason changes nothing. */
  fail(reason: EndReason, detail?: string): Promise<Remains> {
    return this.finish(reason, detail);
  }

  /** The end, once: the last line of the journal, and the record of it all. */
  finish(reason: EndReason, detail: string | undefined): Promise<Remains> {
    this.#remains ??= this.#finish(reason, detail);
    return this.#remains;
  }

  async #finish(reason: EndReason, detail: string | undefined): Promise<Remains> {
    const { clock, settings, log } = this.#deps;
    const { seconds } = this;
    let path = '';
    if (this.isLost) {
      log.error('another worker has this call; nothing more is done for it here');
      await inTime(clock, settings.endMs, 'journal', log, () => this.journal.close());
      return { reason, recordPath: path, seconds, lost: true };
    }
    this.notes.end(reason, detail);
    await inTime(clock, settings.endMs, 'record', log, async () => {
      path = await this.#record();
    });
    // A full disk may have room again: until then the journal stays open, with what it holds in memory.
    if (!this.#written) return { reason, recordPath: '', seconds, writeAgain: () => this.#writeAgain() };
    await inTime(clock, settings.endMs, 'journal', log, () => this.journal.close());
    return { reason, recordPath: path, seconds };
  }

  async #writeAgain(): Promise<boolean> {
    if (await this.journal.sync()) await this.#record();
    if (!this.#written) return false;
    await this.journal.close();
    return true;
  }

  async #record(): Promise<string> {
    const { settings, log, clock } = this.#deps;
    const release = clock.hold();
    try {
      const path = recordPath(settings.dataDir, this.id);
      const outcome = await writeRecordOnce(settings.dataDir, this.journal.record());
      this.#written = true;
      if (outcome === 'exists' || !this.isLost) return path;
      // Somebody took the call in the very last moment, and will write the record.
      await unlink(path);
      return '';
    } catch (error) {
      // The journal has everything; whoever comes to it later makes the record of it.
      log.error('the record could not be written', { error });
      return '';
    } finally {
      release();
    }
  }
}
