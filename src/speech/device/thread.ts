import { parentPort, workerData } from 'node:worker_threads';
import type { Hearing } from './hearing.ts';
import { Stretch } from './listening.ts';
import { Loudness } from './loudness.ts';
import { type FromThread, isToThread, type ThreadData, type ToThread } from './protocol.ts';
import { Repetition } from './repetition.ts';
import type { Speaking } from './speaking.ts';

/**
 * The speech thread of a worker process: holds recogniser and synthesis, so that neither ever delays a frame of
 * the call. Hearing comes first; between two pieces of synthesis everything heard meanwhile is decoded.
 *
 * The packages stay in here too: soundswallower installs a listener for uncaught exceptions that would end the process.
 */

/** Orders that wait; a minute of 20 ms frames. More means that the decoder cannot keep up. */
const WAITING_MAX = 3000;

function serve(
  port: NonNullable<typeof parentPort>,
  hearing: Hearing | undefined,
  speaking: Speaking | undefined,
) {
  const loudness = new Loudness();
  const repetition = new Repetition();
  const waiting: ToThread[] = [];
  const toSpeak: (ToThread & { kind: 'speak' })[] = [];
  /** Closed by the main thread; what is still waiting for them is dropped. */
  const closed = new Set<number>();
  let current: { readonly session: number; readonly stretch: Stretch } | undefined;
  let working = false;

  const tell = (message: FromThread, transfer: ArrayBuffer[] = []) => port.postMessage(message, transfer);

  const end = () => {
    current?.stretch.close();
    current = undefined;
  };

  const begin = (order: ToThread & { kind: 'open' }) => {
    end();
    if (!hearing) return;
    const { session } = order;
    current = {
      session,
      stretch: new Stretch({
        decoder: hearing.decoder,
        loudness,
        repetition,
        grammarOf: (expectation) => hearing.grammarOf(expectation),
        report: (event) => {
          if (!closed.has(session)) tell({ kind: 'heard', session, event });
        },
        from: order.from,
        rate: order.rate,
        expectation: order.expectation,
      }),
    };
  };

  const prepare = ({ request, expectations }: ToThread & { kind: 'prepare' }) => {
    try {
      tell({ kind: 'prepared', request, guessed: hearing?.prepare(expectations) ?? [] });
    } catch (error) {
      tell({ kind: 'unprepared', request, message: error instanceof Error ? error.message : String(error) });
    }
  };

  const carryOut = async (order: ToThread): Promise<void> => {
    // Nothing of a session follows its close, so that is where it is forgotten, also when it is not the current one.
    if (order.kind === 'close') closed.delete(order.session);
    if ('session' in order && order.kind !== 'open' && order.session !== current?.session) return;
    switch (order.kind) {
      case 'prepare':
        return prepare(order);
      case 'open':
        if (!closed.has(order.session)) begin(order);
        return;
      case 'audio':
        if (!closed.has(order.session)) current?.stretch.audio(order.samples);
        return;
      case 'expect':
        current?.stretch.expect(order.expectation);
        return;
      case 'finalize':
        if (!closed.has(order.session)) current?.stretch.finalize(order.upTo);
        current = undefined;
        return;
      case 'close':
        return end();
      case 'reset':
        end();
        loudness.reset();
        repetition.forget();
        return hearing?.decoder.reset();
      case 'ping':
        return tell({ kind: 'pong', request: order.request });
      case 'speak':
      case 'hush':
        return;
    }
  };

  const speakNext = () => {
    const order = toSpeak.shift();
    if (!order) return;
    try {
      const piece = speaking?.speak(order.voice, order.rate, order.text);
      if (!piece) throw new Error('this process has no device voice');
      const samples = piece.samples.slice();
      tell({ kind: 'spoken', job: order.job, samples, rate: piece.rate }, [samples.buffer]);
    } catch (error) {
      tell({ kind: 'mute', job: order.job, message: error instanceof Error ? error.message : String(error) });
    }
  };

  const work = async (): Promise<void> => {
    for (let order = waiting.shift(); order; order = waiting.shift()) {
      try {
        await carryOut(order);
      } catch (error) {
        if (!('session' in order)) throw error;
        const message = error instanceof Error ? error.message : String(error);
        tell({ kind: 'heard', session: order.session, event: { kind: 'failed', retryable: true, message } });
        end();
      }
    }
    speakNext();
    working = false;
    start();
  };

  /** After each piece of work the messages that came meanwhile get their turn first. */
  function start() {
    if (working || (waiting.length === 0 && toSpeak.length === 0)) return;
    working = true;
    setImmediate(() => void work());
  }

  port.on('message', (message: unknown) => {
    if (!isToThread(message)) throw new Error('the speech thread got a message it does not know');
    if (message.kind === 'speak') toSpeak.push(message);
    else if (message.kind === 'hush') {
      const dropped = new Set(message.jobs);
      toSpeak.splice(0, toSpeak.length, ...toSpeak.filter(({ job }) => !dropped.has(job)));
    } else {
      if (message.kind === 'close') closed.add(message.session);
      if (waiting.length >= WAITING_MAX) throw new Error('the recogniser is a minute behind the caller');
      waiting.push(message);
    }
    start();
  });
  tell({ kind: 'ready' });
}

const port = parentPort;
if (port) {
  const { hears, voices } = workerData as ThreadData;
  try {
    // Imported only when used: each costs tens of megabytes.
    const hearing = hears ? await (await import('./hearing.ts')).loadHearing() : undefined;
    let speaking: Speaking | undefined;
    if (voices.length > 0) {
      const { loadFlite } = await import('./flite.ts');
      const { Speaking } = await import('./speaking.ts');
      speaking = new Speaking(await loadFlite(voices));
    }
    serve(port, hearing, speaking);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    port.postMessage({ kind: 'broken', message } satisfies FromThread);
  }
}
