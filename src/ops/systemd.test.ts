import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { SYSTEMD_DEFAULTS, systemdFiles } from './systemd.ts';

const INFRA = new URL('../../infra/systemd/', import.meta.url).pathname;
const GOLDEN = new URL('../../test/golden/ops/systemd/', import.meta.url).pathname;

const textOf = (name: string, files = systemdFiles()) =>
  files.find(({ path }) => path.endsWith(`/${name}`))?.text ?? '';

/** The reference configuration's unit, line for line. */
const REFERENCE = [
  '[Unit]',
  'Description=CXB Core Worker %i',
  'After=network.target',
  '[Service]',
  'Environment=CXBCORE_SOCKET=/tmp/cxbcore_%i.sock',
  'ExecStart=/opt/core/scripts/run_worker.sh',
  'WorkingDirectory=/opt/core',
  'EnvironmentFile=/opt/core/.env',
  'Restart=always',
  'RestartSec=3',
  '[Install]',
  'WantedBy=multi-user.target',
];

describe('the units', () => {
  test("keep every line of the reference configuration's worker but Type=exec, in its order", () => {
    const lines = textOf('cxbcore@.service').split('\n');
    expect(lines.filter((line) => REFERENCE.includes(line))).toEqual(REFERENCE);
    expect(lines).toContain('Type=notify');
  });

  test('of a host with the default folders are the files of infra/systemd', () => {
    expect(textOf('cxbcore@.service')).toBe(readFileSync(`${INFRA}cxbcore@.service`, 'utf8'));
    expect(textOf('cxbcore-fleetd.socket')).toBe(readFileSync(`${INFRA}cxbcore-fleetd.socket`, 'utf8'));
  });

  test('wait longer for a stop than a drain lasts, and never give a seat up', () => {
    const text = textOf('cxbcore@.service');
    expect(text).toContain('\nTimeoutStopSec=3720\n');
    expect(text).toContain('\nStartLimitIntervalSec=0\n');
    expect(text).toContain('\nRestartPreventExitStatus=78\n');
    expect(text).not.toMatch(/^(CPUQuota|Nice)=/m);
  });

  test('of another folder of sockets name /tmp nowhere but where it is not private', () => {
    const files = systemdFiles({ ...SYSTEMD_DEFAULTS, socketDir: '/run/cxbcore' });
    for (const { path, text } of files) {
      const rules = text.split('\n').filter((line) => !line.startsWith('#') && line.includes('/tmp'));
      expect(rules, path).toEqual([]);
    }
    expect(textOf('cxbcore@.service', files)).toContain('CXBCORE_SOCKET=/run/cxbcore/cxbcore_%i.sock');
    expect(textOf('cxbcore@.service', files)).toContain('ReadWritePaths=/run/cxbcore\n');
    expect(textOf('tmpfiles.d/cxbcore.conf', files)).toContain('d /run/cxbcore 0750 cxbcore cxbcore');
  });

  test('of another data folder may write there', () => {
    const text = textOf('cxbcore@.service', systemdFiles({ ...SYSTEMD_DEFAULTS, dataDir: '/srv/calls' }));
    expect(text).toContain('ReadWritePaths=/srv/calls\n');
    expect(text).not.toContain('StateDirectory=');
  });

  test.each(['/tmp/a b', '/tmp/%n', '/tmp/x\ny'])('refuse the folder %j', (socketDir) => {
    expect(() => systemdFiles({ ...SYSTEMD_DEFAULTS, socketDir })).toThrow('characters that systemd reads');
  });
});

test('the units of a host with folders and an nginx of its own read as reviewed', async () => {
  const files = systemdFiles({ socketDir: '/run/cxbcore', dataDir: '/srv/cxbcore', nginxUser: 'nginx' });
  for (const { path, text } of files) {
    await expect(text).toMatchFileSnapshot(`${GOLDEN}${path.slice(1).replaceAll('/', '_')}`);
  }
});
