import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeWith } from '../support/programs.ts';
import { answered, eventually, isLoud, LiveKitCalls, tone } from './support/calls.ts';
import { LiveKitServer } from './support/server.ts';

describeWith('livekit-server')('a line in a LiveKit room', () => {
  let server: LiveKitServer;
  let calls: LiveKitCalls;

  beforeAll(async () => {
    server = await LiveKitServer.start();
    calls = await LiveKitCalls.open(server.url);
  });
  afterAll(async () => {
    await calls.close();
    await server.stop();
  });

  test('knows who calls whom, and what a telephone line can do', async () => {
    const { line, caller, at } = await answered(server.url, calls);
    expect(line.facts).toMatchObject({
      carrier: 'livekit',
      carrierCallId: at.callId,
      from: '+15550100',
      to: '+15550199',
      direction: 'inbound',
      can: { marks: true, dtmfOut: true, transfer: 'cold' },
    });
    await line.end('agent.finished');
    await caller.leave();
  });

  test('carries sound both ways, the caller’s without a gap', async () => {
    const { line, caller, events } = await answered(server.url, calls);
    await caller.say(tone(600, caller.rate));
    line.send(tone(600, line.facts.rate), 0);
    let end: number | undefined;
    let loud = 0;
    while (loud < 20) {
      const { at, samples } = await events.next('media');
      if (end !== undefined) expect(at).toBe(end);
      end = at + samples.length;
      if (isLoud(samples)) loud++;
    }
    await eventually('the caller hears the agent', () => caller.loudAt.length >= 25);
    await line.end('agent.finished');
    await caller.leave();
  });

  test('answers marks once, in order, when their audio has been heard', async () => {
    const { line, caller, events } = await answered(server.url, calls);
    for (const name of ['one', 'two', 'three']) {
      line.send(tone(200, line.facts.rate), 0);
      line.mark(name, 0);
    }
    for (const name of ['one', 'two', 'three']) {
      expect(await events.next('mark')).toEqual({
        kind: 'mark',
        leg: 'caller',
        name,
        generation: 0,
        how: 'played',
      });
      if (name === 'one') expect(caller.loudAt.length).toBeGreaterThan(0);
    }
    await line.end('agent.finished');
    await caller.leave();
  });

  test('plays nothing more of what was flushed, and says so of its marks', async () => {
    const { line, caller, events } = await answered(server.url, calls);
    line.send(tone(900, line.facts.rate), 0);
    line.mark('old', 0);
    await eventually('the caller hears the agent', () => caller.loudAt.length >= 5);
    line.flush(1);
    const flushedAt = performance.now();
    line.send(tone(500, line.facts.rate), 0); // too late: an older generation
    line.mark('stale', 0);
    expect(events.kinds()).not.toContain('mark'); // never from within a call of ours
    expect(await events.next('mark')).toMatchObject({ name: 'old', generation: 0, how: 'cleared' });
    expect(await events.next('mark')).toMatchObject({ name: 'stale', generation: 0, how: 'cleared' });
    await new Promise((resolve) => setTimeout(resolve, 500));
    const last = caller.loudAt.at(-1) ?? 0;
    expect(last - flushedAt).toBeLessThan(300); // 900 ms were on their way; the pipe holds about 60
    line.send(tone(100, line.facts.rate), 1);
    line.mark('new', 1);
    expect(await events.next('mark')).toMatchObject({ name: 'new', generation: 1, how: 'played' });
    await eventually('the new audio is heard', () => (caller.loudAt.at(-1) ?? 0) > last);
    await line.end('agent.finished');
    await caller.leave();
  });

  test('carries keys both ways, in order', async () => {
    const { line, caller, events } = await answered(server.url, calls);
    for (const digit of '19*#') await caller.press(digit);
    for (const digit of '19*#') expect((await events.next('dtmf')).digit).toBe(digit);
    line.dtmf('04#');
    await eventually('the keys arrive', () => caller.digits.length === 3);
    expect(caller.digits).toEqual(['0', '4', '#']);
    await line.end('agent.finished');
    await caller.leave();
  });

  test('answers a ping as a sign of life', async () => {
    const { line, caller, events } = await answered(server.url, calls);
    line.ping();
    expect(await events.next('alive')).toEqual({ kind: 'alive', leg: 'caller' });
    await line.end('agent.finished');
    await caller.leave();
  });

  test('ends once when the caller hangs up', async () => {
    const { caller, events, line } = await answered(server.url, calls);
    await caller.leave();
    expect(await events.next('end')).toMatchObject({ reason: 'caller.hung_up' });
    await line.end('caller.hung_up');
    expect(events.kinds().filter((kind) => kind === 'end')).toHaveLength(1);
    expect(events.kinds().at(-1)).toBe('end');
  });

  test('that we end hangs up the caller, reports no end of its own, and does nothing any more', async () => {
    const { line, caller, events } = await answered(server.url, calls);
    const before = events.all.length;
    const ending = line.end('agent.finished');
    expect(line.end('bug.internal')).toBe(ending);
    line.send(tone(20, line.facts.rate), 0);
    line.mark('m', 0);
    line.flush(1);
    line.dtmf('1');
    line.transfer('tel:1', 'cold');
    line.ping();
    await ending;
    expect(await caller.gone).toBe('ROOM_DELETED');
    expect(events.all.length).toBe(before);
  });

  test('that turns out to be a duplicate leaves the caller to the other call', async () => {
    const { line, caller } = await answered(server.url, calls);
    await line.end('start.duplicate');
    await eventually('our side has left', () => caller.agent() === undefined);
    expect(caller.room.isConnected).toBe(true);
    await caller.leave();
  });
});
