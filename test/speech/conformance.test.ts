import { afterAll, beforeAll } from 'vitest';
import { hear } from '../../src/agent/hear.ts';
import { realClock, sleep } from '../../src/kit/clock.ts';
import { silentLog } from '../../src/kit/log.ts';
import type { Expectation } from '../../src/ports/expectation.ts';
import { readRecording } from '../../src/sim/phrases.ts';
import { type DeviceSpeech, openDeviceSpeech } from '../../src/speech/device/open.ts';
import { describeRecogniser, describeVoice } from '../support/engine-conformance.ts';

/** The device engines keep what the ports promise. */

const MESSAGE: Expectation = {
  id: 'test/message',
  slots: { what: hear.choice({ message: ['leave a message'], cancel: ['cancel'] }) },
  confirming: false,
  universal: true,
};
const pass = (ms: number) => sleep(realClock, ms);
let speech: DeviceSpeech;

beforeAll(async () => {
  speech = await openDeviceSpeech({ hears: true, voices: ['slt'], clock: realClock, log: silentLog });
  await speech.recogniser?.prepare([MESSAGE]);
  await speech.voice?.prepare(['slt']);
});
afterAll(() => speech.close());

describeRecogniser('device', () => {
  if (!speech.recogniser) throw new Error('no recogniser');
  const words = readRecording('allison/leave-a-message.wav');
  const sound = new Int16Array(3200 + words.length + 3200);
  sound.set(words, 3200);
  return Promise.resolve({
    engine: speech.recogniser,
    expect: MESSAGE,
    speech: sound,
    says: /leave a message/,
    pass,
  });
});

describeVoice('device/slt', () => {
  if (!speech.voice) throw new Error('no voice');
  return Promise.resolve({ engine: speech.voice, voice: 'slt', pass });
});
