// The back end of a page whose visitors talk to an agent: serves the page, and starts a call for whoever asks.
// The API key stays here; the page gets a token that lets one visitor into one room, for a few minutes.
//   CXBCORE_URL=http://127.0.0.1:8080 CXBCORE_API_KEY=… node examples/widget/server.mjs
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';

const core = process.env.CXBCORE_URL ?? 'http://127.0.0.1:8080';
const key = process.env.CXBCORE_API_KEY;
const page = new URL('./index.html', import.meta.url);
const client = createRequire(import.meta.url).resolve('livekit-client');

async function startCall() {
  const answer = await fetch(`${core}/livekit/widget`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(key && { authorization: `Bearer ${key}` }) },
    body: '{}',
  });
  const { server_url, participant_token, message } = await answer.json();
  return { status: answer.ok ? 200 : answer.status, body: { server_url, participant_token, message } };
}

async function answer({ method, url }) {
  if (method === 'POST' && url === '/start') {
    const { status, body } = await startCall();
    return { status, type: 'application/json', body: JSON.stringify(body) };
  }
  if (url === '/livekit-client.js') return { status: 200, type: 'text/javascript', body: await readFile(client) };
  if (url === '/') return { status: 200, type: 'text/html; charset=utf-8', body: await readFile(page) };
  return { status: 404, type: 'text/plain', body: 'not found' };
}

const unreached = ({ message }) => ({
  status: 502,
  type: 'application/json',
  body: JSON.stringify({ message: `The call server was not reached: ${message}` }),
});

const server = createServer((request, response) => {
  void answer(request)
    .catch(unreached)
    .then(({ status, type, body }) => response.writeHead(status, { 'content-type': type }).end(body));
});
server.listen(Number(process.env.PORT ?? 3000), '127.0.0.1', () =>
  console.log(`http://127.0.0.1:${server.address().port}/`),
);
