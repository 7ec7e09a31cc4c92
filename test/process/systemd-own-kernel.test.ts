import { afterAll, expect, it } from 'vitest';
import { boxFolder, describeOnOwnKernel, inBox } from '../support/systemd-box.ts';

/** Answers, and then takes memory until there is no more. */
const HUNGRY = `import { defineAgent, hear, script } from 'cxbcore';
const all = [];
const eat = () => { for (;;) all.push(Buffer.alloc(10_000_000, 1)); };
export const hungry = defineAgent({
  name: 'hungry', timeZone: 'UTC', stt: 'none', tts: 'none', greeting: 'Hello.',
  brain: script({ slots: { answer: hear.yesNo() }, start: 'a', states: { a: { say: eat, hear: 'answer', next: 'end' } } }),
});
`;

// Only a kernel with control groups of the second version says that it was memory; so the box brings its own, and is slow.
describeOnOwnKernel('a worker on a kernel of its own', () => {
  const opt = boxFolder();
  afterAll(opt.remove);

  it('that needs more memory than it may is ended, replaced, and named as the cause in the record', async () => {
    const { notes, output } = await inBox(
      opt.path,
      `rm /etc/cxbcore/agents/*; cat >/etc/cxbcore/agents/hungry.mjs <<'AGENT'
${HUNGRY}AGENT
cxb install >/tmp/install.log 2>&1 || { cat /tmp/install.log; exit 90; }
mkdir -p /etc/systemd/system/cxbcore@.service.d
printf '%s\\n' '[Service]' MemoryHigh=infinity MemoryMax=250M TimeoutStartSec=600 WatchdogSec=0 >/etc/systemd/system/cxbcore@.service.d/small.conf
systemctl daemon-reload
systemctl start cxbcore@1
TO=ws+unix:/tmp/cxbcore_1.sock:/media/pcm call 60 /tmp/call
until_true sh -c 'ls /var/lib/cxbcore/records/*.json'
note record "$(node -e 'const r=JSON.parse(require("fs").readFileSync(process.argv[1],"utf8"));console.log(r.end.reason,"|",r.incarnations[0].cause)' /var/lib/cxbcore/records/*.json)"
note heard "$(cat /tmp/call)"
until_true is cxbcore@1 ActiveState active
note again "$(prop cxbcore@1 NRestarts)"
`,
      { ownKernel: true },
    );
    expect(notes['record'], output).toBe(
      'worker.died | killed because it used more memory than it may (SIGKILL)',
    );
    expect(notes['heard']).toContain('close 1006');
    expect(Number(notes['again']), output).toBeGreaterThan(0);
  });
});
