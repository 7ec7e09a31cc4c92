import pc from 'picocolors';
import { expect, it } from 'vitest';
import { erlangAnswer, erlangText } from './erlang-view.ts';

const QUESTION = {
  seatsPerHost: 16,
  hosts: [1, 4],
  goals: [0.01, 1e-9],
  meanCallS: 180,
  callsAnHour: 600,
};
const plain = pc.createColors(false);

it('says what each fleet carries for a goal, and what it refuses of a load', () => {
  const { fleets, load } = erlangAnswer(QUESTION);
  expect(fleets.map(({ seats }) => seats)).toEqual([16, 64]);
  expect(fleets[0]?.loads[0]?.calls_per_hour).toBeCloseTo((fleets[0]?.loads[0]?.erlangs ?? 0) * 20);
  expect(fleets[0]?.blocking).toBeGreaterThan(0.4);
  expect(load).toMatchObject({ erlangs: 30, seats: [{ goal: 0.01, hosts: 3 }, { goal: 1e-9 }] });
});

it('is read as one table, with the seats that a load needs below it', () => {
  const text = erlangText(erlangAnswer(QUESTION), plain);
  expect(text).toContain('16 seats a host, 180 s a call');
  expect(text).toMatch(/^hosts +seats +1 % refused +< 0.001 % refused +of your load refused$/m);
  expect(text).toMatch(/^4 +64 +\d+ calls\/h \(5\d\.\d E\)/m);
  expect(text).toContain('600 calls an hour are 30.0 erlangs. They need');
  expect(text).toContain('(3 hosts) for 1 % refused');
});

it('shows the tables alone when no load is given', () => {
  const text = erlangText(erlangAnswer({ ...QUESTION, callsAnHour: undefined }), plain);
  expect(text).not.toContain('They need');
  expect(text).not.toContain('of your load');
});

it('gives the figures that docs/operations/look.md tells', () => {
  const { fleets } = erlangAnswer({ ...QUESTION, callsAnHour: undefined });
  expect(fleets.map(({ loads }) => Math.floor(loads[0]?.calls_per_hour ?? 0))).toEqual([177, 1012]);
});
