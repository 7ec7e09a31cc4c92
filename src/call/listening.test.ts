import { describe, expect, test } from 'vitest';
import { VirtualClock } from '../kit/virtual-clock.ts';
import type { RecogniserEngine, RecogniserEvent } from '../ports/recogniser.ts';
import { CallerAudio } from './caller-audio.ts';
import { EchoGuard } from './echo.ts';
import { Listening } from './listening.ts';
import { noMetrics } from './metrics.ts';
import type { TurnInput } from './turn/events.ts';

const RATE = 8000;

/** A recogniser whose events are said by the test. */
function bench(listens: 'speech' | 'always', agentText = '') {
  const audio = new CallerAudio(RATE);
  const sessions: {
    from: number;
    fed: number;
    closed: boolean;
    finalised: number[];
    say: (event: RecogniserEvent) => void;
  }[] = [];
  const recogniser: RecogniserEngine = {
    name: 'told',
    listens,
    prepare: () => Promise.resolve(),
    open({ from, listener }) {
      const session = { from, fed: from, closed: false, finalised: [] as number[], say: listener };
      sessions.push(session);
      return {
        audio: (samples) => void (session.fed += samples.length),
        expect: () => undefined,
        finalize: (upTo) => void session.finalised.push(upTo),
        close: () => void (session.closed = true),
      };
    },
    reset: () => undefined,
    close: () => Promise.resolve(),
  };
  const heard: TurnInput[] = [];
  const agent = { powerAt: () => 0 } as unknown as ConstructorParameters<typeof EchoGuard>[0];
  const listening = new Listening({
    clock: new VirtualClock(),
    audio,
    recogniser,
    echo: new EchoGuard(agent),
    metrics: noMetrics,
    agentText: () => agentText,
    timeOf: (ms) => ms,
    listener: (input) => void heard.push(input),
    onPort: () => undefined,
  });
  const hear = (ms: number) => {
    const samples = new Int16Array((ms / 1000) * RATE);
    audio.append(audio.end, samples);
    listening.audio(samples, audio.end);
  };
  const last = () => {
    const session = sessions.at(-1);
    if (!session) throw new Error('no session was opened');
    return session;
  };
  return { audio, listening, heard, hear, sessions, last };
}

const final = (text: string): RecogniserEvent => ({ kind: 'final', text, words: [], from: 0, to: 0 });
const partial = (text: string): RecogniserEvent => ({ kind: 'partial', text, from: 0, to: 0 });

describe('a stretch of speech', () => {
  test('is given to a session from a little before it began, without a gap', () => {
    const { hear, listening, audio, last } = bench('speech');
    hear(2000);
    listening.listen('s1', 1900, audio.end);
    expect(last().from).toBe(((1900 - 300) / 1000) * RATE);
    expect(last().fed).toBe(audio.end);
    hear(100);
    expect(last().fed).toBe(audio.end);
    listening.finalise('s1', 2000);
    hear(100);
    expect(last().fed).toBe(2.1 * RATE);
    expect(last().finalised).toEqual([2 * RATE]);
  });

  test('is answered once, and what comes after it or after a drop is not heard', () => {
    const { hear, listening, audio, last, heard } = bench('speech');
    hear(1000);
    listening.listen('s1', 900, audio.end);
    listening.finalise('s1', 1000);
    last().say(final('yes'));
    last().say(final('no'));
    expect(heard).toEqual([{ kind: 'final', stretch: 's1', text: 'yes', echo: false }]);
    expect(last().closed).toBe(true);
    listening.listen('s2', 900, audio.end);
    listening.drop('s2');
    last().say(final('late'));
    expect(heard.slice(1)).toEqual([{ kind: 'stretch-dropped', stretch: 's2' }]);
  });

  test('that the recogniser does not follow counts as failed', () => {
    const { hear, listening, audio, last, heard } = bench('speech');
    hear(1000);
    listening.listen('s1', 900, audio.end);
    for (let i = 0; i < 50; i++) hear(100);
    expect(heard).toMatchObject([{ kind: 'stretch-failed', stretch: 's1', retryable: true }]);
    expect(last().closed).toBe(true);
  });

  test('whose words are what the agent was saying is marked as an echo', () => {
    const { hear, listening, audio, last, heard } = bench('speech', 'which day would you like');
    hear(1000);
    listening.listen('s1', 900, audio.end);
    last().say(partial('day would you'));
    listening.finalise('s1', 1000);
    last().say(final('yes'));
    expect(heard).toMatchObject([{ echo: true }, { text: 'yes', echo: false }]);
  });
});

describe('a recogniser that listens always', () => {
  test('keeps one session, and its own finals become part of the stretch', () => {
    const { hear, listening, audio, last, heard, sessions } = bench('always');
    hear(1000);
    listening.listen('s1', 900, audio.end);
    last().say(final('the fourth of may'));
    last().say(partial('nineteen'));
    listening.finalise('s1', 2000);
    last().say(final('nineteen eighty'));
    listening.listen('s2', 3000, audio.end);
    listening.finalise('s2', 3500);
    last().say({ kind: 'rejected', from: 0, to: 0 });
    expect(heard.filter(({ kind }) => kind !== 'partial')).toEqual([
      { kind: 'final', stretch: 's1', text: 'the fourth of may nineteen eighty', echo: false },
      { kind: 'unclear', stretch: 's2' },
    ]);
    expect(sessions).toHaveLength(1);
  });

  test('still owes the final of a dropped stretch, which is not taken for that of the next', () => {
    const { hear, listening, audio, last, heard } = bench('always');
    hear(1000);
    listening.listen('s1', 900, audio.end);
    listening.finalise('s1', 1000);
    listening.drop('s1');
    listening.listen('s2', 1500, audio.end);
    listening.finalise('s2', 1600);
    last().say(final('old'));
    last().say(final('new'));
    expect(heard.at(-1)).toEqual({ kind: 'final', stretch: 's2', text: 'new', echo: false });
  });

  test('is opened again when it fails, and every stretch is answered', () => {
    const { hear, listening, audio, last, heard, sessions } = bench('always');
    hear(1000);
    listening.listen('s1', 900, audio.end);
    last().say({ kind: 'failed', retryable: true, message: 'the connection broke' });
    expect(heard).toMatchObject([{ kind: 'stretch-failed', stretch: 's1' }]);
    expect(sessions).toHaveLength(2);
    listening.close();
    expect(last().closed).toBe(true);
  });
});
