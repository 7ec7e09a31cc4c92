import { expect, it } from 'vitest';
import { fillFleet, openFleet } from '../support/fleet.ts';
import { ask, pcmCall, upgrade } from '../support/host.ts';
import { openIngress } from '../support/ingress.ts';
import { describeWith } from '../support/programs.ts';

const post = (body: object, headers: Record<string, string> = {}) => ({
  method: 'POST',
  body: JSON.stringify(body),
  headers: { 'Content-Type': 'application/json', ...headers },
});

describeWith('haproxy')('calls through the ingress', () => {
  it('find the free seat of another fleet, and are refused only when every fleet is full', async () => {
    const fleets = [await openFleet('f1'), await openFleet('f2'), await openFleet('f3')];
    const ingress = await openIngress(fleets);
    const free = [];
    // Two of three are full with calls that this ingress has not placed and does not count.
    for (const fleet of fleets.slice(0, 2)) free.push(await fillFleet(fleet));
    const calls = [await pcmCall(ingress.port), await pcmCall(ingress.port)];
    expect(calls.map(({ status }) => status)).toEqual([101, 101]);
    expect(await fleets[2]?.busy()).toBe(2);

    const refused = await upgrade(ingress.port);
    expect([refused.status, JSON.parse(refused.body).error]).toEqual([503, 'at_capacity']);
    expect(refused.headers['retry-after']).toBeDefined();
    const refusedPost = await ask(ingress.port, '/attach', post({ agent: 'quiet' }));
    expect([refusedPost.status, JSON.parse(refusedPost.body).error]).toEqual([429, 'at_capacity']);
    expect(refusedPost.headers['retry-after']).toBeDefined();

    await free[1]?.();
    const again = await pcmCall(ingress.port);
    expect(again.status).toBe(101);
    expect(await fleets[1]?.busy()).toBe(1);
    for (const call of [...calls, again]) call.socket?.destroy();
    await free[0]?.();
  });
});
