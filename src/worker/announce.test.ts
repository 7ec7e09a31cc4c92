import { expect, test } from 'vitest';
import type { Notifier } from '../kit/notify.ts';
import { VirtualClock } from '../kit/virtual-clock.ts';
import { announcer } from './announce.ts';
import { type Life, newLife } from './state.ts';

function open() {
  const clock = new VirtualClock();
  const said: string[] = [];
  const notifier: Notifier = {
    ready: (text) => said.push(`ready ${text}`),
    status: (text) => said.push(text),
    stopping: (text) => said.push(`stopping ${text}`),
    extend: (ms) => said.push(`extend ${ms}`),
  };
  const say = announcer(notifier, clock);
  return { clock, said, say: (over: Partial<Life>) => say({ ...newLife(false), ...over }) };
}

const WARMING = { name: 'warming', failures: 0 } as const;

test('a worker that warms up asks for more time until it is free', async () => {
  const { clock, said, say } = open();
  say({ phase: WARMING });
  await clock.runUntil(40_000);
  say({ phase: { name: 'free' } });
  await clock.runUntil(120_000);
  expect(said).toEqual(['extend 90000', 'warming up', 'extend 90000', 'extend 90000', 'ready free']);
});

test('readiness is said once, and a call shows in the status', () => {
  const { said, say } = open();
  say({ phase: { name: 'free' } });
  say({ phase: { name: 'live', callId: 'call_a' } });
  say({ phase: { name: 'free' } });
  expect(said.slice(1)).toEqual(['ready free', 'in a call (call_a)', 'free']);
});

test('a worker that was parked before its restart is ready all the same', () => {
  const { said, say } = open();
  say({ phase: { name: 'free' }, draining: 'parked' });
  expect(said.at(-1)).toBe('ready drained: takes no calls until it is undrained');
});

test('leaving is said once, also in the middle of the warm-up, and ends the asking', async () => {
  const { clock, said, say } = open();
  say({ phase: { name: 'live', callId: 'call_a' }, draining: 'leaving' });
  say({ phase: { name: 'stopped', exit: 'ok' }, draining: 'leaving' });
  await clock.runUntil(60_000);
  expect(said).toEqual(['extend 90000', 'stopping in a call (call_a); leaves after that', 'stopped']);
});

test('a failed warm-up shows in the status', () => {
  const { said, say } = open();
  say({ phase: { name: 'warming', failures: 2 } });
  expect(said.at(-1)).toBe('warming up, failed 2 times');
});
