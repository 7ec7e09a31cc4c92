import { describeRecogniser, describeVoice } from '../../test/support/engine-conformance.ts';
import { VirtualClock } from '../kit/virtual-clock.ts';
import { EXPECT_NOTHING } from '../ports/expectation.ts';
import { CallerScript } from './caller-script.ts';
import { slowRecogniser } from './slow-hearing.ts';
import { Lexicon, slowVoice } from './slow-voice.ts';

const passOf = (clock: VirtualClock) => (ms: number) => clock.runUntil(clock.now() + ms);

// The slow fakes keep the same promises as real engines, or tests with them would prove nothing.
describeRecogniser('slow', () => {
  const clock = new VirtualClock();
  const script = new CallerScript(8000);
  script.say('move my appointment', 1600, 900);
  const engine = slowRecogniser({ clock, script });
  return Promise.resolve({
    engine,
    expect: EXPECT_NOTHING,
    speech: new Int16Array(12_000),
    says: /move my appointment/,
    pass: passOf(clock),
  });
});

describeVoice('slow', () => {
  const clock = new VirtualClock();
  const engine = slowVoice({ clock, lexicon: new Lexicon() });
  return Promise.resolve({ engine, voice: 'any', pass: passOf(clock) });
});
