import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hear } from '../hear.ts';
import { addDays } from './calendar.ts';
import type { Expected, HearingContext } from './fill.ts';
import { sayDate, sayDigits, sayTime, sayValue } from './say.ts';
import { words } from './text.ts';
import { understand } from './understand.ts';

// A Tuesday.
const TODAY = '2026-05-05';
const when: Expected = { slots: { day: hear.date(), time: hear.time() }, confirming: false, universal: true };
const confirm: Expected = { ...when, confirming: true };

function heard(text: string, expected: Expected = when, context: Partial<HearingContext> = {}) {
  const { any: _any, parts, values, ...rest } = understand(text, expected, { today: TODAY, ...context });
  return { ...values, ...(Object.keys(parts).length > 0 && { parts }), ...rest };
}

describe('dates', () => {
  it.each([
    ['today', '2026-05-05'],
    ['tomorrow', '2026-05-06'],
    ['the day after tomorrow', '2026-05-07'],
    ['yesterday', '2026-05-04'],
    ['friday', '2026-05-08'],
    ['on tuesday', '2026-05-12'],
    ['this friday', '2026-05-08'],
    ['next friday', '2026-05-15'],
    ['friday next week', '2026-05-15'],
    ['next monday', '2026-05-11'],
    ['friday the eighth', '2026-05-08'],
    ['friday may eighth', '2026-05-08'],
    ['friday the eighth of may', '2026-05-08'],
    ['may fourth', '2027-05-04'],
    ['may the tenth', '2026-05-10'],
    ['may ten', '2026-05-10'],
    ['the tenth of may', '2026-05-10'],
    ['the twenty first', '2026-05-21'],
    ['the fourth', '2026-06-04'],
    ['the thirty first of june', undefined],
    ['the fourth of may nineteen eighty', '1980-05-04'],
    ['may fourth nineteen eighty four', '1984-05-04'],
    ['the first of january two thousand and six', '2006-01-01'],
    ['march third twenty twenty seven', '2027-03-03'],
    ['in two weeks', '2026-05-19'],
    ['in a week', '2026-05-12'],
    ['May 8th', '2026-05-08'],
    ['Friday, May 8th, 2026', '2026-05-08'],
    ['february twenty ninth', '2028-02-29'],
  ])('"%s" is %s', (text, day) => {
    expect(heard(text)).toEqual(day === undefined ? {} : { day });
  });

  it('a birthday without its year lies behind', () => {
    const expected = { ...when, slots: { born: hear.date({ lies: 'behind' }) } };
    expect(heard('the tenth of may', expected)).toEqual({ born: '2025-05-10' });
  });
});

describe('times', () => {
  it.each([
    ['half past four', '16:30'],
    ['a quarter to five', '16:45'],
    ['twenty past nine', '09:20'],
    ['ten thirty', '10:30'],
    ['ten oh five', '10:05'],
    ['four p m', '16:00'],
    ['four pm', '16:00'],
    ['4:30 p.m.', '16:30'],
    ['eight a m', '08:00'],
    ["four o'clock", '16:00'],
    ['at two', '14:00'],
    ['noon', '12:00'],
    ['sixteen thirty', '16:30'],
    ['seven in the evening', '19:00'],
    ['seven', '07:00'],
    ['twelve', '12:00'],
    ['half past twelve', '12:30'],
    ['quarter past noon', '12:15'],
    ['four in the morning', '04:00'],
  ])('"%s" is %s', (text, time) => {
    expect(heard(text)).toEqual({ time });
  });

  it('a part of the day alone is kept apart from a time', () => {
    expect(heard('tomorrow afternoon')).toEqual({ day: '2026-05-06', parts: { time: 'afternoon' } });
    expect(heard('in the morning')).toEqual({ parts: { time: 'morning' } });
  });

  it('a bare hour lies in the part of the day that is known', () => {
    expect(heard('seven', when, { parts: { time: 'evening' } })).toEqual({ time: '19:00' });
    expect(heard('half past seven', when, { parts: { time: 'morning' } })).toEqual({ time: '07:30' });
  });

  it('a bare hour is the one that was offered', () => {
    const offered = { slot: 'time', values: ['07:00', '18:30', '19:30'], begun: 3 };
    expect(heard('half past seven', when, { offered })).toEqual({ time: '19:30' });
  });
});

