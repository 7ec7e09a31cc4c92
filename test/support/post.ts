import { type RequestOptions, request } from 'node:http';
import type { Answered } from './host.ts';

/** An answer with its body as JSON. */
export interface Posted extends Answered {
  readonly json: Readonly<Record<string, unknown>>;
}

/** A start by request: to a worker's own socket, or to a front's port. */
export function post(
  to: { readonly socketPath: string } | { readonly port: number },
  path: string,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Posted> {
  const text = typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
  const options: RequestOptions = { host: '127.0.0.1', ...to, path, method: 'POST', agent: false, headers };
  return new Promise((resolve, reject) => {
    const asking = request(options, (answer) => {
      let received = '';
      answer.setEncoding('utf8').on('data', (part: string) => {
        received += part;
      });
      answer.on('error', reject);
      answer.on('end', () => {
        const json = JSON.parse(received) as Record<string, unknown>;
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: received, json });
      });
    });
    asking.on('error', reject);
    asking.end(text);
  });
}

/** A reservation for plain audio. */
export const EXPECT_PCM = { media: { kind: 'expect', carrier: 'pcm', ttl_s: 60 } } as const;
