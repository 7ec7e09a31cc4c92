import { expect, test } from 'vitest';
import { INGRESS } from './description.ts';
import { type Action, planAdd, planDrain, planRemove, planUndrain, type Step } from './plan.ts';

const ONE = { name: 'f1', address: '10.0.0.11', port: 8080, check_port: 8081, workers: 16 };
const TWO = { ...ONE, name: 'f2', address: '10.0.0.12' };
const ingress = INGRESS.parse({ name: 'ingress1', fleets: [ONE] });
const both = INGRESS.parse({ name: 'ingress1', fleets: [ONE, TWO] });

const short = (action: Action): string => {
  if (action.do === 'files') return `files ${action.fleets.map(({ name }) => name).join(' ')}`.trim();
  if (action.do === 'tell' || action.do === 'tell-until')
    return action.command.split(' ').slice(0, 5).join(' ');
  return action.do;
};
const actions = (steps: readonly Step[]) => steps.flatMap((step) => step.actions.map(short));
const undos = (steps: readonly Step[]) => steps.map(({ undo = [] }) => undo.map(short));

test('the files are written before the running process is touched, whatever is added and however', () => {
  for (const way of ['hot', 'reload'] as const)
    expect(actions(planAdd(ingress, TWO, way, { smoke: true }))[0]).toBe('files f1 f2');
});

test('a fleet that is added hot is checked and called before it gets calls', () => {
  const steps = planAdd(ingress, TWO, 'hot', { smoke: true });
  const done = actions(steps);
  const ready = done.indexOf('set server cxb_calls/f2 state ready');
  expect(done.indexOf('smoke')).toBeLessThan(ready);
  expect(done.indexOf('set server cxb_calls/f2 state drain')).toBeLessThan(done.indexOf('smoke'));
  expect(done.indexOf('enable agent cxb_calls/f2')).toBeLessThan(ready);
  const commands = steps.flatMap((step) => step.actions).flatMap((a) => (a.do === 'tell' ? [a.command] : []));
  const added = commands.filter((command) => command.startsWith('add server'));
  expect(added).toHaveLength(3);
  // "enabled" would leave a server that never gets a call, and a weight of 0 one that keeps it.
  for (const command of added) expect(command).toMatch(/ weight 16 (?!.*enabled)/);
  expect(actions(planAdd(ingress, TWO, 'hot', { smoke: false }))).not.toContain('smoke');
});

test('what has been added can be taken back from every step on', () => {
  const taken = undos(planAdd(ingress, TWO, 'hot', { smoke: true }));
  expect(taken[0]).toEqual(['files f1']);
  expect(taken.slice(1, 4)).toEqual(
    ['cxb_calls', 'cxb_starts', 'cxb_control'].map((backend) => [
      `set server ${backend}/f2 state maint`,
      `del server ${backend}/f2`,
    ]),
  );
  const [files, reload] = undos(planAdd(ingress, TWO, 'reload', { smoke: true }));
  expect(files).toEqual(['files f1']);
  expect(reload).toEqual(['files f1', 'save-state', 'reload']);
});

test('a fleet is drained and empty before it is taken out, unless it is lost', () => {
  const done = actions(planRemove(both, TWO, 'hot', { lost: false }));
  expect(done.slice(0, 5)).toEqual([
    'set server cxb_calls/f2 state drain',
    'set server cxb_starts/f2 state drain',
    'save-state',
    'await-idle',
    'files f1',
  ]);
  expect(done.filter((one) => one.startsWith('del server'))).toHaveLength(3);
  expect(done.at(-1)).toBe('save-state');
  expect(actions(planRemove(both, TWO, 'hot', { lost: true }))).not.toContain('await-idle');
  expect(actions(planRemove(both, TWO, 'reload', { lost: false })).slice(-3)).toEqual([
    'files f1',
    'save-state',
    'reload',
  ]);
});

test('a drain leaves webhooks and status alone, and each of the two undoes the other', () => {
  const drained = actions(planDrain(ONE));
  expect(drained).not.toContain('set server cxb_control/f1 state drain');
  expect(undos(planDrain(ONE))[0]).toEqual(actions(planUndrain(ONE)));
  expect(undos(planUndrain(ONE))[0]).toEqual(drained);
});