describe('several slots in one sentence', () => {
  it.each([
    ['friday at ten thirty', { day: '2026-05-08', time: '10:30' }],
    ['at ten thirty on friday please', { day: '2026-05-08', time: '10:30' }],
    ['er, Friday would be nice', { day: '2026-05-08' }],
    ['may eighth at four', { day: '2026-05-08', time: '16:00' }],
    ['the eighth at nine in the morning', { day: '2026-05-08', time: '09:00' }],
    ['friday no thursday', { day: '2026-05-07' }],
    ['not friday thursday', { day: '2026-05-07' }],
    ['friday i mean thursday at two', { day: '2026-05-07', time: '14:00' }],
  ])('"%s"', (text, values) => {
    expect(heard(text)).toEqual(values);
  });

  const move: Expected = {
    slots: {
      want: hear.choice({ move: ['move', 'change'], cancel: ['cancel'] }),
      from: hear.date({ after: ['from'] }),
      day: hear.date(),
      time: hear.time(),
    },
    confirming: false,
    universal: true,
  };

  it('"from" tells the day an appointment is on from the day it goes to', () => {
    const all = { want: 'move', from: '2026-05-11', day: '2026-05-08', time: '10:30' };
    expect(heard('move my appointment from monday to friday at ten thirty', move)).toEqual(all);
    expect(heard('move my monday appointment to friday at ten thirty', move)).toEqual(all);
    expect(heard('move it to friday at ten thirty from monday', move)).toEqual(all);
    expect(heard('move it to friday no thursday', move)).toEqual({ want: 'move', day: '2026-05-07' });
  });
});

describe('confirmation', () => {
  it.each([
    ['yes', { answer: true }],
    ["yes that's right", { answer: true }],
    ['no', { answer: false }],
    ["that's wrong", { answer: false }],
    ['no, thursday', { answer: false, day: '2026-05-07' }],
    ['no at half past four', { answer: false, time: '16:30' }],
    ['thursday', { day: '2026-05-07' }],
    ['no start over', { answer: false, universal: 'restart' }],
    ['yes goodbye', { answer: true }],
    ['banana', {}],
  ])('"%s"', (text, result) => {
    expect(heard(text, confirm)).toEqual(result);
  });
});

describe('choices', () => {
  const want: Expected = {
    slots: {
      want: hear.choice({ book: ['book', 'make an appointment'], move: ['move'], cancel: ['cancel'] }),
    },
    confirming: false,
    universal: true,
  };

  it.each([
    ["i'd like to make an appointment please", { want: 'book' }],
    ['the second one', { want: 'move' }],
    ['number three', { want: 'cancel' }],
    ['the last one', { want: 'cancel' }],
    ['number four', {}],
    ['a person please', { universal: 'person' }],
    ['i want to speak to an operator', { universal: 'person' }],
    ['hang on', { universal: 'hold' }],
    ['repeat that please', { universal: 'repeat' }],
    ['goodbye', { universal: 'goodbye' }],
  ])('"%s"', (text, result) => {
    expect(heard(text, want)).toEqual(result);
  });

  it('a place counts only as far as the list was heard', () => {
    const offered = { slot: 'time', values: ['09:00', '10:30', '14:00'], begun: 2 };
    expect(heard('the second one', when, { offered })).toEqual({ time: '10:30' });
    expect(heard('that one', when, { offered })).toEqual({ time: '10:30' });
    expect(heard('the third one', when, { offered })).toEqual({});
    expect(heard('number one', when, { offered })).toEqual({ time: '09:00' });
  });

  it('a yes or no question takes the usual forms', () => {
    const asked: Expected = { slots: { again: hear.yesNo() }, confirming: false, universal: true };
    expect(heard('yes please', asked)).toEqual({ again: true });
    expect(heard('no thanks', asked)).toEqual({ again: false });
  });
});

