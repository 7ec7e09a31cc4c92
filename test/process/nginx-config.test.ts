import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { readSettings } from '../../src/contract/settings.ts';
import { findNginx } from '../../src/fleet/front-nginx.ts';
import { type FrontText, frontText, nginxMain, productionFront } from '../../src/ops/nginx.ts';
import { type Answered, temporaryFolder, until } from '../support/host.ts';
import { describeWith } from '../support/programs.ts';

const NGINX = findNginx(process.env['PATH']) ?? 'nginx';

/** An nginx folder with this front in it. */
function prepared(front: string, workers = 1): string {
  const prefix = temporaryFolder();
  mkdirSync(join(prefix, 'sockets'));
  writeFileSync(
    join(prefix, 'fleet.conf'),
    front.replaceAll('@PREFIX@', prefix).replaceAll('/var/log/cxbcore', prefix),
  );
  const asRoot = process.getuid?.() === 0;
  writeFileSync(join(prefix, 'nginx.conf'), nginxMain({ prefix, workers, asRoot, processes: 1 }));
  return prefix;
}

function tested(prefix: string) {
  return spawnSync(NGINX, ['-t', '-q', '-p', prefix, '-c', join(prefix, 'nginx.conf')], { encoding: 'utf8' });
}

function front(env: Record<string, string>, over: Partial<FrontText> = {}): string {
  return frontText({
    listen: '127.0.0.1:8080',
    socketDir: '@PREFIX@/sockets',
    workers: 1,
    accessLog: '@PREFIX@/access.log',
    settings: readSettings(env, 'here'),
    ...over,
  });
}

describeWith('nginx')('the rendered front', () => {
  it.each([1, 16, 256, 1024])('is accepted by nginx without a word for %i workers', (workers) => {
    const { stderr, status } = tested(prepared(front({}, { workers }), workers));
    expect(stderr).toBe('');
    expect(status).toBe(0);
  });

  it.each([
    ['plain', {}],
    [
      'allow-lists',
      { CXBCORE_ALLOW_MEDIA: '54.172.60.0/30,2001:db8::/32', CXBCORE_ALLOW_STARTS: '10.1.2.3' },
    ],
    ['an ingress', { CXBCORE_INGRESS: '10.0.0.5,10.0.1.0/24' }],
    [
      'an ingress that is also a carrier and this machine',
      { CXBCORE_INGRESS: '127.0.0.1,10.0.0.5', CXBCORE_ALLOW_MEDIA: '10.0.0.5' },
    ],
    [
      'another rate, body and port',
      { CXBCORE_START_RATE: '5', CXBCORE_MAX_BODY_KB: '16', CXBCORE_HTTP_PORT: '9999' },
    ],
  ] as const)('of a host in production with %s is accepted, with and without TLS', (_, env) => {
    const settings = readSettings({ ...env, CXBCORE_WORKERS: '4' }, 'here');
    const plain = tested(prepared(productionFront(settings), 4));
    expect(plain.stderr).toBe('');
    const folder = temporaryFolder();
    const [certificate, key] = [join(folder, 'voice.pem'), join(folder, 'voice.key')];
    execFileSync(
      'openssl',
      [
        'req',
        '-x509',
        '-newkey',
        'rsa:2048',
        '-nodes',
        '-days',
        '1',
        '-subj',
        '/CN=voice.example.com',
        '-out',
        certificate,
        '-keyout',
        key,
      ],
      { stdio: 'ignore' },
    );
    const text = productionFront({ ...settings, tlsCertificate: certificate, tlsKey: key });
    expect(text).toContain('Strict-Transport-Security');
    expect(tested(prepared(text, 4)).stderr).toBe('');
  });

  it('turns away who is not on the list, limits who comes too fast, and tells browsers to be careful', async () => {
    // What comes over a Unix socket has no address of this machine, so that lists and limits apply to it.
    const text = front(
      { CXBCORE_START_RATE: '1', CXBCORE_ALLOW_MEDIA: '192.0.2.1' },
      { listen: 'unix:@PREFIX@/front.sock' },
    );
    const prefix = prepared(text);
    const args = ['-p', prefix, '-c', join(prefix, 'nginx.conf')];
    const running = spawn(NGINX, args, { stdio: 'ignore' });
    onTestFinished(() => void running.kill('SIGTERM'));
    await until(() => existsSync(join(prefix, 'front.sock')));
    const ask = (path: string, method: string, headers: Record<string, string> = {}) =>
      answer(join(prefix, 'front.sock'), path, method, headers);
    const media = await ask('/media/pcm', 'GET', { Connection: 'Upgrade', Upgrade: 'websocket' });
    expect([media.status, JSON.parse(media.body)]).toEqual([
      403,
      expect.objectContaining({ error: 'forbidden' }),
    ]);
    const starts = [];
    for (let i = 0; i < 5; i++) starts.push(await ask('/attach', 'POST'));
    const limited = starts.filter(({ body }) => body.includes('"rate_limited"'));
    expect(limited.length).toBeGreaterThan(0);
    expect(limited[0]).toMatchObject({
      status: 429,
      headers: { 'retry-after': '1', 'x-content-type-options': 'nosniff' },
    });
    const refused = starts.find(({ body }) => body.includes('"at_capacity"'));
    expect(refused?.headers).toMatchObject({ 'x-frame-options': 'DENY', 'retry-after': '1' });
    expect((await ask('/health/live', 'GET')).headers).toMatchObject({ 'referrer-policy': 'no-referrer' });
  });
});

function answer(
  socketPath: string,
  path: string,
  method: string,
  headers: Record<string, string>,
): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const asking = request({ socketPath, path, method, headers, agent: false }, (answered) => {
      let body = '';
      answered.setEncoding('utf8').on('data', (part: string) => {
        body += part;
      });
      answered.on('end', () =>
        resolve({ status: answered.statusCode ?? 0, headers: answered.headers, body }),
      );
    });
    asking.on('error', reject);
    asking.end();
  });
}
