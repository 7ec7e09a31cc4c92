import { describe, expect, it } from 'vitest';
import { isLocal } from './local-start.ts';

const local = (headers: Record<string, string>, peerAddress?: string) => isLocal({ headers, peerAddress });

describe('a start counts as local', () => {
  it('when it asks for a loopback name or address, or for the upstream of the reference nginx block', () => {
    for (const host of [
      'localhost',
      'LOCALHOST:8080',
      '127.0.0.1:8001',
      '127.9.9.9',
      '[::1]:8080',
      'cxbcore_workers',
    ]) {
      expect(local({ host }), host).toBe(true);
    }
  });

  it('with a local page as its origin', () => {
    expect(local({ host: 'localhost', origin: 'http://127.0.0.1:5173' })).toBe(true);
    expect(local({ host: 'localhost', origin: 'http://[::1]:5173' })).toBe(true);
  });

  it('with loopback addresses alone in X-Forwarded-For, as our own front adds one', () => {
    expect(local({ host: 'localhost', 'x-forwarded-for': '127.0.0.1' })).toBe(true);
    expect(local({ host: 'localhost', 'x-forwarded-for': '::1, 127.0.0.1' })).toBe(true);
  });
});

describe('a start does not count as local', () => {
  it('when it asks for another host, as a name that points here or a tunnel does', () => {
    for (const host of ['voice.example.com', 'localhost.example.com', '10.0.0.1', '127.0.0.1.nip.io', '']) {
      expect(local({ host }), host).toBe(false);
    }
    expect(local({})).toBe(false);
  });

  it('when a page from elsewhere opened it', () => {
    for (const origin of [
      'https://example.com',
      'null',
      'http://localhost.example.com',
      'file://',
      'cxbcore_workers',
    ]) {
      expect(local({ host: 'localhost', origin }), origin).toBe(false);
    }
  });

  it('when any proxy on the way saw an outside address', () => {
    expect(local({ host: 'localhost', 'x-forwarded-for': '203.0.113.7, 127.0.0.1' })).toBe(false);
    expect(local({ host: 'localhost', 'x-forwarded-for': '127.0.0.1, 203.0.113.7' })).toBe(false);
    expect(local({ host: 'localhost', 'x-forwarded-for': '' })).toBe(false);
  });

  it('when it comes over TCP from another machine, whatever it says', () => {
    expect(local({ host: 'localhost' }, '203.0.113.7')).toBe(false);
    expect(local({ host: 'localhost' }, '::ffff:203.0.113.7')).toBe(false);
    expect(local({ host: 'localhost' }, '::ffff:127.0.0.1')).toBe(true);
  });
});
