import { describe, expect, it } from 'vitest';
import { encodeMulaw } from '../audio/g711.ts';
import { seededChance } from '../kit/ids.ts';
import { VirtualClock } from '../kit/virtual-clock.ts';
import { TwilioCarrier, type TwilioOptions } from './twilio-carrier.ts';

type Message = Record<string, Record<string, unknown> & string>;

function setUp(options: Partial<TwilioOptions> = {}) {
  const clock = new VirtualClock();
  const sent: { atMs: number; message: Message }[] = [];
  const wire = {
    closedWith: undefined as number | undefined,
    send: (text: string | Uint8Array) => {
      sent.push({ atMs: clock.now(), message: JSON.parse(String(text)) as Message });
    },
    close: (code: number) => {
      wire.closedWith = code;
    },
    pause: () => undefined,
    terminate: () => undefined,
  };
  const carrier = new TwilioCarrier(wire, { clock, chance: seededChance(1), ...options });
  const receive = (message: Record<string, unknown>) => {
    const start = sent.find(({ message: { event } }) => String(event) === 'start');
    carrier.message(JSON.stringify({ streamSid: start?.message['streamSid'], ...message }));
  };
  const media = (ms: number, value = 4000) =>
    receive({
      event: 'media',
      media: { payload: Buffer.from(encodeMulaw(new Int16Array(ms * 8).fill(value))).toString('base64') },
    });
  const events = (name: string) => sent.filter(({ message }) => String(message['event']) === name);
  return { clock, sent, wire, carrier, receive, media, events };
}

describe('the simulated Twilio carrier', () => {
  it('begins with connected and start, as text numbers where Twilio has text', () => {
    const { sent } = setUp({ parameters: { agent: 'clinic' } });
    expect(sent[0]?.message).toEqual({ event: 'connected', protocol: 'Call', version: '1.0.0' });
    const start = sent[1]?.message;
    expect(start?.['sequenceNumber']).toBe('1');
    expect(start?.['start']).toMatchObject({
      tracks: ['inbound'],
      mediaFormat: { encoding: 'audio/x-mulaw', sampleRate: 8000, channels: 1 },
      customParameters: { agent: 'clinic' },
    });
  });

  it('sends 160 bytes every 20 ms with rising chunk and timestamp', async () => {
    const { clock, events } = setUp();
    await clock.runUntil(100);
    const media = events('media');
    expect(media.map(({ atMs }) => atMs)).toEqual([20, 40, 60, 80, 100]);
    expect(media[2]?.message['media']).toMatchObject({ track: 'inbound', chunk: '3', timestamp: '40' });
    expect(Buffer.from(String(media[0]?.message['media']?.['payload']), 'base64').length).toBe(160);
    expect(media[4]?.message['sequenceNumber']).toBe('6');
  });

  it('leaves silence out when told to, and its timestamps jump', async () => {
    const { clock, events, carrier } = setUp({ omitSilence: true });
    await clock.runUntil(200);
    expect(events('media')).toEqual([]);
    carrier.mouth.say(new Int16Array(320).fill(6000), 'hm', 200);
    await clock.runUntil(400);
    const media = events('media').map(({ message }) => message['media']);
    expect(media.map((body) => body?.['timestamp'])).toEqual(['200', '220']);
    expect(media.map((body) => body?.['chunk'])).toEqual(['1', '2']);
  });

  it('echoes marks when played and all of them on clear', async () => {
    const { clock, events, receive, media } = setUp();
    media(100);
    receive({ event: 'mark', mark: { name: 'g1:m1' } });
    media(100);
    receive({ event: 'mark', mark: { name: 'g1:m2' } });
    await clock.runUntil(120);
    expect(events('mark').map(({ atMs, message }) => [atMs, message['mark']?.['name']])).toEqual([
      [100, 'g1:m1'],
    ]);
    receive({ event: 'clear' });
    expect(events('mark').map(({ atMs }) => atMs)).toEqual([100, 120]);
  });

  it('delays both ways by the network, in order, however much it jitters', async () => {
    const { clock, events, media, carrier } = setUp({ delayMs: 50, jitterMs: 40, seed: 3 });
    await clock.runUntil(0);
    expect(events('media')).toEqual([]);
    await clock.runUntil(500);
    const times = events('media').map(({ atMs }) => atMs);
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect(events('media').map(({ message }) => message['media']?.['chunk'])).toEqual(
      times.map((_, i) => String(i + 1)),
    );
    expect(times[0]).toBeGreaterThanOrEqual(70);
    media(20);
    expect(carrier.loudspeaker.firstArrivalMs).toBeUndefined();
    await clock.runUntil(700);
    expect(carrier.loudspeaker.firstArrivalMs).toBeGreaterThanOrEqual(550);
    expect(carrier.loudspeaker.firstArrivalMs).toBeLessThanOrEqual(590);
  });

  it('hangs up with stop and a close, and ends once', async () => {
    const { clock, events, wire, carrier } = setUp();
    await clock.runUntil(50);
    carrier.hangUp();
    carrier.closed(1000);
    carrier.hangUp();
    expect(events('stop')).toHaveLength(1);
    expect(wire.closedWith).toBe(1000);
    expect(await carrier.ended).toMatchObject({ by: 'caller', closeCode: 1000, atMs: 50 });
    await clock.runUntil(200);
    expect(events('media').length).toBe(2);
  });

  it('notes what Twilio would refuse, and plays none of it', () => {
    const { carrier, receive } = setUp();
    carrier.message(new Uint8Array([1, 2]));
    carrier.message('no json');
    receive({ event: 'mark', mark: {} });
    receive({ event: 'media', media: { data: 'x' } });
    receive({ event: 'hello' });
    receive({ event: 'media', streamSid: 'MZother', media: { payload: 'AAAA' } });
    expect(carrier.faults).toHaveLength(6);
    expect(carrier.loudspeaker.firstArrivalMs).toBeUndefined();
  });
});
