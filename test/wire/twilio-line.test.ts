import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { twilio } from '../../src/carriers/twilio/media.ts';
import { CarrierServer } from '../support/carrier-server.ts';
import { describeLine } from '../support/line-conformance.ts';
import { LineEvents } from '../support/line-events.ts';
import { connectTwilio, mediaFrame, placed, startWith } from '../support/twilio-far-end.ts';

describeLine('Twilio', () => connectTwilio(new CarrierServer(twilio)));

let release: () => void = () => undefined;
afterEach(() => release());

async function connect(start?: object) {
  const server = new CarrierServer(twilio);
  const connected = await connectTwilio(server, start);
  release = connected.release;
  return { server, ...connected, events: new LineEvents(connected.line) };
}

const frame = new Int16Array(160).fill(1000);

describe('a Twilio stream', () => {
  test('knows of its call what start message and parameters say', async () => {
    const parameters = { agent: 'clinic', call_id: 'c-1', from: '+15550101', to: '+15550100', city: 'Bath' };
    const { line } = await connect(startWith(parameters));
    expect(line.facts).toEqual({
      carrier: 'twilio',
      carrierCallId: 'CA1',
      callId: 'c-1',
      agent: 'clinic',
      from: '+15550101',
      to: '+15550100',
      direction: 'inbound',
      vars: { city: 'Bath' },
      rate: 8000,
      omitsSilence: true,
      sendAheadMaxMs: 1000,
      can: { pause: false, marks: true, dtmfOut: false, transfer: 'none' },
    });
  });

  test('shows a gap where Twilio left silence out', async () => {
    const { client, events } = await connect();
    client.send(mediaFrame(frame, 0));
    client.send(mediaFrame(frame, 20));
    client.send(mediaFrame(frame, 540));
    client.send(mediaFrame(frame, '560'));
    for (let i = 0; i < 4; i++) await events.next('media');
    expect(placed(events)).toEqual([
      [0, 160],
      [160, 160],
      [4320, 160],
      [4480, 160],
    ]);
  });

  test('closes up timestamps that wobble, are missing, or go back', async () => {
    const { client, events } = await connect();
    for (const timestamp of [0, 22, 38, undefined, 71, 20, 'soon']) client.send(mediaFrame(frame, timestamp));
    for (let i = 0; i < 7; i++) await events.next('media');
    expect(placed(events).map(([at]) => at)).toEqual([0, 160, 320, 480, 640, 800, 960]);
  });

  test('cannot be sent into the future by its timestamps', async () => {
    const { client, events } = await connect();
    client.send(mediaFrame(frame, 9e15));
    client.send(mediaFrame(frame, 9e15 + 20));
    for (let i = 0; i < 2; i++) await events.next('media');
    expect(placed(events).map(([at]) => at)).toEqual([80_000, 80_160]);
  });

  test('takes only the caller’s track, and anything else that is new for a sign of life, noted once', async () => {
    const { client, events, server, far } = await connect();
    client.send(mediaFrame(frame, 0, 'outbound'));
    for (let i = 0; i < 3; i++) client.send({ event: 'weather', streamSid: 'MZ1', mood: 'sunny' });
    client.send({ event: 'media', media: {} });
    client.send({ event: 'dtmf', dtmf: { digit: 'hash' } });
    client.send(startWith({}));
    await far.settled();
    expect(new Set(events.kinds())).toEqual(new Set(['alive']));
    expect(server.notes.filter((note) => note.includes('weather'))).toHaveLength(1);
  });

  test.each([
    ['a binary message', new Uint8Array(160)],
    ['text that is not JSON', '{"event":"media"'],
    ['JSON that is no message', '[1,2]'],
  ])('ends with line.protocol on %s', async (_what, message) => {
    const { client, events, line } = await connect();
    client.send(message);
    expect(await events.next('end')).toMatchObject({ reason: 'line.protocol' });
    expect(await client.closed).toMatchObject({ code: 1008 });
    await line.end('line.protocol');
  });

  test('ends with line.protocol on a message larger than allowed', async () => {
    const { client, events, server } = await connect();
    client.send('x'.repeat(server.settings.maxMessageBytes + 1));
    expect(await events.next('end')).toMatchObject({ reason: 'line.protocol' });
    expect(await client.closed).toMatchObject({ code: 1009 });
  });

  test('whose far end stops reading says how much is waiting, and ends as stuck before memory fills', async () => {
    const { far, line, events, server } = await connect();
    far.deafen();
    const second = new Int16Array(8000).fill(500);
    let waited = 0;
    while (!events.kinds().includes('end')) {
      line.send(second, 0);
      waited = Math.max(waited, line.backlogBytes());
      await new Promise<void>((resolve) => void setImmediate(resolve));
    }
    expect(await events.next('end')).toMatchObject({ reason: 'line.stuck' });
    expect(waited).toBeGreaterThan(server.settings.maxBacklogBytes);
    expect(waited).toBeLessThan(server.settings.maxBacklogBytes * 20);
  });

  test('survives 5,000 random frames: it goes on or ends once, and nothing is thrown', async () => {
    const event = fc.constantFrom('connected', 'start', 'media', 'mark', 'dtmf', 'stop', 'clear', 'new');
    const object = fc.record(
      {
        event,
        media: fc.object(),
        mark: fc.object(),
        dtmf: fc.object(),
        start: fc.object(),
        streamSid: fc.string(),
      },
      { requiredKeys: ['event'] },
    );
    const frames = fc.oneof(
      {
        weight: 6,
        arbitrary: object.filter((each) => each.event !== 'stop').map((each) => JSON.stringify(each)),
      },
      {
        weight: 3,
        arbitrary: fc.string().map((payload) => JSON.stringify({ event: 'media', media: { payload } })),
      },
    );
    const { client, events, far } = await connect();
    for (const text of fc.sample(frames, 5000)) client.send(text);
    await far.settled();
    expect(events.all.length).toBeGreaterThanOrEqual(5000);
    expect(events.kinds()).not.toContain('end');
    for (const text of fc.sample(fc.oneof(fc.json(), fc.string()), 100)) client.send(text);
    await events.next('end');
    expect(events.kinds().filter((kind) => kind === 'end')).toHaveLength(1);
    expect(events.kinds().at(-1)).toBe('end');
  });
});
