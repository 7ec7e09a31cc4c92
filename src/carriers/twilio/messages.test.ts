import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { clearMessage, markMessage, mediaMessage, parseTwilio } from './messages.ts';

const parse = (message: unknown) => parseTwilio(JSON.stringify(message));
const start = {
  event: 'start',
  streamSid: 'MZ1',
  start: { callSid: 'CA1', mediaFormat: { encoding: 'audio/x-mulaw', sampleRate: 8000 } },
};

describe('a message of Twilio’s', () => {
  test('may have its numbers as strings or as numbers', () => {
    const media = (timestamp: unknown) => parse({ event: 'media', media: { timestamp, payload: '/w==' } });
    for (const timestamp of ['40', 40]) expect(media(timestamp)).toMatchObject({ timestampMs: 40 });
    for (const timestamp of ['', 'x', null, -1, {}, '1e3'])
      expect(media(timestamp)).toMatchObject({ timestampMs: undefined });
    for (const sampleRate of [8000, '8000'])
      expect(
        parse({
          ...start,
          start: { ...start.start, mediaFormat: { encoding: 'audio/x-mulaw', sampleRate } },
        }),
      ).toMatchObject({ event: 'start', start: { rate: 8000 } });
  });

  test('needs no more of a media message than its payload', () => {
    expect(parse({ event: 'media', media: { payload: '/w==' } })).toEqual({
      event: 'media',
      track: 'inbound',
      timestampMs: undefined,
      payload: '/w==',
    });
  });

  test('may name its stream in either place of the start message, but must in one', () => {
    const { streamSid: _streamSid, ...rest } = start;
    expect(parse(start)).toMatchObject({ start: { streamSid: 'MZ1', callSid: 'CA1', parameters: {} } });
    expect(parse({ ...rest, start: { ...rest.start, streamSid: 'MZ2' } })).toMatchObject({
      start: { streamSid: 'MZ2' },
    });
    expect(parse(rest)).toMatchObject({ event: 'bad-start' });
  });

  test('that lacks what it is for is unknown, with the part named', () => {
    expect(parse({ event: 'media', media: {} })).toEqual({
      event: 'unknown',
      what: 'media without a payload',
    });
    expect(parse({ event: 'mark' })).toEqual({ event: 'unknown', what: 'mark without a name' });
    expect(parse({ event: 'dtmf', dtmf: { digit: '12' } })).toEqual({
      event: 'unknown',
      what: 'dtmf without a key',
    });
  });

  test('is told from text that is no message', () => {
    for (const text of ['', 'x', 'null', '[]', '{}', '{"event":7}', '"start"', '{"event":"media"'])
      expect(parseTwilio(text).event).toBe('malformed');
  });

  test('of any text whatever is something, and never an exception', () => {
    const known = fc.constantFrom('connected', 'start', 'media', 'mark', 'dtmf', 'stop');
    const near = fc.record({
      event: known,
      media: fc.object(),
      mark: fc.object(),
      dtmf: fc.object(),
      start: fc.object(),
    });
    fc.assert(
      fc.property(
        fc.oneof(
          fc.json(),
          fc.string(),
          near.map((each) => JSON.stringify(each)),
        ),
        (text) => {
          expect(typeof parseTwilio(text).event).toBe('string');
        },
      ),
      { numRuns: 2000 },
    );
  });
});

test('our messages have the parts that Twilio asks for', () => {
  expect(JSON.parse(mediaMessage('MZ1', '/w=='))).toEqual({
    event: 'media',
    streamSid: 'MZ1',
    media: { payload: '/w==' },
  });
  expect(JSON.parse(markMessage('MZ1', 'g1:m7'))).toEqual({
    event: 'mark',
    streamSid: 'MZ1',
    mark: { name: 'g1:m7' },
  });
  expect(JSON.parse(clearMessage('MZ1'))).toEqual({ event: 'clear', streamSid: 'MZ1' });
});
