import { expect, it } from 'vitest';
import { seriesOf, sumOf } from './series.ts';

const PAGE = `# HELP a_total Words {x="y"} 1
# TYPE a_total counter
a_total{cause="at_capacity",route="/attach"} 3
a_total{cause="draining",route="say \\"hi\\""} 4
b 1.5
c NaN
`;

it('reads every series of a metrics page with its labels', () => {
  expect(seriesOf(PAGE)).toEqual([
    { name: 'a_total', labels: { cause: 'at_capacity', route: '/attach' }, value: 3 },
    { name: 'a_total', labels: { cause: 'draining', route: 'say "hi"' }, value: 4 },
    { name: 'b', labels: {}, value: 1.5 },
  ]);
});

it('adds up what has the labels, and says null of what is not there', () => {
  const series = seriesOf(PAGE);
  expect(sumOf(series, 'a_total')).toBe(7);
  expect(sumOf(series, 'a_total', { cause: 'draining' })).toBe(4);
  expect(sumOf(series, 'a_total', { cause: 'warming' })).toBeNull();
  expect(sumOf(series, 'c')).toBeNull();
});
