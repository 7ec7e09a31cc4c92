import { connect } from 'node:net';
import { expect, it } from 'vitest';
import { ask, until, upgrade } from '../support/host.ts';
import { openIngress } from '../support/ingress.ts';
import { describeWith } from '../support/programs.ts';
import { openScripted, type ScriptedFleet } from '../support/scripted-fleet.ts';

const post = (body: object | string, headers: Record<string, string> = {}) => ({
  method: 'POST',
  body: typeof body === 'string' ? body : JSON.stringify(body),
  headers: { 'Content-Type': 'application/json', ...headers },
});
const posts = (fleet: ScriptedFleet) => fleet.seen.filter(({ method }) => method === 'POST').length;

async function three() {
  const fleets = [await openScripted('f1'), await openScripted('f2'), await openScripted('f3')] as const;
  return { fleets, ingress: await openIngress(fleets) };
}

describeWith('haproxy')('starts by request through the ingress', () => {
  it('go to the fleet that has their id, by key or by body, also when it is full, drained or after a reload', async () => {
    const { fleets, ingress } = await three();
    const known = new Map<string, number>();
    for (const [at, fleet] of fleets.entries())
      fleet.answer = ({ body, headers }) => {
        const id = String(headers['idempotency-key'] ?? (JSON.parse(body) as { call_id: string }).call_id);
        if (known.get(id) === at) return { status: 200, body: '{"status":"duplicate"}' };
        known.set(id, at);
        return { status: 202 };
      };
    for (let n = 0; n < 6; n++) {
      const start = n % 2 === 0 ? post({ call_id: `c${n}` }) : post({}, { 'Idempotency-Key': `c${n}` });
      expect((await ask(ingress.port, '/attach', start)).status).toBe(202);
    }
    expect(new Set(known.values()).size, 'new ids are spread').toBe(3);
    // The fleets are full now: an unknown id is refused everywhere, a known one is answered.
    for (const [at, fleet] of fleets.entries())
      fleet.answer = ({ body, headers }) => {
        const id = String(headers['idempotency-key'] ?? (JSON.parse(body) as { call_id: string }).call_id);
        return known.get(id) === at ? { status: 200, body: '{"status":"duplicate"}' } : { status: 503 };
      };
    const repeat = async () => {
      for (let n = 0; n < 6; n++) {
        // The one name of an id is as good as the other.
        const start = n % 2 === 0 ? post({}, { 'Idempotency-Key': `c${n}` }) : post({ call_id: `c${n}` });
        expect([n, (await ask(ingress.port, '/attach', start)).status]).toEqual([n, 200]);
      }
      expect((await ask(ingress.port, '/attach', post({ call_id: 'new' }))).status).toBe(429);
    };
    await repeat();
    for (const name of ['f1', 'f2', 'f3']) await ingress.ask(`set server cxb_starts/${name} state drain`);
    for (let n = 0; n < 6; n++)
      expect((await ask(ingress.port, '/attach', post({ call_id: `c${n}` }))).status).toBe(200);
    for (const name of ['f1', 'f2', 'f3']) await ingress.ask(`set server cxb_starts/${name} state ready`);
    await ingress.reload();
    await repeat();
  });

  it('are tried again after a refusal, never once a host may have begun', async () => {
    const { fleets, ingress } = await three();
    const [full, , other] = fleets;
    full.answer = () => ({ status: 503, body: '{"error":"at_capacity"}' });
    for (let n = 0; n < 6; n++) expect((await ask(ingress.port, '/attach', post({ n }))).status).toBe(202);
    expect(posts(full)).toBeGreaterThan(0);

    for (const fleet of fleets) fleet.answer = () => 'hang up';
    const before = fleets.reduce((sum, fleet) => sum + posts(fleet), 0);
    const unknown = await ask(ingress.port, '/attach', post({}));
    expect([unknown.status, JSON.parse(unknown.body).error]).toEqual([502, 'start_outcome_unknown']);
    expect(fleets.reduce((sum, fleet) => sum + posts(fleet), 0)).toBe(before + 1);

    for (const fleet of fleets) fleet.answer = () => ({ status: 409, body: '{"error":"taken"}' });
    expect((await ask(ingress.port, '/livekit/dispatch', post({}))).body).toBe('{"error":"taken"}');
    other.answer = () => ({ status: 504, body: '{"error":"join_failed"}' });
    const statuses = new Set<number>();
    for (let n = 0; n < 3; n++)
      statuses.add((await ask(ingress.port, '/livekit/dispatch', post({ n }))).status);
    expect(statuses, 'a host that says 504 is passed on as it is').toEqual(new Set([409, 504]));
  });

  it('with a body as large as is allowed are tried again too, and larger ones are refused', async () => {
    const { fleets, ingress } = await three();
    for (const fleet of fleets.slice(0, 2)) fleet.answer = () => ({ status: 503 });
    const large = JSON.stringify({ call_id: 'large', filling: 'x'.repeat(65_000) });
    for (let n = 0; n < 3; n++) expect((await ask(ingress.port, '/attach', post(large))).status).toBe(202);
    expect(fleets[2].seen.every(({ body }) => body === large)).toBe(true);
    const tooLarge = await ask(ingress.port, '/attach', post('x'.repeat(65_537)));
    expect([tooLarge.status, JSON.parse(tooLarge.body).error]).toEqual([413, 'too_large']);
  });

  it('get 429 and JSON when no fleet is there at all, and webhooks 503', async () => {
    const ingress = await openIngress([]);
    const start = await ask(ingress.port, '/attach', post({}));
    expect([start.status, JSON.parse(start.body).error, start.headers['retry-after']]).toEqual([
      429,
      'at_capacity',
      '2',
    ]);
    const control = await ask(ingress.port, '/webhooks/twilio/voice', post({}));
    expect([control.status, JSON.parse(control.body).error]).toEqual([503, 'no_fleet']);
  });
});

