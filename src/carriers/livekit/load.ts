/** LiveKit's client: 25 MB of native code, so it is loaded only where `LIVEKIT_URL` is set, and before the first call. */
export type Rtc = typeof import('@livekit/rtc-node');

/** @throws Error when the package is not installed, with what to do */
export async function loadRtc(): Promise<Rtc> {
  try {
    return await import('@livekit/rtc-node');
  } catch (cause) {
    throw new Error(
      'LIVEKIT_URL is set, but the package @livekit/rtc-node does not load: run "npm install @livekit/rtc-node@1.1.0", or unset LIVEKIT_URL',
      { cause },
    );
  }
}
