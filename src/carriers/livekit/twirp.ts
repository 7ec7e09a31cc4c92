import { request as requestPlain } from 'node:http';
import { request as requestSecure } from 'node:https';
import { z } from 'zod';
import type { Clock } from '../../kit/clock.ts';
import { type Json, parseJson } from '../../kit/json.ts';

/** Far more than the participants of any room of ours take. */
const MAX_ANSWER_BYTES = 4 * 1024 * 1024;

const failure = z.object({
  code: z.string().default('unknown'),
  msg: z.string().default(''),
  meta: z.record(z.string(), z.string()).default({}),
});

/**
 * A request to LiveKit's server that did not succeed. `code` is Twirp's (`not_found`, `resource_exhausted` …), or
 * `no_reply` when the server could not be reached or did not answer in time: then nobody knows what it did.
 */
export class LiveKitError extends Error {
  readonly code: string;
  /** The HTTP status; 0 when there was no answer. Never handed on as a status of ours. */
  readonly status: number;
  readonly meta: Readonly<Record<string, string>>;

  constructor(
    method: string,
    code: string,
    status: number,
    detail: string,
    meta: Record<string, string> = {},
  ) {
    super(`LiveKit refused ${method}: ${code}${detail === '' ? '' : `, ${detail}`}`);
    this.name = 'LiveKitError';
    this.code = code;
    this.status = status;
    this.meta = meta;
  }
}

/** Where requests to the server's API go, for the address of `LIVEKIT_URL`. */
export function apiAddress(livekitUrl: string): string {
  return livekitUrl.replace(/^ws/, 'http');
}

/**
 * One request to LiveKit's API, once: it is never repeated here, because a repeated dial calls a person twice.
 *
 * @param service such as `RoomService`
 * @throws LiveKitError
 */
export async function callTwirp(
  address: string,
  clock: Clock,
  {
    service,
    method,
    token,
    body,
    limitMs,
  }: {
    readonly service: string;
    readonly method: string;
    readonly token: string;
    readonly body: Json;
    readonly limitMs: number;
  },
): Promise<Json> {
  const url = new URL(`${address}/twirp/livekit.${service}/${method}`);
  const { status, text } = await post(url, token, JSON.stringify(body), clock, limitMs, method);
  const answer = parseJson(text);
  if (status === 200 && answer !== undefined) return answer;
  const { data } = failure.safeParse(answer ?? {});
  throw new LiveKitError(method, data?.code ?? 'unknown', status, data?.msg ?? '', data?.meta);
}

function post(
  url: URL,
  token: string,
  body: string,
  clock: Clock,
  limitMs: number,
  method: string,
): Promise<{ readonly status: number; readonly text: string }> {
  return new Promise((resolve, reject) => {
    const fail = (why: string) => {
      cancel();
      reject(new LiveKitError(method, 'no_reply', 0, why));
      request.destroy();
    };
    const cancel = clock.after(limitMs, () => fail(`nothing came for ${limitMs} ms`));
    const send = url.protocol === 'https:' ? requestSecure : requestPlain;
    const request = send(
      url,
      {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(body),
          authorization: `Bearer ${token}`,
        },
      },
      (answer) => {
        let text = '';
        answer.setEncoding('utf8');
        answer.on('data', (part: string) => {
          text += part;
          if (text.length > MAX_ANSWER_BYTES) fail('the answer is too long');
        });
        answer.on('error', (error) => fail(error.message));
        answer.on('end', () => {
          cancel();
          resolve({ status: answer.statusCode ?? 0, text });
        });
      },
    );
    request.on('error', (error) => fail(error.message));
    request.end(body);
  });
}
