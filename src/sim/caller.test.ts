import { describe, expect, it } from 'vitest';
import { bytesFromSamples, samplesFromBytes } from '../audio/pcm.ts';
import { VirtualClock } from '../kit/virtual-clock.ts';
import { Caller, type CallerOutcome, type ReadyStep } from './caller.ts';
import { type ConversationReport, conversationReport } from './conversation-report.ts';
import type { FarNews } from './far-end.ts';
import { PcmClient } from './pcm-client.ts';

const RATE = 8000;

function loud(ms: number): Int16Array {
  return Int16Array.from({ length: (ms * RATE) / 1000 }, (_, i) => (i % 2 ? 6000 : -6000));
}

interface AgentRules {
  /** Silence after which it answers. */
  readonly answerMs: number;
  readonly replyMs: number;
  /** Sound for so long makes it stop; undefined: it never does. */
  readonly stopMs?: number;
  readonly hangUpAfter?: number;
}

/** An agent as small as can be: it greets, answers every silence after speech, and stops when spoken over. */
class SmallAgent {
  readonly #clock: VirtualClock;
  readonly #rules: AgentRules;
  client: PcmClient | undefined;
  #soundMs = 0;
  #quietMs = 0;
  #speakingUntil = 0;
  #replies = 0;
  #owes = false;

  constructor(clock: VirtualClock, rules: AgentRules) {
    this.#clock = clock;
    this.#rules = rules;
  }

