import { JournalTail } from '../../journal/tail.ts';
import { type Clock, sleep } from '../../kit/clock.ts';
import { type CallsOptions, endOf, noSuchCall, standingOf } from './calls.ts';
import { type Asked, errorReply, type Reply, type Stream } from './http.ts';
import { Progress, serverSentEvent } from './progress.ts';

/** How often a journal is looked at for what is new. */
const LOOK_EVERY_MS = 250;
/** Less than the front waits for a silent upstream. */
const HEARTBEAT_MS = 5000;
/** When a client that was cut off comes back. */
const RETRY_MS = 1000;

export interface EventStreams {
  /** The progress of a call, from its beginning or from `Last-Event-ID` on, to its end. */
  open(callId: string, asked: Asked): Promise<Reply | Stream>;
}

interface Reader {
  readonly lastEventId: string | undefined;
  readonly write: (text: string) => void;
  readonly over: AbortSignal;
}

/**
 * Follows calls for whoever asks. Each stream reads the call's own files, so it goes on when the call goes on in another
 * worker, and costs the worker nothing.
 *
 * @param most how many may be open at once
 * @param stop ends all of them
 */
export function openEventStreams(
  calls: CallsOptions,
  { clock, most, stop }: { readonly clock: Clock; readonly most: number; readonly stop: AbortSignal },
): EventStreams {
  let open = 0;
  return {
    async open(callId, asked) {
      if (!(await standingOf(callId, calls))) return noSuchCall(callId);
      if (open >= most) {
        const message = `${most} calls are being followed already (CXBCORE_MAX_STREAMS). Come back when one is over.`;
        return errorReply('rate_limited', message, { retryAfterS: 5 });
      }
      open++;
      const last = asked.headers['last-event-id'];
      const lastEventId = typeof last === 'string' ? last : undefined;
      return {
        status: 200,
        headers: {
          'Content-Type': 'text/event-stream',
          'Cache-Control': 'no-store',
          // nginx would keep events back until it has a buffer full of them.
          'X-Accel-Buffering': 'no',
        },
        async run(write, closed) {
          try {
            await follow(callId, calls, clock, { lastEventId, write, over: AbortSignal.any([closed, stop]) });
          } finally {
            open--;
          }
        },
      };
    },
  };
}

async function follow(
  callId: string,
  calls: CallsOptions,
  clock: Clock,
  { lastEventId, write, over }: Reader,
): Promise<void> {
  const tail = new JournalTail(calls.dataDir, callId);
  const progress = new Progress(lastEventId);
  let state: string | undefined;
  let saidMs = clock.now();
  write(`retry: ${RETRY_MS}\n\n`);
  while (!over.aborted) {
    // Looked at before the journal, so that of a call that has ended the whole journal is read.
    const standing = await standingOf(callId, calls);
    // A call that is nowhere any more was never admitted, and has no end to tell.
    if (!standing || over.aborted) return;
    const lines = await tail.next();
    let text = '';
    if (standing.state !== state) text += serverSentEvent('state', standing);
    state = standing.state;
    text += progress.tell(lines);
    const finished = lines.length === 0 && standing.state === 'ended';
    // A record without a journal, or with one that was cut short, still has an end.
    if (finished && !progress.over) text += serverSentEvent('end', await endOf(callId, calls));
    const silent = clock.now() - saidMs >= HEARTBEAT_MS;
    if (text !== '' || silent) {
      write(text === '' ? ':\n\n' : text);
      saidMs = clock.now();
    }
    if (finished || progress.over) return;
    // While there is more to catch up with, there is nothing to wait for.
    if (lines.length === 0) await sleep(clock, LOOK_EVERY_MS, over).catch(() => undefined);
  }
}
