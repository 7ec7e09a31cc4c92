import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parsePcm } from './messages.ts';

describe('a text message of plain audio', () => {
  test('that starts a call has a rate of four, and every wrong part is named at once', () => {
    expect(parsePcm('{"event":"start","rate":16000}')).toEqual({ event: 'start', start: { rate: 16000 } });
    const wrong = parsePcm('{"event":"start","rate":44100,"call_id":"../x","agent":""}');
    expect(wrong).toMatchObject({
      event: 'bad-start',
      why: expect.stringMatching(/rate must be 8000.*agent.*call_id/),
    });
  });

  test('may have members we do not know', () => {
    expect(parsePcm('{"event":"mark","name":"g0:1","colour":"red"}')).toEqual({
      event: 'mark',
      name: 'g0:1',
    });
  });

  test('with an event we do not know, or without its part, is unknown', () => {
    for (const text of ['{"event":"smile"}', '{"event":"mark"}', '{"event":"dtmf","digit":5}'])
      expect(parsePcm(text).event).toBe('unknown');
  });

  test('of any text whatever is something, and never an exception', () => {
    const known = fc.constantFrom('start', 'mark', 'dtmf', 'stop');
    const near = fc
      .record({
        event: known,
        rate: fc.jsonValue(),
        name: fc.jsonValue(),
        vars: fc.jsonValue(),
        call_id: fc.string(),
      })
      .map((each) => JSON.stringify(each));
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string(), near), (text) => {
        expect(typeof parsePcm(text).event).toBe('string');
      }),
      { numRuns: 2000 },
    );
  });
});
