import { describe, expect, it } from 'vitest';
import { seriesOf } from '../host/series.ts';
import { figuresOf, type Page } from './figures.ts';
import { figuresJson, figuresText } from './figures-text.ts';

function page(atMs: number, text: string): Page {
  return { atMs, series: seriesOf(text) };
}

const HOST = `cxbcore_refusals_total{route="/attach",cause="at_capacity"} 3
cxbcore_refusals_total{route="/media/pcm",cause="at_capacity"} 2
cxbcore_refusals_total{route="/attach",cause="draining"} 1
cxbcore_fleetd_seconds 7260
cxbcore_worker_up{worker="1"} 1
cxbcore_worker_up{worker="2"} 1
`;
const worker = (
  n: number,
  cpuS: number,
  looks: number,
  lateMs: number,
) => `cxbcore_cpu_seconds{worker="${n}"} ${cpuS}
cxbcore_memory_bytes{worker="${n}",kind="rss"} 209715200
cxbcore_memory_bytes{worker="${n}",kind="pss"} 104857600
cxbcore_event_loop_looks{worker="${n}"} ${looks}
cxbcore_event_loop_delay_ms{worker="${n}",quantile="0.99"} ${lateMs}
cxbcore_event_loop_delay_ms{worker="${n}",quantile="1"} ${lateMs * 2}
`;

describe('what top says of the host', () => {
  it('is what fleetd knows: refusals by cause, and the figures of all workers', () => {
    const before = page(1000, HOST + worker(1, 10, 5, 2) + worker(2, 4, 0, 0));
    const underruns = 'cxbcore_call_events_total{worker="1",what="underruns"} 4\n';
    const now = page(3000, HOST + worker(1, 11, 9, 12) + worker(2, 4.5, 0, 0) + underruns);
    const figures = figuresOf(now, before);
    expect(figures).toEqual({
      workers: { seen: 2, of: 2 },
      refusals: { at_capacity: 5, draining: 1 },
      fleetdSeconds: 7260,
      underruns: 4,
      loop: { p99Ms: 12, mostMs: 24, worker: '1' },
      cores: 0.75,
      memoryBytes: 209_715_200,
    });
    expect(figuresText(figures)).toBe(
      'refused 5 at_capacity, 1 draining in 2 h 1 min\n' +
        'cores 0.75  memory 200 MiB  underruns 4  loops late 12 ms (99 %), 24 ms at most, seat 1\n',
    );
  });

  it('is unknown while fleetd does not answer, and never zero', () => {
    const figures = figuresOf(undefined, page(0, HOST));
    expect(Object.values(figures)).toEqual([null, null, null, null, null, null, null]);
    expect(figuresText(figures)).toBe(
      'refused unknown\ncores unknown  memory unknown  underruns unknown  loops late unknown\n',
    );
    expect(figuresJson(figures)).toMatchObject({ refusals: null, underruns: null, cores: null });
  });

  it('is zero only where somebody has counted none', () => {
    const figures = figuresOf(page(0, 'cxbcore_fleetd_seconds 5\n' + worker(1, 1, 0, 0)), undefined);
    expect(figures).toMatchObject({ refusals: {}, underruns: 0, loop: null, cores: null });
    expect(figuresText(figures)).toContain('refused 0 in 5 s\ncores unknown');
  });

  it('says how many workers it is about when one is silent', () => {
    const figures = figuresOf(page(0, HOST + worker(1, 1, 0, 0)), undefined);
    expect(figuresText(figures)).toContain('(of 1 of 2 workers)');
  });

  it('leaves a worker that was replaced out of the cores, and says unknown when all were', () => {
    const before = page(0, HOST + worker(1, 10, 0, 0) + worker(2, 10, 0, 0));
    expect(figuresOf(page(1000, HOST + worker(1, 0.5, 0, 0) + worker(2, 10.5, 0, 0)), before).cores).toBe(
      0.5,
    );
    expect(figuresOf(page(1000, HOST + worker(1, 0.5, 0, 0)), before).cores).toBeNull();
  });
});