describeWith('haproxy')('what the ingress lets through', () => {
  it('carries its own marks alone, whatever the caller claims to be', async () => {
    const fleet = await openScripted('f1');
    const ingress = await openIngress([fleet]);
    const forged = {
      'X-CXB-Ingress': 'me',
      'x-cxb-pin': 'f1',
      'X-CXB-Sent': '0',
      'X-Start-Ms': '1',
      'X-Real-IP': '203.0.113.1',
      'X-Forwarded-For': '203.0.113.1',
      'X-Forwarded-Proto': 'https',
      Forwarded: 'for=203.0.113.1',
    };
    await ask(ingress.port, '/attach', post({}, forged));
    await ask(ingress.port, '/api/calls', { headers: forged });
    fleet.answer = () => ({ status: 101 });
    (await upgrade(ingress.port, '/media/pcm', forged)).socket?.destroy();
    expect(fleet.seen.map(({ method }) => method)).toEqual(['POST', 'GET', 'UPGRADE']);
    for (const { headers } of fleet.seen) {
      expect(headers).toMatchObject({
        'x-cxb-ingress': 'ingress1',
        'x-forwarded-for': '127.0.0.1',
        'x-forwarded-proto': 'http',
      });
      for (const name of ['x-cxb-pin', 'x-cxb-sent', 'x-start-ms', 'x-real-ip', 'forwarded'])
        expect(headers[name], name).toBeUndefined();
    }
    const folded = await ask(ingress.port, '/attach', post({}, { X_CXB_Ingress: 'me' }));
    expect(folded.status).toBe(403);
    expect(fleet.seen).toHaveLength(3);
  });

  it('is spelt plainly, upgrades where only upgrades go, and in its log has no token', async () => {
    const fleet = await openScripted('f1');
    const ingress = await openIngress([fleet]);
    for (const path of ['/%6dedia/pcm', '//media/pcm', '/media/./pcm', '/x/../media/pcm', '/media/p%63m'])
      expect([path, (await upgrade(ingress.port, path)).status]).toEqual([path, 400]);
    const plain = await ask(ingress.port, '/media/pcm');
    expect([plain.status, JSON.parse(plain.body).error]).toEqual([426, 'upgrade_required']);
    expect(await rawAnswer(ingress.port, 'GET /\r\n nonsense\r\n\r\n')).toContain('400');
    expect(fleet.seen).toHaveLength(0);
    fleet.answer = () => ({ status: 410 });
    await upgrade(ingress.port, '/media/twilio/r/f1/3/very-secret-token');
    expect(fleet.seen[0]?.path).toBe('/media/twilio/r/f1/3/very-secret-token');
    // JSON may escape a slash, and HAProxy does.
    await until(() => ingress.log().replaceAll('\\/', '/').includes('"path":"/media/twilio/r/***"'));
    expect(ingress.log()).not.toContain('very-secret-token');
  });

  it('goes to the fleet that its path names: reserved media, and the status of a call', async () => {
    const { fleets, ingress } = await three();
    for (const fleet of fleets) fleet.answer = ({ method }) => ({ status: method === 'UPGRADE' ? 410 : 200 });
    for (let n = 0; n < 4; n++) {
      await upgrade(ingress.port, '/media/twilio/r/f2/1/t');
      await ask(ingress.port, '/api/fleets/f3/calls/c1');
    }
    expect(fleets.map(({ seen }) => seen.length)).toEqual([0, 4, 4]);
    // A fleet nobody knows: any other may answer.
    expect((await ask(ingress.port, '/api/fleets/gone/calls/c1')).status).toBe(200);
  });

  it('has limits for strangers and none for carriers, whose paths are closed to everybody else', async () => {
    const fleet = await openScripted('f1');
    fleet.answer = ({ method }) => ({ status: method === 'UPGRADE' ? 410 : 200 });
    const limits = { trusted: [], requests_per_10s: 5, carriers: { twilio: ['192.0.2.0/24'] } };
    const strict = await openIngress([fleet], limits);
    const closed = await upgrade(strict.port, '/media/twilio');
    expect([closed.status, JSON.parse(closed.body).error]).toEqual([401, 'unauthorized']);
    const statuses = [];
    for (let n = 0; n < 7; n++) statuses.push((await ask(strict.port, '/api/calls')).status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(4);
    expect(statuses.at(-1)).toBe(429);
    const open = await openIngress([fleet], { ...limits, carriers: { twilio: ['127.0.0.1'] } });
    for (let n = 0; n < 9; n++) expect((await upgrade(open.port, '/media/twilio')).status).toBe(410);
  });

  it('shows metrics at an address of their own, and nothing else there', async () => {
    const ingress = await openIngress([await openScripted('f1')]);
    const metrics = await ask(ingress.metricsPort, '/metrics');
    expect(metrics.body).toContain('haproxy_server_status{proxy="cxb_calls",server="f1"');
    expect((await ask(ingress.metricsPort, '/media/pcm')).status).toBe(404);
  });
});

function rawAnswer(port: number, bytes: string): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
    socket.setEncoding('utf8').on('data', (part: string) => {
      text += part;
    });
    socket.on('close', () => resolve(text));
  });
}
