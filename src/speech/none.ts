import type { Position, RecogniserEngine, RecogniserEvent } from '../ports/recogniser.ts';
import type { VoiceEngine, VoiceEvent } from '../ports/voice.ts';

/**
 * Hears nothing: every stretch of speech is answered with `rejected`. For load tests and line checks, where a call
 * is to cost nothing but its transport.
 */
export function openNoRecogniser(): RecogniserEngine {
  return {
    name: 'none',
    listens: 'speech',
    prepare: () => Promise.resolve(),
    open: ({ from, listener }) => openDeafSession(from, listener),
    reset: () => undefined,
    close: () => Promise.resolve(),
  };
}

function openDeafSession(from: Position, listener: (event: RecogniserEvent) => void) {
  let to = from;
  let closed = false;
  const report = (event: RecogniserEvent) => {
    // Engines report after the call returns; doing the same keeps callers from relying on the opposite.
    queueMicrotask(() => {
      if (!closed) listener(event);
    });
  };
  return {
    audio(samples: Int16Array) {
      to += samples.length;
      report({ kind: 'progress', to });
    },
    expect: () => undefined,
    finalize: (upTo: Position) => report({ kind: 'rejected', from, to: upTo }),
    close() {
      closed = true;
    },
  };
}

const MS_PER_LETTER = 60;
const CHUNK_MS = 20;

/**
 * Speaks silence, 60 ms for each letter of the text, about as long as a voice would take. For load tests and line
 * checks.
 */
export function openNoVoice(): VoiceEngine {
  return {
    name: 'none',
    can: { streamsText: false, wordTimes: false, rates: [8000, 16000, 24000, 48000] },
    prepare: () => Promise.resolve(),
    open({ rate, listener }) {
      const live = new Set<string>();
      const chunkSamples = (rate * CHUNK_MS) / 1000;
      return {
        segment({ id, spoken }) {
          live.add(id);
          const samples = Math.ceil((spoken.length * MS_PER_LETTER) / CHUNK_MS) * chunkSamples;
          const report = (event: VoiceEvent) => {
            if (live.has(id)) listener(event);
          };
          queueMicrotask(() => {
            if (samples > 0)
              report({ kind: 'audio', segment: id, chunk: { samples: new Int16Array(samples), rate } });
            report({ kind: 'segment-done', segment: id });
            live.delete(id);
          });
        },
        flush: () => undefined,
        cancel: () => live.clear(),
        close: () => live.clear(),
      };
    },
    close: () => Promise.resolve(),
  };
}
