import { expect, test } from 'vitest';
import { ingressFiles, serverWords, triesAgain } from './config.ts';
import { INGRESS, type Ingress, parseIngress, withFleets } from './description.ts';
import { faultsOf } from './program.ts';
import { haproxyVersion, isAtLeast } from './version.ts';

const FLEETS = [
  { name: 'f1', address: '10.0.0.11', workers: 16 },
  { name: 'f2', address: '10.0.0.12', workers: 32, port: 8090, check_port: 8091 },
];
const ingress = (over: object = {}): Ingress => INGRESS.parse({ name: 'ingress1', fleets: FLEETS, ...over });
const V26 = { major: 2, minor: 6 };
const GOLDEN = new URL('../../../test/golden/ops/haproxy/', import.meta.url).pathname;

const FULL = {
  certificate: '/etc/haproxy/certs/voice.pem',
  carriers: { twilio: ['192.0.2.0/24', '2001:db8::/32'] },
  trusted: ['198.51.100.7'],
  peers: [{ name: 'ingress2', address: '10.0.0.2:10000' }],
  peer_listen: '10.0.0.1:10000',
  user: 'haproxy',
  group: 'haproxy',
};

test.each([
  ['plain', {}, V26],
  ['full', FULL, V26],
  ['full-3.2', FULL, { major: 3, minor: 2 }],
] as const)('the files of the %s ingress read as reviewed', async (name, over, version) => {
  const files = ingressFiles(ingress(over), version, '/etc/cxbcore/ingress.json');
  const text = Object.entries(files)
    .map(([file, body]) => `##### ${file}\n${body}`)
    .join('\n');
  await expect(text).toMatchFileSnapshot(`${GOLDEN}${name}.txt`);
});

test('each fleet is a server of the same name in all three backends, and limits calls and starts alone', () => {
  const text = ingressFiles(ingress(), V26, 'x')['20-cxbcore-fleets.cfg'] ?? '';
  expect(text.match(/^ {2}server f1 10\.0\.0\.11:8080 weight 16 /gm)).toHaveLength(3);
  expect(
    text.match(/^ {2}server f2 10\.0\.0\.12:8090 weight 32 maxconn 32 .* agent-port 8091 /gm),
  ).toHaveLength(2);
});

test('nothing that ends the calls of a full or sick fleet is in the files', () => {
  const text = Object.values(ingressFiles(ingress(FULL), V26, 'x'))
    .join('')
    .replace(/^ *#.*$/gm, '');
  for (const word of ['shutdown-sessions', 'slowstart', 'observe', 'mworker-max-reloads', 'leastconn'])
    expect(text).not.toContain(word);
});

test('a server has a weight and a limit above nothing, whatever its size', () => {
  const one = { name: 'a', address: '2001:db8::1', port: 1, check_port: 2, workers: 1024 };
  expect(serverWords(one, 'cxb_calls', 'n')).toMatch(/^\[2001:db8::1\]:1 weight 256 maxconn 1024 check /);
  expect(serverWords({ ...one, workers: 1 }, 'cxb_control', 'n')).toBe(
    '[2001:db8::1]:1 weight 1 check inter 1s fastinter 500ms fall 3 rise 2',
  );
});

test('there are as many tries as fleets, within reason', () => {
  expect([0, 1, 4, 9, 64].map(triesAgain)).toEqual([3, 3, 4, 9, 10]);
});

test('a status that a release cannot repeat is not asked of it', () => {
  const retry = (major: number, minor: number) =>
    ingressFiles(ingress(), { major, minor }, 'x')['20-cxbcore-fleets.cfg']?.match(/retry-on .* 429/g)
      ?.length;
  expect([retry(2, 6), retry(3, 0), retry(3, 1), retry(4, 0)]).toEqual([undefined, undefined, 2, 2]);
  expect(haproxyVersion('HAProxy version 2.6.12-1+deb12u4 2026/10/17')).toEqual(V26);
  expect(haproxyVersion('nginx version: 1.22')).toBeUndefined();
  expect(isAtLeast({ major: 3, minor: 0 }, 2, 9)).toBe(true);
});

test('what is wrong in a description is named, all of it at once', () => {
  const wrong = {
    name: 'in gress',
    listen: ['443'],
    local: '0.0.0.0:8404',
    carriers: { twilio: ['everywhere'] },
    colour: 'blue',
    fleets: [
      { name: 'f1', address: '10.0.0.1; quit', workers: 0 },
      { name: 'f1', address: '10.0.0.1', workers: '16' },
    ],
  };
  const said = () => parseIngress(JSON.stringify(wrong), 'ingress.json');
  for (const part of [
    'name',
    'listen.0',
    'local',
    'carriers.twilio.0',
    'colour',
    'fleets.0.address',
    'fleets.0.workers',
  ])
    expect(said, part).toThrow(part);
  expect(() => parseIngress('{', 'ingress.json')).toThrow('ingress.json is not JSON');
  const twin = JSON.stringify({
    name: 'a',
    fleets: [FLEETS[0], FLEETS[0]],
    peers: [{ name: 'a', address: '10.0.0.9:1' }],
  });
  expect(() => parseIngress(twin, 'x')).toThrow(
    /f1 is there twice[\s\S]*10\.0\.0\.11:8080 is there twice[\s\S]*a is there twice/,
  );
});

test('changing the fleets leaves the rest of the description as it was written', () => {
  const text = '{"name": "a", "requests_per_10s": 7, "fleets": []}';
  const changed = withFleets(text, ingress().fleets);
  expect(JSON.parse(changed)).toEqual({ name: 'a', requests_per_10s: 7, fleets: ingress().fleets });
});

test('of what HAProxy says, alerts and warnings are faults, and the file with states is none', () => {
  const text = `Configuration file is valid
[NOTICE]   (1) : haproxy version is 2.6.12
[WARNING]  (1) : config : config: Can't open global server state file '/x/cxbcore.state': No such file or directory
[WARNING]  (1) : config : parsing acl 'a' :
  is likely a mistake
[ALERT]    (1) : config : unknown keyword 'bnid'`;
  expect(faultsOf(text)).toEqual([
    "[WARNING]  (1) : config : parsing acl 'a' :\n  is likely a mistake",
    "[ALERT]    (1) : config : unknown keyword 'bnid'",
  ]);
  expect(faultsOf('')).toEqual([]);
});
