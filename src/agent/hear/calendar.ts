import { WEEKDAYS } from './vocabulary.ts';

/** A moment as a caller means it: the day and the minutes since midnight in the agent's time zone. */
export interface LocalTime {
  /** `YYYY-MM-DD` */
  readonly date: string;
  readonly minutes: number;
}

/** Formats are costly to make, and a host's agents live in few time zones. */
const FORMATS = new Map<string, Intl.DateTimeFormat>();

function formatOf(timeZone: string): Intl.DateTimeFormat {
  const known = FORMATS.get(timeZone);
  if (known) return known;
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
  });
  FORMATS.set(timeZone, format);
  return format;
}

/** @param wallMs milliseconds since 1970 UTC */
export function localTime(wallMs: number, timeZone: string): LocalTime {
  const parts = formatOf(timeZone).formatToParts(wallMs);
  const part = (type: string) => parts.find((one) => one.type === type)?.value ?? '0';
  return {
    date: `${part('year').padStart(4, '0')}-${part('month')}-${part('day')}`,
    minutes: Number(part('hour')) * 60 + Number(part('minute')),
  };
}

const DAY_MS = 86_400_000;

/** Days are counted in UTC, where every day has 24 hours. */
function dayNumber(date: string): number {
  return Math.round(Date.parse(`${date}T00:00:00Z`) / DAY_MS);
}

/** The date so many days later. */
export function addDays(date: string, days: number): string {
  return new Date((dayNumber(date) + days) * DAY_MS).toISOString().slice(0, 10);
}

/** 0 is Monday, as in `WEEKDAYS`. */
export function weekdayOf(date: string): number {
  return (((dayNumber(date) + 3) % 7) + 7) % 7;
}

export function weekdayName(date: string): string {
  return WEEKDAYS[weekdayOf(date)] ?? '';
}

/** `YYYY-MM-DD`, or undefined for a day that the calendar does not have, such as 31 April. */
export function dateOf(year: number, month: number, day: number): string | undefined {
  const date = new Date(Date.UTC(year, month - 1, day));
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined;
  return date.toISOString().slice(0, 10);
}

/** The nearest such day ahead (today included) or behind, for a date said without its year. */
export function nearestDate(
  month: number,
  day: number,
  today: string,
  lies: 'ahead' | 'behind',
): string | undefined {
  const thisYear = Number(today.slice(0, 4));
  // A 29 February may be up to eight years away.
  for (let distance = 0; distance <= 8; distance++) {
    const date = dateOf(thisYear + (lies === 'ahead' ? distance : -distance), month, day);
    if (date !== undefined && (lies === 'ahead' ? date >= today : date <= today)) return date;
  }
  return undefined;
}

/** `HH:MM` */
export function clockOf(minutes: number): string {
  return `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`;
}

export function minutesOf(clock: string): number {
  return Number(clock.slice(0, 2)) * 60 + Number(clock.slice(3, 5));
}
