import type { WebSocket } from 'ws';
import { type CarrierContext, type KnownCall, NoLine } from '../ports/carrier.ts';
import type { Line, LineFacts } from '../ports/line.ts';
import { closedWithin, closeText } from './closing.ts';
import type { Dialect } from './dialect.ts';
import { SocketLine } from './socket-line.ts';

/** What a frame means before the start message is through. */
export type First =
  | { readonly kind: 'wait' }
  | { readonly kind: 'start'; readonly facts: LineFacts; readonly dialect: Dialect }
  | { readonly kind: 'refuse'; readonly why: string };

const CLOSE_PROTOCOL = 1002;
const CLOSE_POLICY = 1008;
const CLOSE_OURS = 1011;
/** What a close event says when the connection broke without a close frame. */
const CLOSE_ABNORMAL = 1006;
/** How long a refused connection may take to close before it is cut. */
const CLOSE_MS = 1000;

/**
 * Waits for the message that makes a connection a line: the seat it holds is worth one call, so a stranger may keep
 * it for `settings.firstMessageMs` and not longer.
 * @param read called for each frame; what it throws is a fault of ours and closes with 1011
 * @throws NoLine
 */
export function awaitStart(
  socket: WebSocket,
  context: CarrierContext,
  read: (data: Buffer, binary: boolean) => First,
): Promise<Line> {
  const { clock, settings } = context;
  return new Promise((resolve, reject) => {
    const done = (): void => {
      cancel();
      socket.off('message', onMessage).off('close', onClose).off('error', onError);
    };
    const refuse = (code: number, why: string): void => {
      done();
      if (socket.readyState === socket.OPEN) socket.close(code, closeText(why));
      void closedWithin(socket, clock, CLOSE_MS);
      reject(new NoLine(code, why));
    };
    const onMessage = (data: Buffer, binary: boolean): void => {
      let first: First;
      try {
        first = read(data, binary);
      } catch (error) {
        context.log.error('the start of a line failed', { error });
        return refuse(CLOSE_OURS, 'the server cannot start this call');
      }
      if (first.kind === 'refuse') return refuse(CLOSE_POLICY, first.why);
      if (first.kind === 'wait') return;
      if (context.known && (first.facts.callId ?? context.known.callId) !== context.known.callId)
        return refuse(CLOSE_POLICY, 'the start is for another call');
      done();
      // The line listens from this very moment, so that no frame falls between the two.
      resolve(new SocketLine(socket, withKnown(first.facts, context.known), first.dialect, context));
    };
    const onClose = (code: number): void => {
      done();
      reject(new NoLine(code, `the connection was closed with ${code} before it started a call`));
    };
    const onError = (error: Error): void => refuse(CLOSE_PROTOCOL, error.message);
    // Stays for good: an error without a listener would end the process. What follows from it is in the close event.
    socket.on('error', () => undefined);
    socket.on('error', onError);
    socket.on('message', onMessage);
    socket.on('close', onClose);
    const cancel = clock.after(settings.firstMessageMs, () =>
      refuse(CLOSE_POLICY, `no start message came within ${settings.firstMessageMs} ms`),
    );
    if (socket.readyState !== socket.OPEN) onClose(CLOSE_ABNORMAL);
  });
}

/** What whoever started the call said of it goes before what its line says. */
function withKnown(facts: LineFacts, known: KnownCall | undefined): LineFacts {
  return known ? { ...facts, ...known, vars: { ...facts.vars, ...known.vars } } : facts;
}
