import type { RemoteTrack } from '@livekit/rtc-node';
import { expect, it } from 'vitest';
import { silentLog } from '../../kit/log.ts';
import { hear } from './ear.ts';
import type { Rtc } from './load.ts';

it('a track that ended before it could be heard is silent, and no error of the call', () => {
  function AudioStream() {
    throw new Error('failed to handle request: invalid request: handle is not a FfiTrack');
  }
  const warned: string[] = [];
  const log = { ...silentLog, warn: (message: string) => void warned.push(message) };
  const frame = () => expect.unreachable();
  const stop = hear({ AudioStream } as unknown as Rtc, {} as RemoteTrack, { rate: 24_000, log, frame });
  expect(stop).not.toThrow();
  expect(warned).toEqual(['a track cannot be heard']);
});
