import type { RemoteTrack } from '@livekit/rtc-node';
import type { Log } from '../../kit/log.ts';
import type { Rtc } from './load.ts';

const FRAME_MS = 20;

/**
 * The sound of one track, frame by frame, from now on until the result is called or the track ends. One that has ended
 * already is silent: the client throws for it, and that it is over comes by the room's own news.
 */
export function hear(
  rtc: Rtc,
  track: RemoteTrack,
  { rate, log, frame }: { rate: number; log: Log; frame: (samples: Int16Array) => void },
): () => void {
  let stream: InstanceType<Rtc['AudioStream']>;
  try {
    stream = new rtc.AudioStream(track, { sampleRate: rate, numChannels: 1, frameSizeMs: FRAME_MS });
  } catch (error) {
    log.warn('a track cannot be heard', { error });
    return () => undefined;
  }
  const reader = stream.getReader();
  const state = { open: true };
  const read = async () => {
    for (let next = await reader.read(); !next.done && state.open; next = await reader.read())
      frame(next.value.data);
  };
  read().catch((error: unknown) => {
    if (state.open) log.warn('the sound of a track broke off', { error });
  });
  return () => {
    state.open = false;
    reader.cancel().catch(() => undefined);
  };
}
