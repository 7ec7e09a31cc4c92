import { afterAll, expect, it } from 'vitest';
import { boxFolder, describeInBox, INSTALLED, inBox } from '../support/systemd-box.ts';

describeInBox('a host installed under systemd', () => {
  const opt = boxFolder();
  afterAll(opt.remove);

  it('verifies without a word, exposes little, and is installed once however often it is tried', async () => {
    const { notes, output } = await inBox(
      opt.path,
      `${INSTALLED}
note again "$(cxb install | grep -v '^as it is')"
cd /etc/systemd/system
cp ${process.cwd()}/infra/systemd/cxbcore-fleetd.* .
note verify "$(systemd-analyze verify ./cxbcore*.service ./cxbcore*.socket ./cxbcore.target 2>&1)"
for unit in cxbcore@1.service $(ls | grep fleetd.service$); do
  systemd-analyze security --no-pager --threshold=25 "$unit" >/dev/null || note exposed "$unit"
done
for file in $(ls ${process.cwd()}/infra/systemd/drop-ins); do
  mkdir -p cxbcore@.service.d; cp ${process.cwd()}/infra/systemd/drop-ins/$file cxbcore@.service.d/
  note "drop-in-$file" "$(systemd-analyze verify ./cxbcore@.service 2>&1)"
  rm -r cxbcore@.service.d
done
note doctor "$(cxb doctor | head -1)"
note env "$(stat -c '%a %U:%G' /etc/cxbcore/env)"
note link "$(readlink /opt/core)"
note paths "$(cat /opt/core/.env | head -1) $(ls /opt/core/agents)"
`,
    );
    expect(notes['again']).toMatch(
      /^done\s+run systemd-sysusers.*done\s+run systemctl enable[^)]*\)\s+agents: quiet/s,
    );
    expect(notes['again']).not.toMatch(/done\s+(file|folder|link|build|move)/);
    expect(notes['verify'], output).toBe('');
    expect(notes['exposed']).toBeUndefined();
    expect(notes['drop-in-memory.conf']).toBe('');
    expect(Object.entries(notes).filter(([name, text]) => name.startsWith('drop-in') && text !== '')).toEqual(
      [],
    );
    expect(notes['doctor']).toMatch(/^Nothing wrong was found by \d+ checks\.$/);
    expect(notes['env']).toBe('640 root:cxbcore');
    expect(notes['link']).toMatch(/^\/opt\/core-builds\/\d+\.\d+\.\d+-/);
    expect(notes['paths']).toBe('CXBCORE_MODE=development quiet.mjs');
  });

  it('obeys the commands of the reference configuration', async () => {
    const { notes, output } = await inBox(
      opt.path,
      `${INSTALLED}
note sockets "$(ls /tmp/cxbcore_*.sock | wc -l)"
for n in 1 2 3; do
  inodes=$(ls -l /proc/$(pid_of $n)/fd | grep -o 'socket:\\[[0-9]*' | grep -o '[0-9]*$')
  for inode in $inodes; do grep -qE " 0A .* $inode " /proc/net/tcp /proc/net/tcp6 && note tcp "worker $n listens"; done
done
before="$(pid_of 1) $(pid_of 2) $(pid_of 3)"
# One worker anew while the others serve: every start meanwhile finds a seat.
systemctl restart cxbcore@2 & restarting=$!
for i in 1 2 3 4; do call 0.3 /tmp/call.$i; done
wait $restarting
note during "$(cat /tmp/call.*)"
note one "$(pid_of 1) $(pid_of 3)"; note one-expected "$(echo $before | cut -d' ' -f1,3)"
systemctl restart 'cxbcore@*'
for n in 1 2 3; do until_true is cxbcore@$n ActiveState active; done
note all-anew "$(for p in $before; do [ -d /proc/$p ] && echo "$p lives"; done)"
note sockets-after "$(ls /tmp/cxbcore_*.sock | wc -l)"
note logs-all "$(journalctl -u 'cxbcore@*' -o cat --no-pager | grep -o '"worker":[0-9]' | sort -u | tr '\\n' ' ')"
note logs-one "$(journalctl -u cxbcore@3 -o cat --no-pager | grep -o '"worker":[0-9]' | sort -u)"
note status "$(systemctl show -p StatusText --value cxbcore@3)"
`,
    );
    expect(notes['sockets'], output).toBe('3');
    expect(notes['tcp']).toBeUndefined();
    expect(notes['during']?.match(/ready/g)).toHaveLength(4);
    expect(notes['during']).not.toContain('refused');
    expect(notes['one']).toBe(notes['one-expected']);
    expect(notes['all-anew']).toBe('');
    expect(notes['sockets-after']).toBe('3');
    expect(notes['logs-all']).toBe('"worker":1 "worker":2 "worker":3');
    expect(notes['logs-one']).toBe('"worker":3');
    expect(notes['status']).toBe('free');
  });

  it('is gone after uninstall, but for what is the operator’s', async () => {
    const { notes, output } = await inBox(
      opt.path,
      `${INSTALLED}
cp -a /opt /run/opt-before
note rc "$(cxb uninstall >/tmp/log 2>&1; echo $?)"; cat /tmp/log
note left "$(ls -d /opt/core /etc/systemd/system/cxbcore* /etc/nginx/conf.d/cxbcore.conf /etc/logrotate.d/cxbcore 2>/dev/null)"
note kept "$(ls /etc/cxbcore /var/lib/cxbcore | tr '\\n' ' ')"
note running "$(pgrep -f dist/worker/main.js)"
cp -a /run/opt-before/. /opt/
`,
    );
    expect(notes['rc'], output).toBe('0');
    expect(notes['left']).toBe('');
    expect(notes['kept']).toContain('agents env');
    expect(notes['running']).toBe('');
  });
});
