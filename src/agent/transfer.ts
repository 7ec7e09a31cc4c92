/** Where a caller who wants a person is sent. */
export interface Transfer {
  readonly kind: 'transfer';
  /** A `tel:` or `sip:` address. */
  readonly to: string;
  /** `cold` hands the call over and is done; `warm` stays until the person has answered, where the line can. */
  readonly mode: 'cold' | 'warm';
  /** How long it may ring, in seconds. */
  readonly ringS: number;
}

/**
 * Describes a transfer to a person. Where the line cannot transfer, or nobody answers, a script takes a message.
 */
export function transfer(spec: {
  readonly to: string;
  readonly mode?: 'cold' | 'warm';
  readonly ringS?: number;
}): Transfer {
  return { kind: 'transfer', to: spec.to, mode: spec.mode ?? 'cold', ringS: spec.ringS ?? 25 };
}
