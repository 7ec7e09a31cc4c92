import { addresses, oneOf, optionalAddress, optionalText, secrets } from './kinds.ts';

/** Who may start calls, and how the outside reaches this host. */
export const ACCESS_SETTINGS = {
  publicUrl: optionalAddress(
    'CXBCORE_PUBLIC_URL',
    'How the outside reaches this host, such as https://voice.example.com. Signatures and media addresses are computed from it, never from headers.',
  ),
  ingress: addresses(
    'CXBCORE_INGRESS',
    'Where the ingress in front of several fleets connects from. Only there X-CXB-Ingress is believed, which turns refusals into 503, so that the ingress tries another fleet.',
  ),
  envFile: optionalText(
    'CXBCORE_ENV_FILE',
    'The file of settings that systemd reads for the workers. "cxbcore reload" reads the secrets in it again.',
  ),
  apiKeys: secrets('CXBCORE_API_KEYS', 'Bearer keys that may start calls.', true),
  tokenKeys: secrets(
    'CXBCORE_TOKEN_KEYS',
    'Keys that sign one-use media tokens; the same on all fleets.',
    true,
  ),
  twilioAuthTokens: secrets('TWILIO_AUTH_TOKEN', 'Twilio auth tokens, which sign its requests.', false),
  twilioToken: oneOf(
    'CXBCORE_TWILIO_TOKEN',
    ['required', 'optional'],
    'required',
    'Whether a Twilio stream must carry a one-use token parameter besides its signature.',
  ),
} as const;
