import { createHash } from 'node:crypto';
import fc from 'fast-check';
import twilioPackage from 'twilio';
import { describe, expect, test } from 'vitest';
import { isTwilioJsonSignature, isTwilioSignature, signTwilio, streamUrl } from './signature.ts';

// Twilio's own package signs here, so that we do not test our understanding against itself.
const { getExpectedTwilioSignature, validateRequest } = twilioPackage;

const name = fc.stringMatching(/^[A-Za-z][A-Za-z0-9]{0,12}$/);
const token = fc.stringMatching(/^[0-9a-f]{32}$/);
const url = fc
  .record({
    scheme: fc.constantFrom('https', 'wss'),
    host: fc.stringMatching(/^[a-z]{1,10}\.example\.com$/),
    port: fc.constantFrom('', ':8443'),
    path: fc
      .array(fc.stringMatching(/^[a-z0-9_-]{1,8}$/), { maxLength: 4 })
      .map((parts) => `/${parts.join('/')}`),
    query: fc.constantFrom('', '?a=1', '?b=%20x&c=ü'),
  })
  .map(({ scheme, host, port, path, query }) => `${scheme}://${host}${port}${path}${query}`);

describe('a signature', () => {
  test('is the one that Twilio’s own package makes, for 2,000 random URLs, forms and tokens', () => {
    const form = fc.dictionary(
      name,
      fc.oneof(fc.string(), fc.array(fc.string(), { minLength: 1, maxLength: 4 })),
    );
    fc.assert(
      fc.property(url, form, token, (address, fields, key) => {
        const theirs = getExpectedTwilioSignature(key, address, fields);
        expect(signTwilio(address, fields, key)).toBe(theirs);
        expect(isTwilioSignature(theirs, address, fields, [key])).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  test('of ours passes Twilio’s own check', () => {
    fc.assert(
      fc.property(url, token, (address, key) => {
        expect(validateRequest(key, signTwilio(address, {}, key), address, {})).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  test('is refused for another URL, field, token, or when it is missing or damaged', () => {
    fc.assert(
      fc.property(url, url, token, token, (address, other, key, otherKey) => {
        fc.pre(key !== otherKey && address.replace(/[:/]/g, '') !== other.replace(/[:/]/g, ''));
        const signature = signTwilio(address, { From: '+1' }, key);
        expect(isTwilioSignature(signature, address, { From: '+1' }, [otherKey])).toBe(false);
        expect(isTwilioSignature(signature, address, { From: '+2' }, [key])).toBe(false);
        expect(isTwilioSignature(signature, other, { From: '+1' }, [key])).toBe(false);
        expect(isTwilioSignature(undefined, address, { From: '+1' }, [key])).toBe(false);
        expect(isTwilioSignature('', address, { From: '+1' }, [key])).toBe(false);
        expect(isTwilioSignature(signature.slice(1), address, { From: '+1' }, [key])).toBe(false);
        expect(isTwilioSignature(signature, address, { From: '+1' }, [])).toBe(false);
      }),
      { numRuns: 300 },
    );
  });

  test('passes with any of the tokens in force, so that they can be rotated without a gap', () => {
    const signature = getExpectedTwilioSignature('old', 'https://x.example.com/', {});
    expect(isTwilioSignature(signature, 'https://x.example.com/', {}, ['new', 'old'])).toBe(true);
  });

  test('of a stream passes with and without a last slash and port 443, and with no other port or scheme', () => {
    const configured = 'wss://voice.example.com/media/twilio';
    const passes = (signedUrl: string, asked = configured) =>
      isTwilioSignature(signTwilio(signedUrl, {}, 'key'), asked, {}, ['key']);
    for (const spelling of ['', '/', ':443', ':443/']) {
      const [port, slash] = [spelling.replace('/', ''), spelling.endsWith('/') ? '/' : ''];
      expect(passes(`wss://voice.example.com${port}/media/twilio${slash}`)).toBe(true);
      expect(passes(configured, `wss://voice.example.com${port}/media/twilio${slash}`)).toBe(true);
    }
    expect(passes('wss://voice.example.com:80/media/twilio')).toBe(false);
    expect(passes('https://voice.example.com/media/twilio')).toBe(false);
    expect(
      passes('wss://voice.example.com:8443/media/twilio', 'wss://voice.example.com:8443/media/twilio/'),
    ).toBe(true);
    expect(passes('wss://voice.example.com/media/twilio', 'wss://voice.example.com:8443/media/twilio')).toBe(
      false,
    );
  });

  test('of a JSON webhook covers its body', () => {
    const body = Buffer.from('{"a":1}');
    const address = `https://x.example.com/hook?bodySHA256=${createHash('sha256').update(body).digest('hex')}`;
    const signature = getExpectedTwilioSignature('key', address, {});
    expect(isTwilioJsonSignature(signature, address, body, ['key'])).toBe(true);
    expect(isTwilioJsonSignature(signature, address, Buffer.from('{"a":2}'), ['key'])).toBe(false);
    expect(isTwilioJsonSignature(signature, 'https://x.example.com/hook', body, ['key'])).toBe(false);
  });
});

test('a stream’s address is the public one with wss, whatever its spelling', () => {
  expect(streamUrl('https://voice.example.com', '/media/twilio')).toBe(
    'wss://voice.example.com/media/twilio',
  );
  expect(streamUrl('https://voice.example.com/cxb/', '/media/twilio')).toBe(
    'wss://voice.example.com/cxb/media/twilio',
  );
  expect(streamUrl('http://localhost:8080', '/media/twilio')).toBe('ws://localhost:8080/media/twilio');
});
