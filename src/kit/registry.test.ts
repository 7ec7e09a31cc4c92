import { expect, it } from 'vitest';
import { Registry } from './registry.ts';

it('a counter appears with each set of labels it has met', () => {
  const registry = new Registry();
  const starts = registry.counter('starts_total', 'Starts.');
  starts.add({ route: '/media/pcm', outcome: 'accepted' });
  starts.add({ route: '/media/pcm', outcome: 'accepted' });
  starts.add({ route: 'other', outcome: 'not_found' });
  expect(registry.text()).toBe(
    '# HELP starts_total Starts.\n# TYPE starts_total counter\n' +
      'starts_total{route="/media/pcm",outcome="accepted"} 2\nstarts_total{route="other",outcome="not_found"} 1\n',
  );
});

it('a gauge is read when the page is written', () => {
  const registry = new Registry();
  let value = 1;
  registry.gauge('seats', 'Seats.', () => value);
  registry.gauge('stage_ms', 'Stages.', () => [[{ stage: 'import' }, 12.5]]);
  value = 2;
  expect(registry.text()).toContain('\nseats 2\n');
  expect(registry.text()).toContain('\nstage_ms{stage="import"} 12.5\n');
});

it('a histogram counts every bucket a value fits into, and all of them in +Inf', () => {
  const registry = new Registry();
  const seconds = registry.histogram('call_seconds', 'Calls.', [1, 10]);
  for (const value of [0.5, 1, 5, 50]) seconds.observe(value);
  expect(registry.text()).toContain(
    'call_seconds_bucket{le="1"} 2\ncall_seconds_bucket{le="10"} 3\ncall_seconds_bucket{le="+Inf"} 4\n' +
      'call_seconds_sum 56.5\ncall_seconds_count 4\n',
  );
});

it('quotes, backslashes and line breaks in a label cannot break the page', () => {
  const registry = new Registry();
  registry.counter('c', 'C.').add({ a: 'x"\\\n' });
  expect(registry.text()).toContain('c{a="x\\"\\\\\\n"} 1');
});
