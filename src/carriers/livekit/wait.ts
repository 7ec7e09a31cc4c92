import type { Clock } from '../../kit/clock.ts';
import type { Participant } from './participant.ts';
import type { JoinedRoom, RoomNews } from './room.ts';

/** How waiting in a room ended without what was waited for. */
export class WaitedInVain extends Error {
  readonly kind: 'late' | 'stopped' | 'gone' | 'left';
  /** LiveKit's reason, for `gone` and `left`. */
  readonly reason: string;

  constructor(kind: WaitedInVain['kind'], message: string, reason = '') {
    super(message);
    this.name = 'WaitedInVain';
    this.kind = kind;
    this.reason = reason;
  }
}

interface Waiting {
  readonly room: JoinedRoom;
  readonly clock: Clock;
  readonly limitMs: number;
  readonly signal: AbortSignal;
}

/** Waits until somebody who fits is in the room. @throws WaitedInVain */
export function someone(waiting: Waiting, fits: (who: Participant) => boolean): Promise<Participant> {
  return until(waiting, 'nobody came', () => waiting.room.people().find(fits));
}

/** Waits until one participant is as wanted; that they leave ends it. @throws WaitedInVain */
export function becomes(
  waiting: Waiting,
  identity: string,
  wanted: (who: Participant) => boolean,
): Promise<Participant> {
  return until(waiting, `${identity} was not connected`, (news) => {
    if (news?.kind === 'left' && news.who.identity === identity)
      throw new WaitedInVain('left', `the participant left: ${news.reason}`, news.reason);
    const who = waiting.room.people().find((each) => each.identity === identity);
    if (!who) throw new WaitedInVain('left', 'the participant is not in the room', 'CLIENT_INITIATED');
    return wanted(who) ? who : undefined;
  });
}

function until<T>(
  { room, clock, limitMs, signal }: Waiting,
  what: string,
  look: (news?: RoomNews) => T | undefined,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const done = (settle: () => void) => {
      cancel();
      deaf();
      signal.removeEventListener('abort', onAbort);
      settle();
    };
    const fail = (error: unknown) => done(() => reject(error));
    const check = (news?: RoomNews) => {
      try {
        if (signal.aborted) throw new WaitedInVain('stopped', 'the call was to end');
        const reason = news?.kind === 'gone' ? news.reason : room.gone;
        if (reason !== undefined) throw new WaitedInVain('gone', `the room was lost: ${reason}`, reason);
        const found = look(news);
        if (found !== undefined) done(() => resolve(found));
      } catch (error) {
        fail(error);
      }
    };
    const onAbort = () => check();
    const cancel = clock.after(limitMs, () => fail(new WaitedInVain('late', `${what} within ${limitMs} ms`)));
    const deaf = room.listen(check);
    signal.addEventListener('abort', onAbort, { once: true });
    check();
  });
}
