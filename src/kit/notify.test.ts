import { expect, test } from 'vitest';
import { openNotifier } from './notify.ts';
import { VirtualClock } from './virtual-clock.ts';

function open(env: Readonly<Record<string, string>>, answer: () => Promise<void> = () => Promise.resolve()) {
  const clock = new VirtualClock();
  const sent: (readonly string[])[] = [];
  const errors: unknown[] = [];
  const notifier = openNotifier(
    env,
    clock,
    (error) => errors.push(error),
    (message) => {
      sent.push(message);
      return answer();
    },
  );
  return { clock, sent, errors, notifier };
}

const ASKED = { NOTIFY_SOCKET: '/run/notify' };

test('nothing is sent where nobody asked', async () => {
  const { notifier, sent, clock } = open({});
  notifier.ready('free');
  notifier.status('live');
  notifier.extend(1000);
  notifier.stopping('drained');
  await clock.runUntil(60_000);
  expect(sent).toEqual([]);
});

test('a service that is ready says so with its status, in one line', () => {
  const { notifier, sent } = open(ASKED);
  notifier.ready('free\nof worries');
  expect(sent).toEqual([['READY=1', 'STATUS=free; of worries']]);
});

test('signs of life follow readiness, three in each time that systemd waits', async () => {
  const { notifier, sent, clock } = open({ ...ASKED, WATCHDOG_USEC: '30000000' });
  await clock.runUntil(60_000);
  expect(sent).toEqual([]);
  notifier.ready('free');
  notifier.ready('free');
  await clock.runUntil(60_000 + 29_000);
  expect(sent.filter((message) => message.includes('WATCHDOG=1'))).toHaveLength(3);
});

test('a watchdog that is meant for another process is left alone', async () => {
  const { notifier, sent, clock } = open({ ...ASKED, WATCHDOG_USEC: '3000000', WATCHDOG_PID: '1' });
  notifier.ready('free');
  await clock.runUntil(60_000);
  expect(sent).toEqual([['READY=1', 'STATUS=free']]);
});

test('news of the status waits a second, and only the last of it is told', async () => {
  const { notifier, sent, clock } = open(ASKED);
  notifier.status('reserved');
  await clock.runUntil(500);
  notifier.status('live');
  await clock.runUntil(5000);
  expect(sent).toEqual([['STATUS=live']]);
});

test('what comes while a message is on its way travels together with the next one', async () => {
  let taken = () => undefined as void;
  const { notifier, sent, clock } = open(ASKED, () => new Promise((resolve) => (taken = resolve)));
  notifier.extend(1500);
  notifier.extend(2500);
  notifier.ready('free');
  expect(sent).toEqual([['EXTEND_TIMEOUT_USEC=1500000']]);
  taken();
  await clock.runUntil(0);
  expect(sent[1]).toEqual(['EXTEND_TIMEOUT_USEC=2500000', 'READY=1', 'STATUS=free']);
});

test('a message that cannot be sent is reported once, and the next ones are still tried', async () => {
  const { notifier, sent, errors, clock } = open(ASKED, () => Promise.reject(new Error('no such program')));
  notifier.ready('free');
  await clock.runUntil(1);
  notifier.stopping('drained');
  await clock.runUntil(2);
  expect(sent).toHaveLength(2);
  expect(errors).toHaveLength(1);
});
