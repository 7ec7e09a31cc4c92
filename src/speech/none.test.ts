import { expect, test } from 'vitest';
import { EXPECT_NOTHING } from '../ports/expectation.ts';
import type { RecogniserEvent } from '../ports/recogniser.ts';
import { openNoRecogniser } from './none.ts';

const listen = () => {
  const events: RecogniserEvent[] = [];
  const session = openNoRecogniser().open({
    from: 100,
    rate: 8000,
    expect: EXPECT_NOTHING,
    listener: (event) => void events.push(event),
  });
  return { events, session };
};

test('the recogniser that hears nothing accounts for all audio and rejects every stretch', async () => {
  const { events, session } = listen();
  session.audio(new Int16Array(160));
  session.audio(new Int16Array(160));
  session.finalize(420);
  await Promise.resolve();
  expect(events).toEqual([
    { kind: 'progress', to: 260 },
    { kind: 'progress', to: 420 },
    { kind: 'rejected', from: 100, to: 420 },
  ]);
});

test('the recogniser that hears nothing reports nothing after it was closed', async () => {
  const { events, session } = listen();
  session.finalize(100);
  session.close();
  await Promise.resolve();
  expect(events).toEqual([]);
});