describe('digits', () => {
  const pin = (min: number, max = min): Expected => ({
    slots: { pin: hear.digits({ min, max }) },
    confirming: false,
    universal: true,
  });

  it.each([
    ['four oh double five', 4, '4055'],
    ['triple seven one', 4, '7771'],
    ['nineteen eighty', 4, '1980'],
    ['one two three four', 4, '1234'],
    ['my number is twenty one five six', 4, '2156'],
    ['1234', 4, '1234'],
    ['one two three', 4, undefined],
  ])('"%s" as %i digits is %s', (text, count, value) => {
    expect(heard(text, pin(count))).toEqual(value === undefined ? {} : { pin: value });
  });
});

describe('what is said back', () => {
  const dates = fc.integer({ min: 0, max: 3000 }).map((days) => addDays('2023-01-01', days));
  const times = fc.integer({ min: 0, max: 1439 }).map((minutes) => {
    const pad = (value: number) => String(value).padStart(2, '0');
    return `${pad(Math.floor(minutes / 60))}:${pad(minutes % 60)}`;
  });

  it('a date in words is understood as the same date', () => {
    fc.assert(
      fc.property(dates, (day) => {
        expect(heard(sayDate(day, TODAY))).toEqual({ day });
      }),
    );
  });

  it('a time in words is understood as the same time', () => {
    fc.assert(
      fc.property(times, (time) => {
        expect(heard(sayTime(time))).toEqual({ time });
      }),
      { numRuns: 200 },
    );
  });

  it('a date and a time in one sentence are understood as both', () => {
    fc.assert(
      fc.property(dates, times, (day, time) => {
        expect(heard(`${sayDate(day, TODAY)} at ${sayTime(time)}`)).toEqual({ day, time });
      }),
      { numRuns: 500 },
    );
  });

  it('digits in words are understood as the same digits', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^\d{1,12}$/), (digits) => {
        const slot = hear.digits({ min: 1, max: 12 });
        const expected = { slots: { digits: slot }, confirming: false, universal: true };
        expect(heard(sayDigits(digits), expected)).toEqual({ digits });
        expect(words(sayDigits(digits))).toHaveLength(digits.length);
      }),
    );
  });

  it('sensitive digits are not said', () => {
    expect(sayValue(hear.digits(4, { sensitive: true }), '1234', TODAY)).toBe('');
  });
});

it('no text whatever makes it throw', () => {
  const vocabulary = words(
    'the first second one of may next friday half past quarter to ten thirty in afternoon double five no not yes number nineteen oh a person from i mean tomorrow twenty two thousand and noon p m',
  );
  const text = fc.oneof(
    fc.string(),
    fc.array(fc.nat(0xffff), { maxLength: 20 }).map((units) => String.fromCharCode(...units)),
    fc.array(fc.constantFrom(...vocabulary), { maxLength: 12 }).map((list) => list.join(' ')),
  );
  const slots = {
    day: hear.date(),
    from: hear.date({ after: ['from'] }),
    time: hear.time(),
    pin: hear.digits(4),
    want: hear.choice({ one: ['one'], two: ['two'] }),
    ok: hear.yesNo(),
  };
  fc.assert(
    fc.property(text, fc.boolean(), (said, confirming) => {
      const result = understand(said, { slots, confirming, universal: true }, { today: TODAY });
      for (const day of [result.values['day'], result.values['from']])
        if (day !== undefined) expect(String(day)).toMatch(/^\d{4}-\d{2}-\d{2}$/);
      if (result.values['time'] !== undefined) expect(String(result.values['time'])).toMatch(/^\d{2}:\d{2}$/);
      if (result.values['pin'] !== undefined) expect(String(result.values['pin'])).toMatch(/^\d{4}$/);
    }),
    { numRuns: 500 },
  );
});
