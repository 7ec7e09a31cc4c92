import type { ErrorCode } from '../contract/errors.ts';
import type { Answer } from './answer.ts';

/** What a start by request comes to. */
export interface PostOutcome {
  readonly answer: Answer;
  readonly code: 'accepted' | 'duplicate' | ErrorCode;
  /** A call was promised: to be called when the answer is out, or cannot be delivered. */
  readonly sent?: () => void;
}
