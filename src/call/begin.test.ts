import { expect, test } from 'vitest';
import { readSettings } from '../contract/settings.ts';
import { agentNameOf } from './begin.ts';

test('a call is answered by the agent its start names, else by that of our number, else by the default one', () => {
  const settings = readSettings({ CXBCORE_NUMBERS: '+15550100=clinic,+15550101=survey' }, 'host');
  const deps = { settings, defaultAgent: 'front' };
  const inbound = { direction: 'inbound', from: '+15550101' } as const;
  expect(agentNameOf(deps, { ...inbound, to: 'tel:+1-555-0100', agent: 'night' })).toBe('night');
  expect(agentNameOf(deps, { ...inbound, to: 'tel:+1-555-0100' })).toBe('clinic');
  expect(agentNameOf(deps, { ...inbound, to: '+15550199' })).toBe('front');
  expect(agentNameOf(deps, { ...inbound, to: 'constructor' })).toBe('front');
  expect(agentNameOf(deps, inbound)).toBe('front');
  // On a call we made, our own number is the one it comes from.
  expect(agentNameOf(deps, { direction: 'outbound', from: '+15550101', to: '+15550100' })).toBe('survey');
});