  take(message: string | Uint8Array): void {
    if (typeof message === 'string') {
      const { event } = JSON.parse(message) as { event: string };
      if (event === 'start') this.#clock.after(10, () => this.#speak('hello there'));
      if (event === 'dtmf') this.#key();
      return;
    }
    if (samplesFromBytes(message).some((sample) => sample !== 0)) {
      this.#soundMs += 20;
      this.#quietMs = 0;
      if (this.#soundMs === this.#rules.stopMs) this.#stop();
      if (this.#soundMs >= 60) this.#owes = true;
    } else {
      this.#soundMs = 0;
      this.#quietMs += 20;
      if (this.#owes && this.#quietMs === this.#rules.answerMs) this.#speak('I see');
    }
  }

  #key(): void {
    this.#stop();
    this.#clock.after(900, () => this.#speak('thank you'));
  }

  #stop(): void {
    if (this.#clock.now() >= this.#speakingUntil) return;
    this.#speakingUntil = 0;
    this.client?.message('{"event":"clear"}');
  }

  #speak(text: string): void {
    this.#owes = false;
    this.#replies++;
    this.#speakingUntil = this.#clock.now() + this.#rules.replyMs;
    this.client?.message(JSON.stringify({ event: 'transcript', who: 'agent', text, final: true }));
    this.client?.message(bytesFromSamples(loud(this.#rules.replyMs)));
    if (this.#replies === this.#rules.hangUpAfter)
      this.#clock.after(this.#rules.replyMs, () => {
        this.client?.message('{"event":"end","reason":"agent.finished"}');
        this.client?.closed(1000);
      });
  }
}

async function call(
  steps: readonly ReadyStep[],
  rules: AgentRules,
): Promise<{ report: ConversationReport; outcome: CallerOutcome }> {
  const clock = new VirtualClock();
  const agent = new SmallAgent(clock, rules);
  const news: FarNews[] = [];
  const wire = {
    send: (message: string | Uint8Array) => agent.take(message),
    close: () => undefined,
    pause: () => undefined,
    terminate: () => undefined,
  };
  const far = new PcmClient(wire, { clock, rate: RATE });
  agent.client = far;
  far.onNews((item) => news.push(item));
  const caller = new Caller(far, { clock });
  const outcome = await clock.runUntilSettled(caller.run(steps), 120_000);
  const end = await far.ended;
  return { outcome, report: conversationReport({ far, end, outcome, news }) };
}

const listen: ReadyStep = { do: 'listen', quietMs: 700, limitS: 10 };
const says = (ms: number, bargeInMs?: number): ReadyStep => ({
  do: 'sound',
  text: `${ms} ms of speech`,
  samples: loud(ms),
  ...(bargeInMs === undefined ? {} : { bargeInMs }),
});

describe('a simulated caller', () => {
  it('listens, speaks, is answered, and the delay is measured to the millisecond', async () => {
    const { report, outcome } = await call([listen, says(800), listen, { do: 'hangUp' }], {
      answerMs: 400,
      replyMs: 1000,
    });
    expect(outcome.how).toBe('done');
    expect(report.first_audio_ms).toBe(10);
    expect(report.responses).toHaveLength(1);
    // 400 ms of silence, which the frames of 20 ms can stretch by less than one of them.
    expect(report.responses[0]?.how).toBe('answered');
    expect(report.responses[0]?.delay_ms).toBeGreaterThanOrEqual(395);
    expect(report.responses[0]?.delay_ms).toBeLessThanOrEqual(425);
    expect(report.turns.map((turn) => turn.who)).toEqual(['agent', 'caller', 'agent']);
    expect(report.transcript.map((line) => line.text)).toEqual(['hello there', 'I see']);
    expect(report.end).toEqual({ by: 'caller', reason: null, close_code: 1000 });
    expect(report.underruns).toEqual([]);
  });

  it('interrupts at the moment it was told to, and the time to silence is measured', async () => {
    const { report } = await call([says(900, 500), listen, { do: 'hangUp' }], {
      answerMs: 400,
      replyMs: 3000,
      stopMs: 200,
    });
    expect(report.barge_ins).toHaveLength(1);
    const [barge] = report.barge_ins;
    expect(barge?.onset_ms).toBeGreaterThanOrEqual(510);
    expect(barge?.onset_ms).toBeLessThanOrEqual(560);
    expect(barge?.delay_ms).toBeGreaterThanOrEqual(180);
    expect(barge?.delay_ms).toBeLessThanOrEqual(225);
    expect(report.responses[0]?.how).toBe('answered');
  });

  it('is talked over by an agent that does not stop', async () => {
    const { report } = await call([says(300, 500), listen, { do: 'hangUp' }], {
      answerMs: 60_000,
      replyMs: 3000,
    });
    expect(report.barge_ins[0]?.delay_ms).toBeNull();
    expect(report.responses[0]?.how).toBe('talked-over');
  });

  it('sees its turn cut when the agent answers a pause', async () => {
    const { report } = await call(
      [listen, says(500), { do: 'pause', ms: 700 }, says(500), listen, { do: 'hangUp' }],
      { answerMs: 400, replyMs: 600 },
    );
    expect(report.responses).toHaveLength(1);
    expect(report.responses[0]?.how).toBe('cut');
    expect(report.turns.filter((turn) => turn.who === 'caller')).toHaveLength(1);
  });

  it('interrupts with a key, and waits for the answer to it', async () => {
    const keys: ReadyStep = { do: 'keys', keys: '12', gapMs: 100, bargeInMs: 400 };
    const { report } = await call([keys, listen, { do: 'hangUp' }], { answerMs: 400, replyMs: 2000 });
    expect(report.barge_ins[0]).toMatchObject({ by: 'key', delay_ms: 0 });
    expect(report.responses[0]).toMatchObject({ to: 'keys', how: 'answered' });
    expect(report.turns.find((turn) => turn.keys)?.keys).toBe('12');
  });

  it('gives up with the step and the reason when the agent says nothing', async () => {
    const { report, outcome } = await call([listen, says(500), listen], { answerMs: 60_000, replyMs: 500 });
    expect(outcome).toMatchObject({
      how: 'stuck',
      why: 'step 3: the agent did not speak and finish within 10 s',
    });
    expect(report.responses[0]?.how).toBe('unanswered');
  });

  it('says so when the agent ends the call in the middle of the script', async () => {
    const { report, outcome } = await call([listen, says(500), listen, says(500)], {
      answerMs: 300,
      replyMs: 500,
      hangUpAfter: 2,
    });
    expect(outcome.how).toBe('ended');
    expect(report.end).toEqual({ by: 'agent', reason: 'agent.finished', close_code: 1000 });
  });
});
