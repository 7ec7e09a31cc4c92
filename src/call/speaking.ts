import type { CancelTimer, Clock } from '../kit/clock.ts';
import type { Scope } from '../kit/scope.ts';
import type { ReplyId } from '../ports/brain.ts';
import type { Line, LineEvent } from '../ports/line.ts';
import type { VoiceEngine } from '../ports/voice.ts';
import type { AgentAudio } from './agent-audio.ts';
import type { CallMetrics } from './metrics.ts';
import { spokenForm } from './spoken.ts';
import { type Span, Utterance } from './utterance.ts';
import { type VoicedEvent, Voicing } from './voicing.ts';

export type SpeakingEvent =
  | { readonly kind: 'sounding'; readonly reply: ReplyId }
  | { readonly kind: 'passage'; readonly reply: ReplyId; readonly interruptible: boolean }
  /** Everything was said and, as far as anyone can know, heard. */
  | {
      readonly kind: 'heard';
      readonly reply: ReplyId;
      readonly text: string;
      readonly span: Span | undefined;
    }
  | {
      readonly kind: 'failed';
      readonly reply: ReplyId;
      readonly text: string;
      readonly span: Span | undefined;
      readonly message: string;
    };

export interface SpeakingOptions {
  readonly clock: Clock;
  readonly scope: Scope;
  readonly line: Line;
  readonly out: AgentAudio;
  readonly engine: VoiceEngine;
  readonly voice: string;
  readonly maxBacklogBytes: number;
  readonly metrics: CallMetrics;
  readonly listener: (event: SpeakingEvent) => void;
  /** A segment was spoken: how long its first audio took, and how long it is. For the journal. */
  readonly onVoice: (segment: string, times: { readonly firstMs: number; readonly ms: number }) => void;
  /** What the ledger of a reply says when it is over, in milliseconds of its audio; nothing depends on it. */
  readonly onLedger?: (reply: ReplyId, ms: { sent: number; confirmed: number; heard: number }) => void;
}

const BLOCK_MS = 100;
/** One mark per so much audio: the ledger is never further off than this when the line dies. */
const MARK_EVERY_MS = 250;
/** A mark that does not come back keeps nobody waiting longer than this. */
const MARK_GRACE_MS = 1000;
/** A voice that says nothing for so long about a segment has failed. */
const VOICE_MS = 10_000;
/** A block that starts so much after the one before it ended is heard as a break. */
const BREAK_MS = 20;

/**
 * From segments of text to samples on the line. Owns the utterances of the call: one has the line, at most one more is
 * being prepared behind a shut gate.
 *
 * In: text, hold, resume, stop; audio of the voice; marks. Out: samples, marks, `SpeakingEvent`.
 * Invariants: never two utterances with an open gate; audio is kept until its reply is over; not more than the line's
 * `sendAheadMaxMs` is on its way; a mark never gates.
 */
export class Speaking {
  readonly #options: SpeakingOptions;
  readonly #voicing: Voicing;
  readonly #utterances = new Map<ReplyId, Utterance>();
  readonly #marks = new Map<string, { readonly reply: ReplyId; readonly position: number }>();
  #segments = 0;
  #unmarked = 0;
  #interruptible = true;
  #pumpTimer: CancelTimer | undefined;
  #endTimer: CancelTimer | undefined;
  #passageTimers: CancelTimer[] = [];
  #voiceTimer: CancelTimer | undefined;

  constructor(options: SpeakingOptions) {
    this.#options = options;
    this.#voicing = new Voicing(options.engine, options.voice, options.line.facts.rate, (event) =>
      this.#voiced(event),
    );
    options.scope.defer(() => this.#voicing.close());
    this.#voicing.open();
  }

  /** @param open whether its audio may go out at once; otherwise after `release` */
  begin(reply: ReplyId, open: boolean): void {
    this.#utterances.set(reply, new Utterance(reply, this.#options.line.facts.rate, open));
  }

