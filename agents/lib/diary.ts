/** An appointment: a day `YYYY-MM-DD` and a time `HH:MM`. */
export interface Appointment {
  readonly day: string;
  readonly time: string;
}

/** Whether a time can be had, and what else can be had on that day. */
export interface Availability extends Appointment {
  readonly status: 'free' | 'taken' | 'closed' | 'past';
  /** The free times of the day nearest to the one asked for, at most three, in their order. */
  readonly free: readonly string[];
}

/** When it is now, for what is past: today and the minutes since midnight. */
export interface Now {
  readonly date: string;
  readonly minutes: number;
}

/** Opening hours in minutes since midnight, Monday first; Sunday has none. */
const WEEK = [
  [540, 1020],
  [540, 1020],
  [540, 1020],
  [540, 1020],
  [540, 1020],
  [540, 720],
] as const;
const SLOT_MINUTES = 30;

/**
 * A small diary in memory, which stands for the clinic's own. So that the example can be tried at once, some times
 * are taken, and every caller already has an appointment: next Monday at nine.
 */
export class Diary {
  readonly #taken: (at: Appointment) => boolean;
  readonly #booked = new Map<string, string>();
  readonly #appointments = new Map<string, Appointment | undefined>();
  /** What was done under which key, so that nothing is done twice. */
  readonly #done = new Map<string, Availability>();

  constructor(taken: (at: Appointment) => boolean = someTaken) {
    this.#taken = taken;
  }

  /** The caller's appointment; undefined when they have none any more. */
  find(who: string, now: Now): Appointment | undefined {
    if (!this.#appointments.has(who))
      this.#appointments.set(who, { day: nextMonday(now.date), time: '09:00' });
    return this.#appointments.get(who);
  }

  /** @param who times this caller has taken are free to them */
  look(at: Appointment, now: Now, who?: string): Availability {
    const hours = hoursOf(at.day);
    const isFree = (time: string) => this.#isFree({ day: at.day, time }, now, who);
    const free = hours
      .filter(isFree)
      .sort(
        (a, b) => Math.abs(minutesOf(a) - minutesOf(at.time)) - Math.abs(minutesOf(b) - minutesOf(at.time)),
      )
      .slice(0, 3)
      .sort();
    if (isPast(at, now)) return { ...at, status: 'past', free };
    if (!hours.includes(at.time)) return { ...at, status: 'closed', free };
    return { ...at, status: isFree(at.time) ? 'free' : 'taken', free };
  }

  /**
   * Books, in place of any appointment the caller had. The same key never books twice.
   *
   * @returns `free` when it is booked; otherwise why not
   */
  book(at: Appointment, who: string, now: Now, key: string): Availability {
    const before = this.#done.get(key);
    if (before) return before;
    const result = this.look(at, now, who);
    this.#done.set(key, result);
    if (result.status !== 'free') return result;
    this.cancel(who);
    this.#booked.set(idOf(at), who);
    this.#appointments.set(who, at);
    return result;
  }

  /** @returns whether there was anything to cancel */
  cancel(who: string): boolean {
    const had = this.#appointments.get(who);
    if (had) this.#booked.delete(idOf(had));
    this.#appointments.set(who, undefined);
    return had !== undefined;
  }

  /** Somebody else was faster. */
  take(at: Appointment): void {
    this.#booked.set(idOf(at), 'somebody else');
  }

  #isFree(at: Appointment, now: Now, who: string | undefined): boolean {
    const holder = this.#booked.get(idOf(at));
    if (holder !== undefined) return holder === who;
    return !isPast(at, now) && !this.#taken(at);
  }
}

function hoursOf(day: string): string[] {
  const weekday = (new Date(`${day}T00:00:00Z`).getUTCDay() + 6) % 7;
  const [from, to] = WEEK[weekday] ?? [0, 0];
  const times: string[] = [];
  for (let minutes: number = from; minutes < to; minutes += SLOT_MINUTES) times.push(clockOf(minutes));
  return times;
}

function isPast({ day, time }: Appointment, now: Now): boolean {
  return day < now.date || (day === now.date && minutesOf(time) <= now.minutes);
}

function nextMonday(today: string): string {
  const date = new Date(`${today}T00:00:00Z`);
  date.setUTCDate(date.getUTCDate() + ((8 - date.getUTCDay()) % 7 || 7));
  return date.toISOString().slice(0, 10);
}

/** The same times on every day, so that the example behaves the same on every day. */
function someTaken({ time }: Appointment): boolean {
  return ['09:30', '11:00', '13:30', '16:00'].includes(time);
}

function idOf({ day, time }: Appointment): string {
  return `${day} ${time}`;
}

function minutesOf(time: string): number {
  return Number(time.slice(0, 2)) * 60 + Number(time.slice(3));
}

function clockOf(minutes: number): string {
  return `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`;
}
