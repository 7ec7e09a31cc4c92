/** What a process of ours says by ending. `docs/reference/exit-codes.md` is made from this table. */
export const EXIT = {
  ok: { code: 0, means: 'finished, or drained' },
  expectationFailed: { code: 1, means: 'a command ran, and what it was told to expect did not come true' },
  usage: { code: 2, means: 'the command line was not understood' },
  bug: { code: 70, means: 'a fault of ours; please report it with the lines above' },
  notNow: {
    code: 75,
    means: 'cannot run here just now, for example another process owns the seat; may be tried again',
  },
  settings: { code: 78, means: 'settings are wrong; starting again will not help' },
} as const;

export type ExitName = keyof typeof EXIT;
