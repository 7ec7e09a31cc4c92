import type { Settings } from '../../contract/settings.ts';

/** Who we are at a LiveKit server. */
export interface LiveKitKey {
  readonly key: string;
  readonly secret: string;
}

/**
 * The pairs of `LIVEKIT_API_KEY` and `LIVEKIT_API_SECRET`, the one that signs first. One key with several secrets is
 * that key with each of them, for a secret that is being replaced.
 */
export function livekitKeys(settings: Settings): readonly LiveKitKey[] {
  const keys = settings.livekitApiKeys;
  const secrets = settings.livekitApiSecrets;
  return secrets.flatMap((secret, i) => {
    const key = keys.length === 1 ? keys[0] : keys[i];
    return key === undefined ? [] : [{ key, secret }];
  });
}
