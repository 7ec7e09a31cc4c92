/**
 * Erlang's loss formula: starts that come at random and are refused when every seat is taken, which is what nginx and
 * HAProxy do here. It holds for any distribution of call lengths with the same mean.
 */

/** No fleet has more seats; a goal that would need them is one that cannot be reached. */
const SEATS_MOST = 100_000;
/** Halvings after which the load is known to the last bit of a double. */
const HALVINGS = 100;

/**
 * The share of starts that is refused. Computed seat by seat, B(n) = A·B(n−1) ÷ (n + A·B(n−1)): only positive numbers
 * below 1 are added and divided, so nothing overflows or cancels, as factorials and powers do from some 170 seats on.
 * @param seats a whole number, 0 or more
 * @param erlangs the offered load: starts per second times the mean length of a call in seconds
 */
export function blocking(seats: number, erlangs: number): number {
  let share = 1;
  for (let n = 1; n <= seats; n++) share = (erlangs * share) / (n + erlangs * share);
  return share;
}

/** The most load, in erlangs, of which at most `goal` (between 0 and 1) is refused by so many seats. */
export function loadFor(seats: number, goal: number): number {
  let low = 0;
  // What is carried is below the seats, so the load is below the seats divided by the share that is carried.
  let high = seats / (1 - goal);
  for (let i = 0; i < HALVINGS; i++) {
    const middle = (low + high) / 2;
    if (blocking(seats, middle) <= goal) low = middle;
    else high = middle;
  }
  return low;
}

/** The fewest seats that refuse at most `goal` (between 0 and 1) of a load; undefined when no fleet has as many. */
export function seatsFor(erlangs: number, goal: number): number | undefined {
  let share = 1;
  for (let seats = 0; seats <= SEATS_MOST; seats++) {
    if (seats > 0) share = (erlangs * share) / (seats + erlangs * share);
    if (share <= goal) return seats;
  }
  return undefined;
}

/** Calls an hour that are a load, when calls last so long on average. */
export function callsPerHour(erlangs: number, meanCallS: number): number {
  return (erlangs * 3600) / meanCallS;
}

/** The load, in erlangs, of so many calls an hour. */
export function erlangsOf(callsAnHour: number, meanCallS: number): number {
  return (callsAnHour * meanCallS) / 3600;
}
