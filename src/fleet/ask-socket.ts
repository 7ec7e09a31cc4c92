import { request } from 'node:http';
import type { Clock } from '../kit/clock.ts';

/** What came of asking a process of this host on its socket. */
export type Told =
  | { readonly kind: 'answer'; readonly status: number; readonly body: string }
  /** It took the question and did not answer in time, or broke off. */
  | { readonly kind: 'silent' }
  /** Nobody listens there. */
  | { readonly kind: 'gone' };

/** Far more than any document of a worker; whatever is longer counts as no answer. */
const MAX_ANSWER_BYTES = 1_048_576;

export interface Question {
  readonly socket: string;
  readonly path: string;
  readonly method?: 'GET' | 'POST';
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly limitMs: number;
}

/** Asks over a Unix socket, once. Never rejects. */
export function askSocket(question: Question, clock: Clock): Promise<Told> {
  const { socket, path, method = 'GET', body, headers = {}, limitMs } = question;
  return new Promise((resolve) => {
    const asking = request({ socketPath: socket, path, method, headers, agent: false }, (answer) => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (part: string) => {
        text += part;
        if (text.length > MAX_ANSWER_BYTES) finish({ kind: 'silent' });
      });
      answer.on('end', () => finish({ kind: 'answer', status: answer.statusCode ?? 0, body: text }));
      answer.on('error', () => finish({ kind: 'silent' }));
    });
    const cancel = clock.after(limitMs, () => finish({ kind: 'silent' }));
    const finish = (told: Told) => {
      cancel();
      asking.destroy();
      resolve(told);
    };
    asking.on('error', (error: NodeJS.ErrnoException) => {
      const nobody = error.code === 'ECONNREFUSED' || error.code === 'ENOENT' || error.code === 'ENOTSOCK';
      finish({ kind: nobody ? 'gone' : 'silent' });
    });
    asking.end(body);
  });
}
