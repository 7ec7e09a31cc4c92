import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { realClock } from '../../kit/clock.ts';
import { VirtualClock } from '../../kit/virtual-clock.ts';
import { haproxyAt } from './runtime.ts';
import { agentLimit, processesOf, serversOf } from './runtime-text.ts';

const STAT = `# pxname,svname,qcur,scur,slim,stot,status,weight,wretr,wredis,check_status,last_chk,
cxb_public,FRONTEND,,3,100,9,OPEN,,,,,,
cxb_calls,f1,0,2,16,40,UP,16,1,2,* L7OK,"up, ""well""",
cxb_calls,f2,0,0,32,0,DRAIN 1/3,32,0,0,L4CON,,
cxb_calls,BACKEND,0,2,,40,UP,48,1,2,,,
`;

test('servers are read by the names of their columns, and frontends are none', () => {
  const base = { backend: 'cxb_calls', sessions: 40, triedAgain: 1, triedElsewhere: 2 };
  expect(serversOf(STAT)).toEqual([
    { ...base, server: 'f1', status: 'UP', check: 'L7OK', weight: 16, current: 2, limit: 16 },
    {
      backend: 'cxb_calls',
      server: 'f2',
      status: 'DRAIN 1/3',
      check: 'L4CON',
      weight: 32,
      current: 0,
      limit: 32,
      sessions: 0,
      triedAgain: 0,
      triedElsewhere: 0,
    },
  ]);
  const turned = STAT.split('\n').map((line) => line.split(',').slice(0, 7).toReversed().join(','));
  expect(serversOf(turned.join('\n').replace('# pxname', 'pxname'))[0]).toMatchObject({
    server: 'f1',
    current: 2,
  });
});

test('processes are read with old ones and failed reloads apart', () => {
  const text = `#<PID>          <type>          <reloads>       <uptime>        <version>
1162            master          5 [failed: 2]   0d00h02m07s     2.6.12
# workers
1271            worker          0               0d00h00m00s     2.6.12
# old workers
1233            worker          3               0d00h00m43s     2.6.12
1240            worker          2               0d00h00m43s     2.6.12
# programs
`;
  expect(processesOf(text)).toEqual({ worker: 1271, old: [1233, 1240], failed: 2 });
  expect(processesOf('')).toEqual({ worker: undefined, old: [], failed: 0 });
});

test('of an agent only the two lines of the contract are taken', () => {
  expect(agentLimit('up 100% maxconn:16\n')).toEqual({ takes: true, limit: 16 });
  expect(agentLimit('up 0%\n')).toEqual({ takes: false, limit: 0 });
  for (const wrong of ['', 'ready', 'up', 'up 100% maxconn:0', 'down', 'up 100% maxconn:-1', 'up 100%'])
    expect(agentLimit(wrong), wrong).toBeUndefined();
});

test('whatever comes over the socket is read without an exception, and numbers stay numbers', () => {
  const noise = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 300 }),
    fc
      .array(fc.constantFrom('#', ',', '"', '\n', 'pxname', 'svname', 'status', 'f1', '12', '# workers'), {
        maxLength: 60,
      })
      .map((parts) => parts.join('')),
  );
  fc.assert(
    fc.property(noise, (text) => {
      for (const server of serversOf(`${STAT.split('\n')[0]}\n${text}`)) {
        expect(server.server).not.toBe('');
        expect(Number.isNaN(server.current + server.weight + server.limit)).toBe(false);
      }
      serversOf(text);
      const { worker, old } = processesOf(text);
      for (const pid of [worker ?? 0, ...old]) expect(Number.isInteger(pid)).toBe(true);
      agentLimit(text);
    }),
  );
});

test('a cell comes back as it was quoted', () => {
  fc.assert(
    fc.property(
      fc.string({ maxLength: 40 }).filter((cell) => !cell.includes('\n')),
      (cell) => {
        const text = `# pxname,svname,status\nb,"s${cell.replaceAll('"', '""')}",UP`;
        expect(serversOf(text)[0]?.server).toBe(`s${cell}`);
      },
    ),
  );
});

function listening(answer: (asked: string) => string | undefined): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'cxb-test-'));
  const path = join(folder, 'admin.sock');
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    let asked = '';
    socket.on('error', () => undefined);
    socket.on('data', (part) => {
      asked += part.toString();
      const said = answer(asked);
      if (said !== undefined) socket.end(said);
    });
  });
  onTestFinished(() => {
    server.close();
    rmSync(folder, { recursive: true });
  });
  return new Promise((resolve) => void server.listen(path, () => resolve(path)));
}

test('a command is one line, and its answer ends with the connection', async () => {
  const path = await listening((asked) => `heard ${JSON.stringify(asked)}`);
  const ask = haproxyAt(path, realClock);
  await expect(ask('show stat')).resolves.toBe('heard "show stat\\n"');
  await expect(ask('set ssl cert /a.pem', 'one\n\ntwo\n')).resolves.toBe(
    'heard "set ssl cert /a.pem <<\\none\\ntwo\\n\\n"',
  );
  for (const two of ['show stat; quit', 'show\nquit'])
    await expect(ask(two)).rejects.toThrow('not one command');
});

test('a socket that nobody listens on, or that stays silent, is said to be so', async () => {
  await expect(haproxyAt('/nowhere/admin.sock', realClock)('show info')).rejects.toThrow(
    'no HAProxy listens',
  );
  const clock = new VirtualClock();
  let heard: () => void = () => undefined;
  const asked = new Promise<void>((resolve) => {
    heard = resolve;
  });
  const path = await listening(() => {
    heard();
    return undefined;
  });
  const answer = haproxyAt(path, clock)('show info');
  answer.catch(() => undefined);
  await asked;
  await clock.runUntil(clock.now() + 5000);
  await expect(answer).rejects.toThrow('no complete answer within 5 s');
});
