import { expect, test } from 'vitest';
import { plainNumber } from './numbers.ts';
import { readSettings } from './settings.ts';

test('numbers are the same however they are written', () => {
  for (const written of ['+15550100', 'tel:+1-555-0100', ' +1 (555) 0100 ', 'tel:+15550100;ext=2'])
    expect(plainNumber(written)).toBe('+15550100');
  expect(plainNumber('sip:Front-Desk@Example.com')).toBe('front-desk@example.com');
  expect(plainNumber('')).toBe('');
});

test('the table of numbers is read from one line, and a wrong entry is named', () => {
  const read = (table: string) => readSettings({ CXBCORE_NUMBERS: table }, 'host').numbers;
  expect(read('')).toEqual({});
  expect(read('+1 555 0100 = clinic, tel:+15550101=survey,')).toEqual({
    '+15550100': 'clinic',
    '+15550101': 'survey',
  });
  expect(() => read('+15550100')).toThrow('"+15550100" is not a number, "=", and the name of an agent');
  expect(() => read('+15550100=a,+1-555-0100=b')).toThrow('named twice');
});
