import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ingressFiles } from '../../src/ops/haproxy/config.ts';
import { INGRESS } from '../../src/ops/haproxy/description.ts';
import { faultsIn, installedVersion } from '../../src/ops/haproxy/program.ts';
import { selfSigned } from '../support/certificate.ts';
import { temporaryFolder } from '../support/host.ts';
import { describeWith, pathOf } from '../support/programs.ts';

const FLEETS = Array.from({ length: 5 }, (_, at) => ({
  name: `f${at + 1}`,
  address: at === 4 ? '2001:db8::5' : `10.0.0.${at + 1}`,
  workers: 16 * (at + 1),
}));

/** Every part of a description on its own: with and without. */
const PARTS: readonly (readonly object[])[] = [
  [{}, { certificate: true }],
  [{}, { accept_proxy: true }],
  [{}, { carriers: { twilio: ['192.0.2.0/24', '2001:db8::/32'], pcm: ['198.51.100.1'] } }],
  [{}, { trusted: ['203.0.113.9'] }],
  [{}, { peers: [{ name: 'other', address: '127.0.0.1:10001' }] }],
  [{ fleets: [] }, { fleets: FLEETS.slice(0, 1) }, { fleets: FLEETS }],
];
const COMBINATIONS = PARTS.reduce<readonly object[]>(
  (all, choices) => all.flatMap((before) => choices.map((choice) => ({ ...before, ...choice }))),
  [{}],
);

describeWith('haproxy')('the files of an ingress', () => {
  // Whichever is first on the path: the files of a newer one hold what only it knows.
  it(`are accepted by HAProxy without a word in all ${COMBINATIONS.length} combinations of their parts`, async () => {
    const dir = temporaryFolder();
    const program = pathOf('haproxy') ?? '';
    const version = await installedVersion(program);
    const certificate = await selfSigned(dir, 'voice.example.com');
    for (const [at, parts] of COMBINATIONS.entries()) {
      const folder = join(dir, String(at));
      mkdirSync(folder);
      const ingress = INGRESS.parse({
        name: 'ingress1',
        state_dir: dir,
        stats_socket: join(dir, 'admin.sock'),
        ...parts,
        ...('certificate' in parts ? { certificate } : {}),
      });
      for (const [name, text] of Object.entries(ingressFiles(ingress, version, 'here', folder)))
        writeFileSync(join(folder, name), text);
      expect(await faultsIn(program, folder), JSON.stringify(parts)).toBeUndefined();
    }
  });
});
