import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CLAIM_KEPT_MS, type ClaimDraft, carrierKey } from '../contract/claim.ts';
import { claimsFolder } from '../kit/once.ts';
import type { Owner } from '../kit/owner.ts';
import { VirtualClock } from '../kit/virtual-clock.ts';
import { Claims, type OwnClaim } from './claims.ts';
import { claimFiles, hashOf } from './files.ts';

const DRAFT: ClaimDraft = {
  call_id: 'c1',
  route: '/attach',
  body_hash: 'b',
  worker: 1,
  fleet: 'f',
  state: 'starting',
};

let socketDir: string;
let clock: VirtualClock;
let dead: Set<number>;

beforeEach(() => {
  socketDir = mkdtempSync(join(tmpdir(), 'cxb-claims-'));
  clock = new VirtualClock();
  dead = new Set();
});
afterEach(() => rmSync(socketDir, { recursive: true }));

function claimsOf(pid: number): Claims {
  const owner: Owner = { pid, started: `boot:${pid}` };
  return new Claims({ socketDir, clock, owner, isAlive: ({ pid: of }) => !dead.has(of) });
}

function mine(claims: Claims, key = 'c1'): OwnClaim {
  const taken = claims.take(key, DRAFT);
  if (taken.kind !== 'mine') throw new Error(`taken by ${taken.found.claim.owner.pid}`);
  return taken.own;
}

const later = (ms: number) => clock.runUntil(clock.now() + ms);

describe('a key', () => {
  it('is the first taker’s, and everybody else sees whose it is and how it stands', () => {
    const own = mine(claimsOf(1));
    own.update({ state: 'reserved', room: 'r', answer: { media_url: 'wss://x' } });
    const taken = claimsOf(2).take('c1', DRAFT);
    expect(taken).toMatchObject({
      kind: 'taken',
      found: { standing: 'live', n: 1, claim: { owner: { pid: 1 }, state: 'reserved', room: 'r' } },
    });
    expect(claimsOf(3).find('c1')?.claim.answer).toEqual({ media_url: 'wss://x' });
    expect(claimsOf(3).find(carrierKey('twilio', 'c1'))).toBeUndefined();
  });

  it('is taken again at once when nothing came of it', () => {
    mine(claimsOf(1)).drop();
    expect(mine(claimsOf(2)).n).toBe(1);
  });

  it('is answered for ten minutes after its call, and free after that', async () => {
    mine(claimsOf(1)).end({ reason: 'agent.finished' });
    await later(CLAIM_KEPT_MS);
    dead.add(1);
    expect(claimsOf(2).find('c1')).toMatchObject({
      standing: 'ended',
      claim: { state: 'ended', result: { reason: 'agent.finished' } },
    });
    expect(claimsOf(2).take('c1', DRAFT).kind).toBe('taken');
    await later(1);
    expect(claimsOf(2).find('c1')).toBeUndefined();
    expect(mine(claimsOf(2)).n).toBe(1);
  });

  it('passes on from the dead, with what they left, and never back', () => {
    const first = mine(claimsOf(1));
    first.update({ room: 'r' });
    dead.add(1);
    const taken = claimsOf(2).take('c1', DRAFT);
    expect(taken).toMatchObject({ kind: 'mine', own: { n: 2 }, previous: { owner: { pid: 1 }, room: 'r' } });
    first.update({ room: 'stale' });
    expect(claimsOf(3).find('c1')).toMatchObject({ n: 2, claim: { owner: { pid: 2 } } });
  });

  it('stays with the dead when the taker says so', () => {
    mine(claimsOf(1)).update({ state: 'live' });
    dead.add(1);
    const taken = claimsOf(2).take('c1', DRAFT, ({ state }) => state === 'starting');
    expect(taken).toMatchObject({ kind: 'taken', found: { standing: 'dead' } });
  });

  it('of the dead is kept as long as a call may last, and a reservation to its end', async () => {
    const kept = new Claims({ socketDir, clock, deadKeptMs: 60_000, isAlive: () => false });
    mine(claimsOf(1));
    mine(claimsOf(1), 'c2').update({ expires_ms: clock.wall() + 90_000 });
    await later(60_000);
    expect([kept.find('c1')?.standing, kept.find('c2')?.standing]).toEqual(['dead', 'dead']);
    await later(1);
    expect([kept.find('c1'), kept.find('c2')?.standing]).toEqual([undefined, 'dead']);
    await later(30_000);
    expect(kept.find('c2')).toBeUndefined();
  });

  it('whose file nobody can read passes on too', () => {
    mine(claimsOf(1));
    writeFileSync(join(claimsFolder(socketDir), `${hashOf('c1')}.1`), 'half a cla');
    expect(mine(claimsOf(2)).n).toBe(2);
  });
});

it('an owner that is done changes nothing any more', () => {
  const own = mine(claimsOf(1));
  own.drop();
  mine(claimsOf(2));
  own.update({ room: 'late' });
  own.end();
  own.drop();
  expect(claimsOf(3).find('c1')).toMatchObject({ standing: 'live', claim: { owner: { pid: 2 } } });
});

it('a disk that refuses a change is reported, and the call goes on', () => {
  const trouble: unknown[] = [];
  const claims = new Claims({ socketDir, clock, onTrouble: (error) => trouble.push(error) });
  const own = mine(claims);
  rmSync(claimsFolder(socketDir), { recursive: true });
  own.update({ state: 'live' });
  expect(trouble).toHaveLength(1);
  expect(own.claim.state).toBe('live');
});

it('sweeping removes what does not count any more, every owner’s file of it, and nothing else', async () => {
  mine(claimsOf(1), 'over');
  dead.add(1);
  mine(claimsOf(2), 'over').end();
  await later(CLAIM_KEPT_MS + 61_000);
  mine(claimsOf(3), 'live');
  mine(claimsOf(3), 'fresh').end();
  claimsOf(4).sweep();
  const left = claimFiles(claimsFolder(socketDir)).map(({ hash }) => hash);
  expect(left.sort()).toEqual([hashOf('live'), hashOf('fresh')].sort());
  expect(readdirSync(claimsFolder(socketDir)).filter((name) => name.startsWith('.'))).toEqual([]);
  expect(
    claimsOf(4)
      .all()
      .map(({ claim }) => claim.key)
      .sort(),
  ).toEqual(['fresh', 'live']);
});
