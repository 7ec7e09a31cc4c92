import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { selfSigned } from '../support/certificate.ts';
import { openFleet } from '../support/fleet.ts';
import { temporaryFolder, until } from '../support/host.ts';
import { openIngress } from '../support/ingress.ts';
import { describeWith } from '../support/programs.ts';

const PAGE = fileURLToPath(new URL('../../docs/operations/several-hosts.md', import.meta.url));
const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

/** Every block of commands, with the heading it stands below. */
function blocks(): readonly (readonly [string, string])[] {
  return readFileSync(PAGE, 'utf8')
    .split(/^## /m)
    .slice(1)
    .flatMap((section) => {
      const heading = section.split('\n', 1)[0] ?? '';
      return [...section.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(
        ([, text = '']) => [heading, text] as const,
      );
    });
}

function run(folder: string, script: string): Promise<readonly [number | null, string]> {
  const env = { ...process.env, PATH: `${join(folder, 'bin')}:/usr/sbin:${process.env['PATH']}` };
  const child = spawn('bash', ['-euxc', script], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (part: string) => {
      said += part;
    });
  return new Promise((resolve) => void child.once('close', (code) => resolve([code, said])));
}

describeWith('haproxy')('the page about several hosts', () => {
  it('has commands that work, in its order', async () => {
    const [one, two, three] = [await openFleet('f1'), await openFleet('f2'), await openFleet('f3')];
    const folder = temporaryFolder();
    const certificate = await selfSigned(folder, 'voice.example.com');
    const ingress = await openIngress([one, two], { certificate, carriers: { twilio: [] } });
    mkdirSync(join(folder, 'bin'));
    const program = (name: string, text: string) => {
      writeFileSync(join(folder, 'bin', name), `#!/bin/bash\n${text}\n`);
      chmodSync(join(folder, 'bin', name), 0o755);
    };
    program(
      'cxbcore',
      `if [ "$2" = add ]; then set -- "$@" --check-port ${three.checkPort}; fi\nexec ${process.execPath} ${MAIN} "$@" --file ${ingress.file}`,
    );
    // What systemd does with the package's unit, to this HAProxy.
    const master = /^(\d+)\s+master/m.exec(await ingress.processes())?.[1];
    program('systemctl', `[ "$*" = "reload haproxy" ] && kill -USR2 ${master} && sleep 2`);

    const all = blocks();
    expect(all.length).toBeGreaterThanOrEqual(9);
    for (const [heading, text] of all) {
      if (heading === 'Lose a host') {
        await two.lose();
        await until(async () => (await ingress.status('f2')) === 'DOWN');
      }
      const script = text
        .replaceAll('10.0.0.15', `${three.address}:${three.port}`)
        .replaceAll('/etc/haproxy/conf.d', ingress.configDir);
      const [code, said] = await run(folder, script);
      expect([heading, code, said]).toEqual([heading, 0, said]);
    }
    expect(await ingress.status('f1')).toBe('UP');
  }, 180_000);

  it('covers every verb, each with what callers hear and how to undo it', () => {
    const sections = readFileSync(PAGE, 'utf8').split(/^## /m).slice(1);
    const headings = sections.map((section) => section.split('\n', 1)[0]);
    for (const verb of [
      'Add a fleet',
      'Drain a fleet',
      'Remove a fleet',
      'Renew a certificate',
      'Lose a host',
      'Lose the ingress',
      'Upgrade the ingress',
    ]) {
      expect(headings).toContain(verb);
      const section = sections.find((one) => one.startsWith(verb)) ?? '';
      for (const part of ['What happens', 'Callers hear', 'Can go wrong', 'Undo'])
        expect([verb, section.includes(`**${part}`)]).toEqual([verb, true]);
    }
  });
});
