import { expect, test } from 'vitest';
import { FRONT_ANSWERS } from '../contract/front-answers.ts';
import { readSettings } from '../contract/settings.ts';
import { type FrontText, frontText, nginxMain } from './nginx.ts';

const front = (over: Partial<FrontText> = {}): FrontText => ({
  listen: '127.0.0.1:8080',
  socketDir: '/tmp',
  workers: 4,
  accessLog: '/tmp/cxbcore_front/access.log',
  settings: readSettings({}, 'here'),
  ...over,
});

test('the front has one upstream line per worker', () => {
  const lines = frontText(front({ workers: 3 }))
    .split('\n')
    .filter((line) => line.includes('server unix:'));
  expect(lines).toEqual([
    '  server unix:/tmp/cxbcore_1.sock max_conns=1 max_fails=0;',
    '  server unix:/tmp/cxbcore_2.sock max_conns=1 max_fails=0;',
    '  server unix:/tmp/cxbcore_3.sock max_conns=1 max_fails=0;',
  ]);
});

test('the media of a reservation reaches its seat by an address that is put together anew', () => {
  const text = frontText(front({ settings: readSettings({ CXBCORE_FLEET: 'a.b' }, 'here') }));
  expect(text).toContain('/r/(?<cxb_fleet>a\\.b)/');
  expect(text).toContain(
    'proxy_pass http://unix:/tmp/cxbcore_$cxb_seat.rsv:/media/$cxb_carrier/r/$cxb_fleet/',
  );
  const odd = readSettings({ CXBCORE_FLEET: 'a b' }, 'here');
  expect(() => frontText(front({ settings: odd }))).toThrow('CXBCORE_FLEET=a b');
});

test('nothing of a control socket is in the front', () => {
  expect(frontText(front())).not.toContain('.ctl');
});

test('every start route repeats every header, because nginx inherits none once a location sets one', () => {
  const locations = frontText(front())
    .split(/\n {2}location /)
    .filter((text) => /proxy_pass http:..(cxbcore_workers|unix:\S+\.rsv)/.test(text));
  expect(locations).toHaveLength(5);
  for (const location of locations) {
    for (const header of [
      'Host $host',
      'X-Real-IP $remote_addr',
      'X-Forwarded-For $proxy_add_x_forwarded_for',
      'X-Forwarded-Proto $scheme',
      'X-Start-Ms $cxb_start_ms',
      'X-CXB-Ingress $cxb_ingress',
    ]) {
      expect(location).toContain(`proxy_set_header ${header};`);
    }
    // The one seat that holds a reservation has nobody beside it to go on to.
    if (!location.includes('proxy_pass http://cxbcore_workers')) continue;
    expect(location).toContain('proxy_next_upstream error;');
    expect(location).toContain('proxy_next_upstream_tries 0;');
  }
});

test('every place of the template is filled, and one that nothing fills is an error', () => {
  expect(frontText(front())).not.toMatch(/\{\{|\}\}/);
  expect(() => frontText(front(), 'listen {{port}};')).toThrow('{{port}}');
});

test('a socket folder that nginx would misread is refused', () => {
  expect(() => frontText(front({ socketDir: '/tmp/a b' }))).toThrow('nginx would read');
});

test('no answer of the front needs escaping in nginx', () => {
  for (const answer of Object.values(FRONT_ANSWERS)) expect(answer.body).not.toMatch(/['\\$]/);
});

test('limits follow the settings', () => {
  const settings = readSettings({ CXBCORE_MAX_BODY_KB: '32', CXBCORE_PING_S: '30' }, 'here');
  const text = frontText(front({ settings }));
  expect(text).toContain('client_max_body_size 32k;');
  expect(text).toContain('proxy_read_timeout 90s;');
});

test('the mark of an ingress counts from its addresses alone', () => {
  const settings = readSettings({ CXBCORE_INGRESS: '10.0.0.2, 10.1.0.0/24, 2001:db8::1' }, 'here');
  const text = frontText(front({ settings }));
  expect(text).toMatch(
    /geo \$cxb_from_ingress \{\n {2}default 0;\n {2}10.0.0.2 1;\n {2}10.1.0.0\/24 1;\n {2}2001:db8::1 1;\n\}/,
  );
  for (const wrong of ['here.example.com', '10.0.0.0/33', '10.0.0.1 1; include x', '1.2.3.4/5/6'])
    expect(() => readSettings({ CXBCORE_INGRESS: wrong }, 'here'), wrong).toThrow('CXBCORE_INGRESS');
});

test('nginx runs as root only when we do', () => {
  const main = { prefix: '/tmp/x', workers: 4 };
  expect(nginxMain({ ...main, asRoot: true })).toContain('user root;');
  expect(nginxMain({ ...main, asRoot: false })).not.toContain('user ');
});

const GOLDEN = new URL('../../test/golden/ops/', import.meta.url).pathname;

test('the front of the default host reads as reviewed', async () => {
  const text = frontText(front({ workers: 16 }));
  await expect(text).toMatchFileSnapshot(`${GOLDEN}fleet.conf`);
  const main = nginxMain({ prefix: '/tmp/cxbcore_front', workers: 16, asRoot: true });
  await expect(main).toMatchFileSnapshot(`${GOLDEN}nginx.conf`);
});
