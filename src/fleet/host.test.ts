import { expect, test } from 'vitest';
import { HostError } from './events.ts';
import { findNginx } from './front-nginx.ts';
import { nginxFor } from './host.ts';

test('without nginx the front is our own, unless nginx was asked for', () => {
  expect(nginxFor('auto', () => undefined)).toBeUndefined();
  expect(nginxFor('auto', () => '/usr/sbin/nginx')).toBe('/usr/sbin/nginx');
  expect(nginxFor('builtin', () => '/usr/sbin/nginx')).toBeUndefined();
  expect(() => nginxFor('nginx', () => undefined)).toThrow(HostError);
});

test('nginx is not found where there is none', () => {
  expect(findNginx('/nonexistent:', [])).toBeUndefined();
});
