/**
 * Whether a caller in a LiveKit room is ever refused because workers are replaced at their limit of calls, as they are
 * for the memory that LiveKit's client keeps: a whole host with all but two of its seats taken, one call after the other
 * on each. One worker at a time may be away, so a seat is always free. Needs `livekit-server`.
 * Usage: npm run bench:livekit-recycle -- [--starts 300] [--workers 4] [--limit 20]
 */
import { parseArgs } from 'node:util';
import { eventually, ring } from '../test/livekit/support/calls.ts';
import { printFigures } from './figures.ts';
import { openLiveKitHost } from './livekit-host.ts';

const { values } = parseArgs({
  options: {
    starts: { type: 'string', default: '300' },
    workers: { type: 'string', default: '4' },
    limit: { type: 'string', default: '20' },
  },
});
const workers = Number(values.workers);
const replaced: string[] = [];
const { server, dispatch, hasRecord, close } = await openLiveKitHost({
  workers,
  agents: 'bench/quiet-agents',
  env: { CXBCORE_RECYCLE_CALLS: values.limit },
  onEvent: (event) => {
    if (event.type === 'died') replaced.push(event.how);
  },
});
let left = Number(values.starts);
const statuses: number[] = [];
const silent: string[] = [];

try {
  await Promise.all(Array.from({ length: Math.max(1, workers - 2) }, callers));
  report();
} finally {
  await close();
}

async function callers(): Promise<void> {
  while (left-- > 0) {
    await oneCall();
    if (statuses.length % 50 === 0) console.error(`${statuses.length} calls, ${replaced.length} replaced`);
  }
}

/** Rings, is connected, and hangs up. */
async function oneCall(): Promise<void> {
  const { at, caller } = await ring(server.url);
  caller.answerWhenHeard();
  const status = await dispatch(at);
  statuses.push(status);
  try {
    if (status !== 202) return;
    const answered = () => caller.room.localParticipant?.attributes['sip.callStatus'] === 'active';
    await eventually('the caller is connected', answered, 20_000);
  } catch (error) {
    silent.push(String(error));
  } finally {
    await caller.leave();
    if (status === 202) await eventually('the call has its record', () => hasRecord(at.callId), 30_000);
  }
}

function report(): void {
  const refused = statuses.filter((status) => status !== 202);
  for (const what of new Set([...refused.map(String), ...silent]))
    console.log(`not as it should be: ${what}`);
  const wrong = replaced.filter((how) => how !== 'ended with 0');
  console.log(
    printFigures([
      { what: 'starts', value: statuses.length, unit: '' },
      { what: 'workers replaced meanwhile', value: replaced.length, unit: '' },
      { what: 'workers that ended otherwise', value: wrong.length, unit: '', goal: 0 },
      { what: 'starts refused', value: refused.length, unit: '', goal: 0 },
      { what: 'callers not connected', value: silent.length, unit: '', goal: 0 },
    ]),
  );
}
