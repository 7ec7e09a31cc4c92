import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Json, parseJson } from '../../src/kit/json.ts';

/** How the server behaves: as the vendor on a good day, or in one of the ways that go wrong. */
export type Behaviour = 'good' | 'tool' | 'rate-limit' | 'closes' | 'garbage' | 'unknown-events';

const KEY = 'sk-right';

/** A server on loopback that answers chat completions as OpenAI streams them. */
export async function openaiServer(behaviour: Behaviour): Promise<{
  readonly url: string;
  readonly key: string;
  readonly asked: Json[];
  close(): void;
}> {
  const asked: Json[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      asked.push(parseJson(body) ?? null);
      const { authorization } = request.headers;
      if (authorization !== undefined && authorization !== `Bearer ${KEY}`)
        return refuse(response, 401, 'invalid_api_key', 'Incorrect API key provided.');
      if (behaviour === 'rate-limit')
        return refuse(response, 429, 'rate_limit_exceeded', 'Rate limit reached.');
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      stream(response, behaviour);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/v1`, key: KEY, asked, close: () => server.close() };
}

function refuse(response: ServerResponse, status: number, code: string, message: string): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ error: { message, type: 'error', param: null, code } }));
}

function stream(response: ServerResponse, behaviour: Behaviour): void {
  const send = (delta: Json, finish: string | null = null) =>
    response.write(`data: ${JSON.stringify(chunk([{ index: 0, delta, finish_reason: finish }]))}\n\n`);
  send({ role: 'assistant', content: '' });
  if (behaviour === 'tool') {
    const call = (more: Readonly<Record<string, Json>>) => send({ tool_calls: [{ index: 0, ...more }] });
    call({ id: 'call_1', type: 'function', function: { name: 'hours', arguments: '' } });
    call({ function: { arguments: '{"day":' } });
    call({ function: { arguments: '"Monday"}' } });
    send({}, 'tool_calls');
  } else {
    send({ content: 'We are ' });
    if (behaviour === 'closes') return void response.destroy();
    if (behaviour === 'garbage') response.write('data: {"half\n\n');
    if (behaviour === 'unknown-events')
      response.write(': a comment\n\nevent: news\ndata: {"choices":[]}\n\n');
    send({ content: 'open.' });
    send({}, 'stop');
  }
  const usage = { prompt_tokens: 20, completion_tokens: 5, total_tokens: 25 };
  response.end(`data: ${JSON.stringify({ ...chunk([]), usage })}\n\ndata: [DONE]\n\n`);
}

function chunk(choices: readonly Json[]): { readonly [key: string]: Json } {
  return { id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model: 'some', choices };
}
