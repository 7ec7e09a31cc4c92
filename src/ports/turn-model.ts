/** Judges from the sound of a turn whether the caller has finished. It only ever moves the silence timer. */
export interface TurnModel {
  readonly name: string;
  /**
   * @param audio the caller's turn so far at 16 kHz, at most the last 8 s
   * @returns the probability 0…1 that the turn is complete; undefined when absent, late or failing
   */
  ask(audio: Int16Array, deadlineMs: number): Promise<number | undefined>;
}