  say(reply: ReplyId, text: string, uninterruptible: boolean): void {
    const utterance = this.#utterances.get(reply);
    const spoken = spokenForm(text);
    if (!utterance || spoken === '') return;
    const segment = { id: `${reply}.${++this.#segments}`, text, spoken };
    utterance.add(segment, uninterruptible, this.#options.clock.now());
    this.#voicing.segment(segment);
    this.#watchVoice();
  }

  /** No more text comes for this reply. */
  finish(reply: ReplyId): void {
    const utterance = this.#utterances.get(reply);
    if (!utterance) return;
    utterance.finished = true;
    this.#voicing.flush();
    this.#pump(utterance);
  }

  release(reply: ReplyId): void {
    const utterance = this.#utterances.get(reply);
    if (utterance?.gate !== 'shut') return;
    utterance.gate = 'open';
    this.#pump(utterance);
  }

  hold(reply: ReplyId): void {
    const utterance = this.#utterances.get(reply);
    if (utterance?.gate !== 'open') return;
    this.#estimate(utterance);
    if (utterance.sounded) this.#options.out.flush();
    utterance.hold();
    this.#stopTimers();
  }

  resume(reply: ReplyId): void {
    const utterance = this.#utterances.get(reply);
    if (utterance?.gate !== 'held') return;
    utterance.resume();
    this.#pump(utterance);
  }

  /** Ends a reply early. Returns what the caller heard of it, and whether that was all of it. */
  stop(reply: ReplyId): { readonly text: string; readonly whole: boolean; readonly span: Span | undefined } {
    const utterance = this.#utterances.get(reply);
    if (!utterance) return { text: '', whole: false, span: undefined };
    this.#utterances.delete(reply);
    if (utterance.gate === 'open' && utterance.sounded) {
      this.#estimate(utterance);
      this.#options.out.flush();
    }
    if (utterance.gate !== 'shut') this.#stopTimers();
    if (utterance.owed.length > 0) this.#voicing.cancel();
    this.#tellLedger(utterance);
    const span = utterance.heardSpan(this.#options.out.delayMs);
    return { text: utterance.heardText, whole: utterance.heardWhole, span };
  }

  /** The words that were at the caller's ear between two monotonic times. */
  textBetween(fromMs: number, toMs: number): string {
    for (const utterance of this.#utterances.values()) {
      const { delayMs } = this.#options.out;
      if (utterance.sounded) return utterance.textBetween(fromMs - delayMs, toMs - delayMs);
    }
    return '';
  }

  mark(event: Extract<LineEvent, { kind: 'mark' }>): void {
    const mark = this.#marks.get(event.name);
    this.#marks.delete(event.name);
    const utterance = mark && this.#utterances.get(mark.reply);
    if (!utterance || event.how !== 'played' || event.generation !== this.#options.out.generation) return;
    const due = utterance.playTime(mark.position);
    if (due !== undefined) this.#options.out.lagged(this.#options.clock.now() - due);
    utterance.confirm(mark.position);
    if (utterance.allSent && mark.position >= utterance.length) this.#over(utterance);
  }

  #estimate(utterance: Utterance): void {
    utterance.estimate(this.#options.clock.now() - this.#options.out.delayMs);
  }

  #voiced(event: VoicedEvent): void {
    if (event.kind === 'failed') return this.#voiceFailed(event.message);
    const utterance = [...this.#utterances.values()].find((candidate) => candidate.has(event.segment));
    if (!utterance) return;
    switch (event.kind) {
      case 'audio': {
        const givenAt = utterance.audio(event.segment, event.samples);
        if (givenAt !== undefined) {
          const firstMs = this.#options.clock.now() - givenAt;
          utterance.began(event.segment, firstMs);
          this.#options.metrics.observe('voice', firstMs);
        }
        break;
      }
      case 'words':
        utterance.words(event.segment, event.words);
        break;
      case 'done':
        utterance.done(event.segment);
        this.#options.onVoice(event.segment, utterance.timesOf(event.segment));
        break;
    }
    this.#watchVoice();
    this.#pump(utterance);
  }

  /** Sends what the line may take now, and comes back when it may take more. */
  #pump(utterance: Utterance): void {
    if (utterance.gate !== 'open' || this.#utterances.get(utterance.reply) !== utterance) return;
    const { line, out, maxBacklogBytes } = this.#options;
    const { rate, sendAheadMaxMs } = line.facts;
    const blockMs = Math.min(BLOCK_MS, sendAheadMaxMs / 2);
    const block = Math.max(1, Math.floor((blockMs / 1000) * rate));
    this.#pumpTimer?.();
    this.#pumpTimer = undefined;
    while (utterance.hasNext && out.aheadMs + blockMs <= sendAheadMaxMs) {
      if (line.backlogBytes() > maxBacklogBytes) break;
      this.#sendBlock(utterance, block);
    }
    if (this.#utterances.get(utterance.reply) !== utterance) return;
    if (utterance.hasNext)
      this.#pumpTimer = this.#options.scope.after(2 * blockMs, () => this.#pump(utterance));
    else if (utterance.allSent) this.#allSent(utterance);
  }

  #sendBlock(utterance: Utterance, size: number): void {
    const { out, line, metrics } = this.#options;
    const block = utterance.take(size);
    if (!block) return;
    const dryAt = out.playEnd;
    const at = out.send(block.samples);
    const joined = utterance.sounded && at <= dryAt;
    if (utterance.sounded && block.inside && at > dryAt + BREAK_MS && dryAt > 0) metrics.count('underruns');
    utterance.plays(block.from, at, joined);
    if (block.uninterruptible === this.#interruptible) this.#passage(utterance, !block.uninterruptible, at);
    this.#unmarked += block.samples.length;
    if (this.#unmarked + size > (MARK_EVERY_MS / 1000) * line.facts.rate)
      this.#mark(utterance, block.from + block.samples.length);
    if (utterance.sounded) return;
    utterance.sounded = true;
    this.#options.listener({ kind: 'sounding', reply: utterance.reply });
  }

  #mark(utterance: Utterance, position: number): void {
    this.#unmarked = 0;
    const { line, out } = this.#options;
    if (!line.facts.can.marks) return;
    const name = `${utterance.reply}:${position}:${out.generation}`;
    this.#marks.set(name, { reply: utterance.reply, position });
    line.mark(name, out.generation);
  }

  /** Says when a passage that may not be interrupted begins and ends for the caller's ear. */
  #passage(utterance: Utterance, interruptible: boolean, at: number): void {
    this.#interruptible = interruptible;
    const tell = () => this.#options.listener({ kind: 'passage', reply: utterance.reply, interruptible });
    const inMs = at - this.#options.clock.now();
    if (inMs <= 0) tell();
    else this.#passageTimers.push(this.#options.scope.after(inMs, tell));
  }

  #allSent(utterance: Utterance): void {
    if (this.#endTimer) return;
    if (!utterance.sounded) return this.#over(utterance);
    const { out, scope, line } = this.#options;
    if (this.#unmarked > 0) this.#mark(utterance, utterance.length);
    const grace = line.facts.can.marks ? MARK_GRACE_MS : 0;
    this.#endTimer = scope.after(out.aheadMs + out.delayMs + grace, () => this.#over(utterance));
  }

  #over(utterance: Utterance): void {
    if (this.#utterances.get(utterance.reply) !== utterance) return;
    utterance.heardAll();
    this.#utterances.delete(utterance.reply);
    this.#stopTimers();
    this.#tellLedger(utterance);
    const span = utterance.heardSpan(this.#options.out.delayMs);
    this.#options.listener({ kind: 'heard', reply: utterance.reply, text: utterance.heardText, span });
  }

  #tellLedger({ reply, rate, sounded, ledger }: Utterance): void {
    if (!sounded) return;
    const ms = (samples: number) => Math.round((samples * 1000) / rate);
    const { sent, confirmed, heard } = ledger;
    this.#options.onLedger?.(reply, { sent: ms(sent), confirmed: ms(confirmed), heard: ms(heard) });
  }

  #stopTimers(): void {
    this.#pumpTimer?.();
    this.#endTimer?.();
    for (const cancel of this.#passageTimers) cancel();
    this.#pumpTimer = undefined;
    this.#endTimer = undefined;
    this.#passageTimers = [];
    this.#interruptible = true;
    this.#unmarked = 0;
    this.#marks.clear();
  }

  #watchVoice(): void {
    this.#voiceTimer?.();
    this.#voiceTimer = undefined;
    if ([...this.#utterances.values()].some((utterance) => utterance.owed.length > 0))
      this.#voiceTimer = this.#options.scope.after(VOICE_MS, () =>
        this.#voiceFailed(`the voice gave no sound for ${VOICE_MS} ms`),
      );
  }

  #voiceFailed(message: string): void {
    this.#voiceTimer?.();
    const owing = [...this.#utterances.values()].filter((utterance) => utterance.owed.length > 0);
    for (const utterance of owing) {
      const { text, span } = this.stop(utterance.reply);
      this.#options.listener({ kind: 'failed', reply: utterance.reply, text, span, message });
    }
  }
}
