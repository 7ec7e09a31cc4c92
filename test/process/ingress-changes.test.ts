import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { lockName, tryLock } from '../../src/kit/host-lock.ts';
import { selfSigned } from '../support/certificate.ts';
import { openFleet } from '../support/fleet.ts';
import { pcmCall, temporaryFolder, until } from '../support/host.ts';
import { openIngress, type TestIngress } from '../support/ingress.ts';
import { describeWith } from '../support/programs.ts';
import { openScripted } from '../support/scripted-fleet.ts';

const at = ({ address, port }: { address: string; port: number }) => `${address}:${port}`;
const named = (ingress: TestIngress) =>
  (JSON.parse(readFileSync(ingress.file, 'utf8')) as { fleets: { name: string }[] }).fleets.map(
    ({ name }) => name,
  );

describeWith('haproxy')('cxbcore ingress', () => {
  describe.each(['hot', 'reload'])('by %s', (way) => {
    it('adds a fleet after a test call on it, and takes it out when its last call is over', async () => {
      const [one, two] = [await openFleet('f1'), await openFleet('f2')];
      const ingress = await openIngress([one]);
      const adding = ingress.run('add', at(two), '--check-port', String(two.checkPort), '--by', way);
      expect([await adding.exited, adding.output()]).toEqual([0, expect.stringContaining('done')]);
      expect(adding.output()).toContain('place a test call on f2 through the ingress');
      expect(
        await Promise.all(['cxb_calls', 'cxb_starts', 'cxb_control'].map((b) => ingress.status('f2', b))),
      ).toEqual(['UP', 'UP', 'UP']);
      expect(named(ingress)).toEqual(['f1', 'f2']);
      // It has its share, and keeps it over a reload.
      await ingress.reload();
      const calls = [];
      for (let n = 0; n < 4; n++) calls.push(await pcmCall(ingress.port));
      expect(calls.map(({ status }) => status)).toEqual([101, 101, 101, 101]);
      expect([await one.busy(), await two.busy()]).toEqual([2, 2]);

      const removing = ingress.run('remove', 'f2', '--by', way);
      await removing.says('2 calls under way');
      expect(await ingress.status('f2')).toBe('DRAIN');
      for (const { socket } of calls) socket?.destroy();
      expect([await removing.exited, removing.output()]).toEqual([0, expect.stringContaining('done')]);
      await until(async () => (await ingress.status('f2')) === undefined);
      expect(named(ingress)).toEqual(['f1']);
      const after = await pcmCall(ingress.port);
      expect([after.status, await one.busy()]).toEqual([101, 1]);
      after.socket?.destroy();
    });

    it('leaves everything as it was when the test call fails', async () => {
      const one = await openFleet('f1');
      const deaf = await openFleet('deaf', {
        env: { CXBCORE_MODE: 'production', CXBCORE_API_KEYS: 'k'.repeat(20) },
      });
      const ingress = await openIngress([one]);
      const before = readFileSync(join(ingress.configDir, '20-cxbcore-fleets.cfg'), 'utf8');
      const adding = ingress.run('add', at(deaf), '--check-port', String(deaf.checkPort), '--by', way);
      expect(await adding.exited).toBe(1);
      expect(adding.output()).toContain('answers the test call with 401');
      expect(adding.output()).toContain('Set CXBCORE_API_KEYS');
      expect(adding.output()).toContain('Everything is as it was before.');
      expect(readFileSync(join(ingress.configDir, '20-cxbcore-fleets.cfg'), 'utf8')).toBe(before);
      expect(named(ingress)).toEqual(['f1']);
      await until(async () => (await ingress.status('deaf')) === undefined);
      const call = await pcmCall(ingress.port);
      expect(call.status).toBe(101);
      call.socket?.destroy();
    });
  });

  it('keeps a drain over reloads until it is undrained', async () => {
    const [one, two] = [await openFleet('f1'), await openFleet('f2')];
    const ingress = await openIngress([one, two]);
    expect(await ingress.run('drain', 'f1').exited).toBe(0);
    await ingress.reload();
    await until(async () => (await ingress.status('f1')) === 'DRAIN');
    const calls = [await pcmCall(ingress.port), await pcmCall(ingress.port)];
    expect([await one.busy(), await two.busy()]).toEqual([0, 2]);
    expect(await ingress.run('undrain', at(one)).exited).toBe(0);
    await until(async () => (await ingress.status('f1')) === 'UP');
    const more = await pcmCall(ingress.port);
    expect([more.status, await one.busy()]).toEqual([101, 1]);
    const list = ingress.run('list');
    expect(await list.exited).toBe(0);
    expect(list.output()).toMatch(/f1 +127\.0\.1\.\d+:\d+ +UP +L7OK +1\/2/);
    for (const { socket } of [...calls, more]) socket?.destroy();
  });

  it('asks the host first, and changes nothing for one that is not ready', async () => {
    const one = await openFleet('f1');
    const ingress = await openIngress([one]);
    const other = await openFleet('f1', { workers: 1 });
    const words = ['add', at(other), '--check-port', String(other.checkPort)];
    const refused = async (...more: string[]) => {
      const run = ingress.run(...words, ...more);
      expect(await run.exited).not.toBe(0);
      return run.output();
    };
    expect(await refused()).toContain('there is another fleet f1 already');
    other.says.name = 'f2';
    expect(await refused('--name', 'f9')).toContain('it calls itself f2 (CXBCORE_FLEET), not f9');
    expect(await refused('--check-port', '1')).toContain('agent-check at');
    other.says.draining = true;
    expect(await refused()).toContain('it drains');
    other.says.draining = false;
    expect(await refused('--workers', 'sixteen')).toContain('--workers must be a number');
    expect(await refused('--by', 'magic')).toContain('there is hot and reload');
    const nobody = ingress.run('add', '127.0.3.1:9');
    expect(await nobody.exited).toBe(75);
    expect(nobody.output()).toContain('ECONNREFUSED');

    const lock = await tryLock(lockName('ingress', ingress.folder));
    expect(await refused()).toContain(`process ${process.pid} is changing this ingress`);
    await lock?.release();
    const dry = ingress.run(...words, '--dry-run');
    expect(await dry.exited).toBe(0);
    expect(dry.output()).toContain('add server cxb_calls/f2');
    const json = ingress.run(...words, '--dry-run', '--json');
    expect(await json.exited).toBe(0);
    expect(JSON.parse(json.output())).toMatchObject({ ok: true, dry_run: true });
    expect(named(ingress)).toEqual(['f1']);

    for (const [verb, word, why] of [
      ['drain', 'f7', 'there is no fleet "f7"'],
      ['sing', 'f1', 'there is no "cxbcore ingress sing"'],
      ['list', 'f1', 'takes no host'],
      ['add', 'a;b', 'is no address'],
    ] as const) {
      const wrong = ingress.run(verb, word);
      expect(await wrong.exited).toBe(2);
      expect(wrong.output()).toContain(why);
    }
  });

  it('touches no running HAProxy when a file of the operator spoils the whole', async () => {
    const [one, two] = [await openFleet('f1'), await openFleet('f2')];
    const ingress = await openIngress([one]);
    writeFileSync(join(ingress.configDir, '50-own.cfg'), 'frontend own\n  bnid :80\n');
    const adding = ingress.run('add', at(two), '--check-port', String(two.checkPort));
    expect(await adding.exited).toBe(1);
    expect(adding.output()).toContain("unknown keyword 'bnid'");
    expect(await ingress.status('f2')).toBeUndefined();
    expect(named(ingress)).toEqual(['f1']);
  });

  it('undoes what it has begun after Ctrl-C', async () => {
    const [one, two] = [await openFleet('f1'), await openFleet('f2')];
    const ingress = await openIngress([one, two]);
    const call = await pcmCall(ingress.port);
    const name = (await one.busy()) === 1 ? 'f1' : 'f2';
    const removing = ingress.run('remove', name);
    await removing.says('1 calls under way');
    removing.kill('SIGINT');
    expect(await removing.exited).toBe(1);
    expect(removing.output()).toContain('Everything is as it was before.');
    expect(await ingress.status(name)).toBe('UP');
    call.socket?.destroy();
  });

  it('takes a lost host out without waiting for it, and says before that it is lost', async () => {
    const [one, two] = [await openFleet('f1'), await openFleet('f2')];
    const ingress = await openIngress([one, two]);
    const fine = ingress.run('check');
    expect([await fine.exited, fine.output()]).toEqual([0, expect.not.stringContaining('FAULT')]);
    await two.lose();
    await until(async () => (await ingress.status('f2')) === 'DOWN');
    const check = ingress.run('check');
    expect(await check.exited).toBe(1);
    expect(check.output()).toMatch(/FAULT fleet f2: .*ECONNREFUSED.*DOWN/);
    expect(await ingress.run('remove', 'f2', '--lost').exited).toBe(0);
    expect(await ingress.status('f2')).toBeUndefined();
    const again = ingress.run('check');
    expect([await again.exited, again.output()]).toEqual([0, expect.not.stringContaining('FAULT')]);
  });

  it('finds a name that is not the host’s own, and files that are not as described', async () => {
    const one = await openFleet('f1');
    const ingress = await openIngress([one]);
    one.says.name = 'other';
    writeFileSync(join(ingress.configDir, 'cxbcore-trusted.lst'), '10.0.0.0/8\n');
    const check = ingress.run('check', '--json');
    expect(await check.exited).toBe(1);
    const faults = (JSON.parse(check.output()) as { findings: { about: string; fault?: string }[] }).findings
      .filter(({ fault }) => fault !== undefined)
      .map(({ about, fault }) => `${about}: ${fault}`);
    expect(faults).toHaveLength(2);
    expect(faults[0]).toContain('cxbcore-trusted.lst');
    expect(faults[1]).toContain('calls itself other');
  });

  it('puts a new certificate to use without a new process, and keeps the old one when the new is none', async () => {
    const folder = temporaryFolder();
    const certificate = await selfSigned(folder, 'voice.example.com');
    const ingress = await openIngress([await openScripted('f1')], { certificate });
    const first = await servedSerial(ingress.port);
    const other = readFileSync(await selfSigned(folder, 'voice.example.com', 'next.pem'), 'utf8');
    writeFileSync(certificate, other);
    const renewing = ingress.run('renew');
    expect([await renewing.exited, renewing.output()]).toEqual([
      0,
      expect.stringContaining('new connections meet'),
    ]);
    const second = await servedSerial(ingress.port);
    expect(second).not.toBe(first);
    writeFileSync(certificate, `${other.split('-----BEGIN PRIVATE')[0]}`);
    const broken = ingress.run('renew');
    expect(await broken.exited).toBe(75);
    expect(broken.output()).toContain('its key');
    expect(await servedSerial(ingress.port)).toBe(second);
  });
});

function servedSerial(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false }, () => {
      resolve(socket.getPeerCertificate().serialNumber);
      socket.destroy();
    });
    socket.on('error', reject);
  });
}
