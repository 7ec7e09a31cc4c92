import { writeWav } from '../audio/wav.ts';
import type { FarEnd } from './far-end.ts';

/** The call as its caller could have recorded it: a stereo WAV file, caller on the left, agent on the right. */
export function stereoRecording(far: FarEnd): Uint8Array {
  const said = far.mouth.said();
  const heard = far.loudspeaker.heard();
  const length = Math.max(said.length, heard.length);
  const padded = (samples: Int16Array) => {
    const out = new Int16Array(length);
    out.set(samples);
    return out;
  };
  return writeWav({ rate: far.mouth.rate, channels: [padded(said), padded(heard)] });
}
