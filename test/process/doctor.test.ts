import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, createServer } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { selfSigned } from '../support/certificate.ts';
import { cxbcore } from '../support/cli.ts';
import { quietHost, type TestHost, temporaryFolder } from '../support/host.ts';
import { has } from '../support/programs.ts';

interface Said {
  readonly findings: readonly { readonly id: string; readonly found: readonly string[] }[];
}

async function doctor({ folder, host }: TestHost, ...more: string[]): Promise<Said['findings']> {
  const where = ['--socket-dir', folder, '--data-dir', `${folder}/data`, '--workers', '2'];
  const quiet = ['--settings', `${folder}/none`, '--units', `${folder}/none`, '--haproxy', `${folder}/none`];
  const words = ['doctor', '--json', '--port', String(host.port), ...where, ...quiet, ...more];
  const asked = cxbcore(words, { CXBCORE_MODE: 'development' });
  const code = await asked.exited;
  const { findings } = JSON.parse(asked.output()) as Said;
  expect(code).toBe(findings.length === 0 ? 0 : 1);
  return findings.filter(({ id }) => id !== 'clock');
}

test.runIf(process.env['CI'] || has('nginx'))(
  'on a clean host it finds nothing, and each trap that is planted',
  async () => {
    const host = await quietHost({ front: 'nginx' });
    await host.host.ready(2);
    const { folder } = host;
    expect(await doctor(host)).toEqual([]);

    const stale = createServer().listen(`${folder}/cxbcore_7.sock`);
    await new Promise((resolve) => void stale.once('listening', resolve));
    onTestFinished(() => void stale.close());
    chmodSync(`${folder}/cxbcore_1.ctl`, 0o666);
    const config = readFileSync(`${folder}/cxbcore_front/fleet.conf`, 'utf8');
    writeFileSync(
      `${folder}/wrong.conf`,
      config.replace(/^.*cxbcore_2.sock.*$/m, '').replace(/^ *zone .*;/m, ''),
    );
    const found = await doctor(host, '--nginx', `${folder}/wrong.conf`);
    expect(found.map(({ id }) => id).sort()).toEqual([
      'nginx-workers',
      'nginx-zone',
      'permissions',
      'socket-stale',
    ]);
  },
);

test('wrong settings are a finding, not a failure', async () => {
  const asked = cxbcore(['doctor', '--workers', '0', '--settings', '/nowhere']);
  expect(await asked.exited).toBe(1);
  expect(asked.output()).toContain('CXBCORE_WORKERS=0');
  expect(asked.output()).toContain('no worker starts with them');
});

test('a start address whose certificate nobody trusts is found, and one that answers is not', async () => {
  const folder = temporaryFolder();
  const pem = await selfSigned(folder, 'localhost');
  const server = createTlsServer({ key: readFileSync(pem), cert: readFileSync(pem) }, (_, answer) =>
    answer.end(),
  );
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const address = `https://localhost:${(server.address() as AddressInfo).port}`;
  const found = async (env: Record<string, string>) => {
    const words = [
      'doctor',
      '--json',
      '--socket-dir',
      folder,
      '--data-dir',
      folder,
      '--settings',
      '/nowhere',
    ];
    const asked = cxbcore(words, { CXBCORE_START_URL: address, ...env });
    await asked.exited;
    return (JSON.parse(asked.output()) as Said).findings.find(({ id }) => id === 'start-url')?.found;
  };
  expect(await found({})).toEqual([expect.stringContaining('self-signed certificate')]);
  expect(await found({ NODE_EXTRA_CA_CERTS: pem })).toBeUndefined();
});

test('a media server without an address is found, and a clock unlike that of a server the host works with', async () => {
  const folder = temporaryFolder();
  const server = createHttpServer((_, answer) => {
    answer.writeHead(200, { Date: new Date(Date.now() + 3_600_000).toUTCString() }).end();
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const where = ['--socket-dir', folder, '--data-dir', folder, '--settings', '/nowhere'];
  const asked = cxbcore(['doctor', '--json', ...where], {
    CXBCORE_START_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    CXBCORE_DIAL_ALLOW: '127.0.0.1,media.invalid:8443',
  });
  await asked.exited;
  const { findings } = JSON.parse(asked.output()) as Said;
  const found = (id: string) => findings.find((one) => one.id === id)?.found;
  expect(found('clock')).toContainEqual(
    expect.stringMatching(/^the clock is 3(59|60)\d s behind that of 127/),
  );
  expect(found('dns')).toEqual([expect.stringMatching(/^media\.invalid: /)]);
});

test('what is judged of nginx is what it has read, wherever it is written', async () => {
  const folder = temporaryFolder();
  const printed = `# configuration file /etc/nginx/nginx.conf:
http { include /srv/voice/*.conf; }
# configuration file /srv/voice/fleet.conf:
upstream seats { server unix:${folder}/cxbcore_1.sock max_conns=1 max_fails=0; }
# configuration file /srv/voice/site.conf:
server { location / { proxy_next_upstream error non_idempotent; proxy_pass http://seats; } }
`;
  writeFileSync(`${folder}/nginx`, `#!/bin/sh\n[ "$1" = -T ] && cat <<'TEXT'\n${printed}TEXT\n`);
  chmodSync(`${folder}/nginx`, 0o755);
  const where = ['--socket-dir', folder, '--data-dir', folder, '--workers', '1', '--settings', '/nowhere'];
  const asked = cxbcore(['doctor', '--json', ...where], { PATH: `${folder}:${process.env['PATH']}` });
  await asked.exited;
  const { findings } = JSON.parse(asked.output()) as Said;
  const found = (id: string) => findings.find((one) => one.id === id)?.found;
  expect(found('nginx-retries')).toEqual(['/srv/voice/site.conf: proxy_next_upstream error non_idempotent']);
  expect(found('nginx-zone')).toEqual(['/srv/voice/fleet.conf: the upstream has no shared zone']);
});
