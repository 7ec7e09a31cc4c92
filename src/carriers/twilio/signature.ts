import { createHash, createHmac } from 'node:crypto';
import { sameSecret } from '../../kit/ids.ts';

/**
 * `X-Twilio-Signature`: base64 of HMAC-SHA1, keyed with the account's auth token, over the URL as Twilio was given it
 * and, for form posts, the parameters. It carries no time and no nonce: whoever has seen one for a stream's URL can
 * send it again for ever, which is why a stream needs a one-use token besides.
 */
export function signTwilio(url: string, form: FormFields, authToken: string): string {
  return createHmac('sha1', authToken)
    .update(url + formText(form))
    .digest('base64');
}

/** A form's fields; a field that was sent several times has several values. */
export type FormFields = Readonly<Record<string, string | readonly string[]>>;

/** Sorted by name, each value with the name in front; a repeated value counts once. */
function formText(form: FormFields): string {
  let text = '';
  for (const name of Object.keys(form).sort()) {
    const value = form[name] ?? '';
    const values = typeof value === 'string' ? [value] : [...new Set(value)].sort();
    for (const each of values) text += name + each;
  }
  return text;
}

/**
 * Whether the signature is Twilio's for any spelling of the URL and any of the tokens in force.
 * @param url as Twilio was given it, with the scheme it uses: `wss` for streams
 */
export function isTwilioSignature(
  signature: string | undefined,
  url: string,
  form: FormFields,
  authTokens: readonly string[],
): boolean {
  if (signature === undefined) return false;
  // All are tried to the end, so that the time taken does not tell which one fits.
  let signed = false;
  for (const spelling of spellings(url))
    for (const token of authTokens)
      signed = sameSecret(signature, signTwilio(spelling, form, token)) || signed;
  return signed;
}

/**
 * For a webhook with a JSON body: the URL carries the body's SHA-256, and the signature covers the URL alone.
 * @param body the very bytes that arrived
 */
export function isTwilioJsonSignature(
  signature: string | undefined,
  url: string,
  body: Uint8Array,
  authTokens: readonly string[],
): boolean {
  const [, query = ''] = url.split('?', 2);
  const promised = new URLSearchParams(query).get('bodySHA256') ?? '';
  const hash = createHash('sha256').update(body).digest('hex');
  return sameSecret(promised.toLowerCase(), hash) && isTwilioSignature(signature, url, {}, authTokens);
}

const DEFAULT_PORT: Readonly<Record<string, string>> = {
  'https:': '443',
  'wss:': '443',
  'http:': '80',
  'ws:': '80',
};

/**
 * Twilio is seen to sign with and without the scheme's default port, and streams with and without a last slash.
 * The URL is taken apart as text: parsing it would change its spelling.
 */
function spellings(url: string): string[] {
  const [, scheme = '', host = '', rest = ''] = /^([a-z]+:)\/\/([^/?#]*)(.*)$/i.exec(url) ?? [];
  const port = DEFAULT_PORT[scheme.toLowerCase()];
  if (port === undefined) return [url];
  const hosts = new Set([host]);
  if (host.endsWith(`:${port}`)) hosts.add(host.slice(0, -port.length - 1));
  else if (!/:\d+$/.test(host)) hosts.add(`${host}:${port}`);
  const [path = '', ...query] = rest.split(/(?=[?#])/);
  const paths = scheme.startsWith('ws')
    ? new Set([path.replace(/\/+$/, ''), `${path.replace(/\/+$/, '')}/`])
    : new Set([path]);
  return [...hosts].flatMap((each) => [...paths].map((way) => `${scheme}//${each}${way}${query.join('')}`));
}

/** The address of a stream as Twilio was given it: the public base with `wss`, and the path of the request. */
export function streamUrl(publicUrl: string, path: string): string {
  return publicUrl.replace(/^http/i, 'ws').replace(/\/+$/, '') + path;
}
