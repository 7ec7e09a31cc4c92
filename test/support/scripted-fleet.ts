import { createHash } from 'node:crypto';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import net from 'node:net';
import { onTestFinished } from 'vitest';

export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A host that answers as a test says, and remembers what reached it. */
export interface ScriptedFleet {
  readonly entry: object;
  readonly seen: Seen[];
  answer: (seen: Seen) => { readonly status: number; readonly body?: string } | 'never' | 'hang up';
}

let last = 0;

export async function openScripted(name: string, workers = 4): Promise<ScriptedFleet> {
  last += 1;
  const address = `127.0.2.${last}`;
  const server = createServer((asking, answering) => {
    if (asking.url === '/health/live') return void answering.writeHead(200).end('{"status":"live"}');
    let body = '';
    asking.setEncoding('utf8').on('data', (part: string) => {
      body += part;
    });
    asking.on('end', () => {
      const seen = { method: asking.method ?? '', path: asking.url ?? '', headers: asking.headers, body };
      fleet.seen.push(seen);
      const said = fleet.answer(seen);
      if (said === 'never') return;
      if (said === 'hang up') return void asking.socket.destroy();
      answering.writeHead(said.status, { 'Content-Type': 'application/json' }).end(said.body ?? '{}');
    });
  });
  server.on('upgrade', (asking, socket) => {
    fleet.seen.push({ method: 'UPGRADE', path: asking.url ?? '', headers: asking.headers, body: '' });
    const { status } = fleet.answer(fleet.seen.at(-1) as Seen) as { status: number };
    socket.on('error', () => undefined);
    const key = `${asking.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
    const accept = createHash('sha1').update(key).digest('base64');
    // HAProxy takes no 101 without the answer to the key.
    if (status === 101)
      socket.write(
        `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
      );
    else socket.end(`HTTP/1.1 ${status} Refused\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}`);
  });
  const agent = net.createServer((socket) => {
    socket.on('error', () => undefined);
    socket.resume();
    socket.end(`up 100% maxconn:${workers}\n`);
  });
  const port = await listening(server, address);
  const checkPort = await listening(agent, address);
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
    agent.close();
  });
  const entry = { name, address, port, check_port: checkPort, workers };
  const fleet: ScriptedFleet = { entry, seen: [], answer: () => ({ status: 202 }) };
  return fleet;
}

function listening(server: net.Server, address: string): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, address, () => {
      const at = server.address();
      resolve(typeof at === 'object' && at ? at.port : 0);
    });
  });
}
