import { randomUUID } from 'node:crypto';
import { request } from 'node:http';
import { realClock, sleep } from '../../kit/clock.ts';
import { type Started, startCall } from '../../sim/load/bare-caller.ts';

/** What a refused call is answered with; that of a request, 429, is counted as the same. */
export const REFUSED = 503;
/** Between an answer and the same start once more. */
const REPEAT_AFTER_MS = 100;
export const KEY = 'bench-key-bench-key';

/** Starts that were asked for a second time, and how many of those were taken for new ones. */
export interface Repeats {
  asked: number;
  lost: number;
}

/**
 * A start by request that holds a seat, and then its media at the address of the answer: two trips, one call.
 * @param again the ingress where it is asked for a second time before the media comes
 * @throws Error on an answer that is neither a place nor a refusal
 */
export async function startByRequest(
  port: number,
  again: number | undefined,
  repeats: Repeats,
): Promise<Started> {
  const callId = randomUUID();
  const sentWall = realClock.wall();
  const startMs = realClock.now();
  const answered = await attach(port, callId);
  if (answered.status === 429)
    return { how: 'refused', status: REFUSED, sentWall, refusedWall: realClock.wall() };
  if (answered.status !== 202) throw new Error(`a request was answered ${answered.status}: ${answered.body}`);
  const setUpMs = realClock.now() - startMs;
  if (again !== undefined) {
    repeats.asked++;
    // Nobody asks again at once; the other node learns of the first answer within some milliseconds.
    await sleep(realClock, REPEAT_AFTER_MS);
    const repeated = await attach(again, callId);
    if (repeated.status !== 200 || !repeated.body.includes('"duplicate"')) repeats.lost++;
  }
  const { media_url: url } = JSON.parse(answered.body) as { media_url: string };
  const media = await startCall({ host: '127.0.0.1', port }, new URL(url).pathname);
  if (media.how === 'refused') throw new Error(`the media of a reservation was answered ${media.status}`);
  return { ...media, sentWall, answerMs: setUpMs + media.answerMs };
}

function attach(port: number, callId: string): Promise<{ readonly status: number; readonly body: string }> {
  return new Promise((resolve, reject) => {
    const headers = { 'Content-Type': 'application/json', Authorization: `Bearer ${KEY}` };
    const asking = request({
      host: '127.0.0.1',
      port,
      path: '/attach',
      method: 'POST',
      headers,
      agent: false,
    });
    asking.on('response', (answer) => {
      let body = '';
      answer.setEncoding('utf8').on('data', (part: string) => {
        body += part;
      });
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body }));
    });
    asking.on('error', reject);
    asking.end(JSON.stringify({ call_id: callId, media: { kind: 'expect', carrier: 'pcm', ttl_s: 10 } }));
  });
}
