import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { realClock } from '../../src/kit/clock.ts';
import { waitForRecord } from '../../src/sim/call-record.ts';
import { placeCall } from '../../src/sim/place-call.ts';
import { cxbcore } from '../support/cli.ts';
import { QUIET_AGENTS, quietHost } from '../support/host.ts';

/** The commands of a page, in its order, each as its words after "cxbcore". */
function commandsOf(page: string): string[][] {
  const text = readFileSync(new URL(`../../docs/operations/${page}.md`, import.meta.url), 'utf8');
  return [...text.matchAll(/^\$ cxbcore (.+)$/gm)].map(([, words = '']) => words.split(' '));
}

/** What a test adds so that a command ends soon, or says of this machine only what the test knows. */
const ALSO: Readonly<Record<string, readonly string[]>> = {
  capacity: ['--up-to', '1', '--seconds', '0.5', '--agents', QUIET_AGENTS, '--agent', 'quiet'],
  doctor: ['--nginx', '/nowhere', '--units', '/nowhere', '--haproxy', '/nowhere'],
};
/** The call that the pages ask about. */
const CALL = 'call_k3v9';

test('the commands of the pages about looking at a host and about one without systemd all work', async () => {
  const commands = [...commandsOf('look'), ...commandsOf('without-systemd')];
  expect(commands.length).toBeGreaterThan(8);
  const { host, folder } = await quietHost();
  await host.ready(2);
  await placeCall({ url: host.url, protocol: 'pcm', callId: CALL }, [{ do: 'hangUp' }], realClock);
  expect(await waitForRecord(`${folder}/data`, CALL, realClock, 30_000)).toBeDefined();
  const env = {
    CXBCORE_MODE: 'development',
    CXBCORE_SOCKET_DIR: folder,
    CXBCORE_DATA_DIR: `${folder}/data`,
    CXBCORE_WORKERS: '2',
    CXBCORE_HTTP_PORT: String(host.port),
  };
  for (const words of commands) {
    const [command = ''] = words;
    const running = cxbcore([...words, ...(words[1] === 'erlang' ? [] : (ALSO[command] ?? []))], env);
    if (command === 'top') {
      await running.says('refused ');
      running.kill('SIGINT');
    }
    const code = await running.exited;
    // What doctor finds of this machine's clock, and how much it carries just now, is the machine's own business.
    const mayFind = command === 'doctor' || command === 'capacity';
    expect(mayFind ? [0, 1] : [0], `cxbcore ${words.join(' ')}\n${running.output()}`).toContain(code);
  }
});
