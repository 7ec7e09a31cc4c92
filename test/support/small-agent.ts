import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { decodeMulaw, encodeMulaw } from '../../src/audio/g711.ts';
import { bytesFromSamples, samplesFromBytes } from '../../src/audio/pcm.ts';

export interface SmallAgent {
  readonly url: string;
  /** The upgrade requests it saw. */
  readonly seen: { readonly url: string; readonly headers: Readonly<Record<string, unknown>> }[];
  /** The start messages. */
  readonly starts: Record<string, unknown>[];
  close(): Promise<void>;
}

/** What the agent says in answer to the n-th thing the caller said; after the last it hangs up. */
export interface SmallAgentRules {
  readonly lines: readonly string[];
  /** Answers every upgrade with this instead of taking it. */
  readonly refuse?: { readonly status: number; readonly body: string };
}

const ANSWER_AFTER_MS = 300;
const LINE_MS = 900;

/**
 * An agent of two dozen lines that speaks both protocols, for tests of the caller's side: it beeps for each of its
 * lines, answers silence after sound, stops when it is interrupted, and hangs up after its last line.
 */
export async function startSmallAgent(rules: SmallAgentRules): Promise<SmallAgent> {
  const seen: { url: string; headers: Readonly<Record<string, unknown>> }[] = [];
  const starts: Record<string, unknown>[] = [];
  const server = createServer();
  const sockets = new WebSocketServer({ noServer: true });
  server.on('upgrade', (request, socket, head) => {
    seen.push({ url: request.url ?? '', headers: request.headers });
    if (rules.refuse) {
      const { status, body } = rules.refuse;
      socket.end(
        `HTTP/1.1 ${status} Refused\r\nRetry-After: 1\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
      );
      return;
    }
    sockets.handleUpgrade(request, socket, head, (accepted) => {
      const twilio = (request.url ?? '').endsWith('twilio');
      converse(accepted, twilio, rules.lines, starts);
    });
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, seen, starts, close: () => closeServer(server, sockets) };
}

function converse(
  socket: WebSocket,
  twilio: boolean,
  lines: readonly string[],
  starts: Record<string, unknown>[],
): void {
  let streamSid = '';
  let rate = 8000;
  let soundMs = 0;
  let quietMs = 0;
  let said = 0;
  let speakingUntil = 0;
  const send = (message: Record<string, unknown>) =>
    socket.send(JSON.stringify(twilio ? { streamSid, ...message } : message));
  const speak = () => {
    const text = lines[said++];
    if (text === undefined) return;
    const samples = Int16Array.from({ length: (rate * LINE_MS) / 1000 }, (_, i) =>
      Math.round(9000 * Math.sin(i / 3)),
    );
    if (!twilio) send({ event: 'transcript', who: 'agent', text, final: true });
    if (twilio)
      send({ event: 'media', media: { payload: Buffer.from(encodeMulaw(samples)).toString('base64') } });
    else socket.send(bytesFromSamples(samples));
    send(
      twilio ? { event: 'mark', mark: { name: `line-${said}` } } : { event: 'mark', name: `line-${said}` },
    );
    speakingUntil = Date.now() + LINE_MS;
  };
  const stop = () => {
    if (Date.now() < speakingUntil) send({ event: 'clear' });
    speakingUntil = 0;
  };
  const hear = (samples: Int16Array) => {
    const loud = samples.some((sample) => Math.abs(sample) > 500);
    soundMs = loud ? soundMs + 20 : 0;
    quietMs = loud ? 0 : quietMs + 20;
    if (soundMs === 200) stop();
    if (soundMs >= 60) owes = true;
    if (owes && quietMs === ANSWER_AFTER_MS) {
      owes = false;
      speak();
    }
  };
  let owes = false;
  socket.on('message', (data: Buffer, binary) => {
    if (binary) return hear(samplesFromBytes(data));
    const message = JSON.parse(data.toString('utf8')) as Frame;
    switch (message.event) {
      case 'start':
        starts.push(message);
        streamSid = message.streamSid ?? '';
        rate = message.rate ?? 8000;
        if (!twilio) send({ event: 'ready', call_id: 'small-1' });
        return speak();
      case 'media':
        return hear(decodeMulaw(Buffer.from(message.media?.payload ?? '', 'base64')));
      case 'dtmf':
        stop();
        owes = true;
        quietMs = 0;
        return;
      case 'mark':
        if (said < lines.length || speakingUntil === 0) return;
        if (!twilio) send({ event: 'end', reason: 'agent.finished' });
        socket.close(1000);
    }
  });
}

/** What a far end may send, of either protocol. */
interface Frame extends Readonly<Record<string, unknown>> {
  readonly event: string;
  readonly streamSid?: string;
  readonly rate?: number;
  readonly media?: { readonly payload: string };
}

async function closeServer(server: Server, sockets: WebSocketServer): Promise<void> {
  for (const socket of sockets.clients) socket.terminate();
  await new Promise<void>((resolve) => void server.close(() => resolve()));
}
