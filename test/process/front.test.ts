import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ask, fixtureHost, until, upgrade } from '../support/host.ts';
import { describeWith, has } from '../support/programs.ts';

const BODY = JSON.stringify({ agent: 'clinic' });
const post = { method: 'POST', body: BODY, headers: { 'Content-Type': 'application/json' } };

// Both fronts promise the same; CI has nginx, so there both halves run.
const FRONTS = (['nginx', 'builtin'] as const).filter(
  (kind) => kind === 'builtin' || process.env['CI'] || has('nginx'),
);

describe.each(FRONTS)('the %s front', (front) => {
  test('places each start on a worker of its own, and refuses the one too many with 429, Retry-After and JSON', async () => {
    const { host, notes } = await fixtureHost({ front, workers: 3 });
    await host.ready(3);
    const calls = [];
    for (let i = 0; i < 3; i++) calls.push(await upgrade(host.port));
    expect(calls.map((call) => call.status)).toEqual([101, 101, 101]);

    const before = notes().length;
    const refused = await upgrade(host.port);
    expect(refused.status).toBe(429);
    expect(refused.headers['retry-after']).toBe('1');
    expect(refused.headers['content-type']).toBe('application/json');
    expect(JSON.parse(refused.body)).toMatchObject({ error: 'at_capacity', retry_after_s: 1 });
    const refusedPost = await ask(host.port, '/attach', post);
    expect(refusedPost.status).toBe(429);
    expect(refusedPost.headers['retry-after']).toBe('1');
    expect(notes().length, 'a refused start reaches no worker').toBe(before);

    calls[1]?.socket?.destroy();
    const placed = await until(async () => {
      const next = await upgrade(host.port);
      return next.status === 101 && next;
    });
    for (const call of [...calls, placed]) call.socket?.destroy();
  });

  test('hands a POST start with its body to a worker, whose answer comes back', async () => {
    const { host, notes } = await fixtureHost({ front });
    await host.ready(2);
    for (const path of ['/attach', '/livekit/dialout', '/livekit/widget', '/livekit/dispatch']) {
      const answered = await until(async () => {
        const answer = await ask(host.port, path, post);
        return answer.status !== 429 && answer;
      });
      expect(answered.status).toBe(404);
      expect(answered.body).toBe('{"error":"not_found"}\n');
    }
    expect(notes().filter((note) => note.includes('POST'))).toHaveLength(4);
  });

  test('says with every start who asked and when, and passes on no ingress mark from outside', async () => {
    const { host, notes } = await fixtureHost({ front, workers: 1 });
    await host.ready(1);
    const call = await upgrade(host.port, '/media/twilio', {
      'X-CXB-Ingress': '1',
      'X-Start-Ms': '1',
      'X-Forwarded-For': '203.0.113.9',
    });
    call.socket?.destroy();
    const note = notes().find((line) => line.includes('/media/twilio')) ?? '';
    const headers = JSON.parse(note.slice(note.indexOf('{'))) as Record<string, string>;
    expect(headers['x-real-ip']).toBe('127.0.0.1');
    expect(headers['x-forwarded-for']).toBe('203.0.113.9, 127.0.0.1');
    expect(headers['x-forwarded-proto']).toBe('http');
    expect(headers['host']).toMatch(/^127\.0\.0\.1/);
    expect(headers['x-start-ms']).toMatch(/^\d{13}$/);
    expect(headers['x-cxb-ingress']).toBeUndefined();
  });

  test('answers 502 when the worker dies with a POST start in its hands, and tries no other', async () => {
    const { host, notes } = await fixtureHost({ front, workers: 3, fault: 'crash-post' });
    await host.ready(3);
    const answered = await ask(host.port, '/attach', post);
    expect(answered.status).toBe(502);
    expect(JSON.parse(answered.body)).toMatchObject({ error: 'start_outcome_unknown' });
    expect(answered.headers['retry-after']).toBeUndefined();
    expect(notes().filter((note) => note.includes('/attach'))).toHaveLength(1);
  });

  test('answers by itself what is no start, and reaches no control socket', async () => {
    const { host, notes } = await fixtureHost({ front });
    await host.ready(2);
    const before = notes().length;
    const live = await ask(host.port, '/health/live');
    expect([live.status, JSON.parse(live.body)]).toEqual([200, { status: 'live', workers: 2 }]);
    for (const path of [
      '/',
      '/status',
      '/drain',
      '/media/nobody',
      '/media/pcm/../../status',
      '/media/nobody/r/f/1/t',
      '/media/twilio/r/f/x/t',
    ]) {
      const answered = await ask(host.port, path);
      expect([path, answered.status, JSON.parse(answered.body).error]).toEqual([path, 404, 'not_found']);
    }
    const got = await ask(host.port, '/attach');
    expect([got.status, JSON.parse(got.body).error]).toEqual([405, 'method_not_allowed']);
    const plain = await ask(host.port, '/media/pcm');
    expect([plain.status, JSON.parse(plain.body).error]).toEqual([426, 'upgrade_required']);
    const unknownMedia = await upgrade(host.port, '/media/nobody');
    expect([unknownMedia.status, JSON.parse(unknownMedia.body).error]).toEqual([404, 'not_found']);
    expect(notes().length).toBe(before);
  });

  test('refuses a body that is too large with 413 and JSON', async () => {
    const { host } = await fixtureHost({ front, workers: 1 });
    await host.ready(1);
    const large = await ask(host.port, '/attach', { ...post, body: Buffer.alloc(70_000, 'x') });
    expect([large.status, JSON.parse(large.body).error]).toEqual([413, 'too_large']);
  });

  test('answers bytes that are no HTTP with 400 and JSON', async () => {
    const { host } = await fixtureHost({ front, workers: 1 });
    const text = await new Promise<string>((resolve) => {
      let seen = '';
      const socket = connect(host.port, '127.0.0.1', () => socket.write('nonsense\r\n\r\n'));
      socket.setEncoding('utf8').on('data', (part: string) => {
        seen += part;
      });
      socket.on('close', () => resolve(seen));
    });
    expect(text).toContain('"error":"bad_request"');
  });

  test('goes on to the next worker when one is dead, and misses no free seat', async () => {
    const { host, events } = await fixtureHost({ front, workers: 3 });
    await host.ready(3);
    const pid = host.workers()[0]?.pid ?? 0;
    process.kill(pid, 'SIGKILL');
    await until(() => events.some((event) => event.type === 'died'));
    const calls = [await upgrade(host.port), await upgrade(host.port)];
    expect(calls.map((call) => call.status)).toEqual([101, 101]);
    for (const call of calls) call.socket?.destroy();
  });
});

describeWith('nginx')('nginx as our child', () => {
  test('is started again when it is killed, and its call goes on', async () => {
    const { host, events, folder } = await fixtureHost({ front: 'nginx' });
    await host.ready(2);
    const call = await upgrade(host.port);
    let over = false;
    call.socket?.once('close', () => {
      over = true;
    });
    process.kill(Number(readFileSync(join(folder, 'cxbcore_front/nginx.pid'), 'utf8')), 'SIGKILL');
    await until(() => events.some((event) => event.type === 'front-died'));
    const next = await until(async () => {
      const started = await upgrade(host.port).catch(() => undefined);
      return started?.status === 101 && started;
    });
    expect(over).toBe(false);
    for (const { socket } of [call, next]) socket?.destroy();
  });
});
