import { readFileSync } from 'node:fs';
import { afterAll, expect, it } from 'vitest';
import { boxFolder, describeInBox, inBox } from '../support/systemd-box.ts';

const PAGE = readFileSync(new URL('../../docs/operations/one-host.md', import.meta.url), 'utf8');
const commands = [...PAGE.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].flatMap(([, text = '']) =>
  text.trim().split('\n'),
);

describeInBox('the page about running one host', () => {
  const opt = boxFolder();
  afterAll(opt.remove);

  it('has commands that all work, in its order', async () => {
    expect(commands.length).toBeGreaterThan(20);
    const { output, notes } = await inBox(
      opt.path,
      `sudo() { "$@"; }
cxbcore() { if [ -x /usr/local/bin/cxbcore ]; then /usr/local/bin/cxbcore "$@"; else cxb "$@"; fi; }
systemctl start nginx
ready() { local n; for n in 1 2 3; do until_true is cxbcore@$n ActiveState active; done; }
${commands
  .map(
    (command, index) =>
      `{ ${command}; } >/tmp/log 2>&1 || { cat /tmp/log; note "failed-${index}" ${JSON.stringify(command.replaceAll("'", ''))}; }
${/systemctl (start|restart)/.test(command) ? 'ready' : ''}`,
  )
  .join('\n')}
note end reached
`,
    );
    expect(
      Object.entries(notes).filter(([name]) => name.startsWith('failed')),
      output,
    ).toEqual([]);
    expect(notes['end'], output).toBe('reached');
  });
});
