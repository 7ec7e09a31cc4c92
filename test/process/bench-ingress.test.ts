import { expect, it } from 'vitest';
import { cxbcore } from '../support/cli.ts';
import { describeWith } from '../support/programs.ts';

describeWith('haproxy')('the benchmark of an ingress', () => {
  it('places calls on hosts of its own through two nodes, counts, and leaves nothing running', async () => {
    const few = ['--fleets', '2', '--workers', '1', '--starts', '8', '--loads', '70', '--mean-ms', '200'];
    const asked = cxbcore(['bench', 'ingress', ...few, '--nodes', '2', '--mixes', 'mixed', '--json']);
    expect(await asked.exited).toBe(0);
    expect(JSON.parse(asked.output())).toMatchObject({
      rows: [{ nodes: 2, mix: 'mixed', load_percent: 70, starts: 8, false_refusals: 0, broken: 0 }],
      wrong: 0,
    });
  });
});
