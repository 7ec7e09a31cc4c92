import { afterAll, expect, it } from 'vitest';
import { boxFolder, describeInBox, INSTALLED, inBox } from '../support/systemd-box.ts';

/** A call in the background; sets `seat` to the seat it came to. */
const IN_A_CALL = `
call 30 /tmp/call & calling=$!
until_true grep -q ready /tmp/call
seat=$(busy_seat); note seat "$seat"
call_id=$(sed -n 's/^ready //p' /tmp/call)
`;

const RECORD = `
until_true test -e /var/lib/cxbcore/records/$call_id.json
note record "$(node -e 'const r=JSON.parse(require("fs").readFileSync(process.argv[1],"utf8"));console.log(r.end.reason,"|",r.incarnations[0].ended,"|",r.incarnations[0].cause)' /var/lib/cxbcore/records/$call_id.json)"
note heard "$(cat /tmp/call)"
`;

describeInBox('a worker under systemd', () => {
  const opt = boxFolder();
  afterAll(opt.remove);

  it('that is killed in a call is replaced, and the record names the cause', async () => {
    const { notes, output } = await inBox(
      opt.path,
      `${INSTALLED}${IN_A_CALL}
old=$(pid_of $seat)
kill -9 $old
wait $calling
until_true test -e /proc/1; until_true is cxbcore@$seat ActiveState active
note new "$([ "$(pid_of $seat)" != $old ] && echo yes)"
${RECORD}
call 0.2 /tmp/next; note next "$(cat /tmp/next)"
`,
    );
    expect(notes['record'], output).toBe('worker.died | died | killed by SIGKILL');
    expect(notes['heard']).toMatch(/^ready \S+ close 1006$/);
    expect(notes['new']).toBe('yes');
    expect(notes['next']).toContain('ready');
  });

  it('that hangs is found by its silence, killed and replaced', async () => {
    const { notes, output } = await inBox(
      opt.path,
      `mkdir -p /etc/systemd/system/cxbcore@.service.d
printf '[Service]\\nWatchdogSec=3\\n' >/etc/systemd/system/cxbcore@.service.d/soon.conf
${INSTALLED}${IN_A_CALL}
old=$(pid_of $seat)
kill -STOP $old
wait $calling
until_true is cxbcore@$seat ActiveState active
until_true test "$(pid_of $seat)" != $old
note result "$(journalctl -u cxbcore@$seat --no-pager | grep -o "Failed with result '[a-z-]*'" | tail -1)"
${RECORD}
`,
    );
    expect(notes['result'], output).toBe("Failed with result 'watchdog'");
    expect(notes['record']).toBe(
      'worker.died | died | killed by systemd because it gave no sign of life (SIGABRT)',
    );
  });

  it('that is told to stop goes on with its call to the end', async () => {
    const { notes, output } = await inBox(
      opt.path,
      `${INSTALLED}
call 3 /tmp/call & calling=$!
until_true grep -q ready /tmp/call
seat=$(busy_seat); old=$(pid_of $seat)
systemctl restart --no-block cxbcore@$seat
sleep 1
note during "$(prop cxbcore@$seat SubState) $(prop cxbcore@$seat StatusText)"
wait $calling
until_true is cxbcore@$seat ActiveState active
note heard "$(cat /tmp/call)"
note anew "$([ "$(pid_of $seat)" != $old ] && echo yes)"
note restarts "$(prop cxbcore@$seat NRestarts)"
`,
    );
    expect(notes['during'], output).toMatch(/^stop-sigterm in a call \(\S+\); leaves after that$/);
    expect(notes['heard']).toMatch(/^ready \S+ (end \S+ )?close 1000$/);
    expect(notes['anew']).toBe('yes');
    expect(notes['restarts']).toBe('0');
  });

  it('with wrong settings says so once and stays down until somebody starts it', async () => {
    const { notes, output } = await inBox(
      opt.path,
      `${INSTALLED}
cp /etc/cxbcore/env /tmp/env; echo MAX_CONCURRENT_CALLS=2 >>/etc/cxbcore/env
systemctl restart cxbcore@2
note state "$(prop cxbcore@2 ActiveState) $(prop cxbcore@2 ExecMainStatus)"
sleep 4
note later "$(prop cxbcore@2 ActiveState) $(prop cxbcore@2 NRestarts)"
note said "$(journalctl -u cxbcore@2 -o cat --no-pager | grep -o 'MAX_CONCURRENT_CALLS=2: must be 1' | sort -u)"
call 0.2 /tmp/others; note others "$(cat /tmp/others)"
cat /tmp/env >/etc/cxbcore/env
systemctl restart 'cxbcore@*'
note back "$(prop cxbcore@2 ActiveState)"
`,
    );
    expect(notes['state'], output).toBe('failed 78');
    expect(notes['later']).toBe('failed 0');
    expect(notes['said']).toBe('MAX_CONCURRENT_CALLS=2: must be 1');
    expect(notes['others']).toContain('ready');
    expect(notes['back']).toBe('active');
  });

  it('that cannot warm up yet asks for time, and is ready when it can', async () => {
    const { notes, output } = await inBox(
      opt.path,
      `mkdir -p /etc/systemd/system/cxbcore@.service.d
printf '[Service]\\nTimeoutStartSec=3\\n' >/etc/systemd/system/cxbcore@.service.d/soon.conf
${INSTALLED}
systemctl stop cxbcore@1
chmod 0 /var/lib/cxbcore/journal; mv /var/lib/cxbcore/journal /tmp/journal; : >/var/lib/cxbcore/journal
systemctl start --no-block cxbcore@1
sleep 6
note waiting "$(prop cxbcore@1 ActiveState) $(prop cxbcore@1 NRestarts) $(prop cxbcore@1 StatusText)"
rm /var/lib/cxbcore/journal
until_true is cxbcore@1 ActiveState active
note ready "$(prop cxbcore@1 ActiveState) $(prop cxbcore@1 StatusText)"
`,
    );
    expect(notes['waiting'], output).toMatch(/^activating 0 warming up(, failed \d+ times)?$/);
    expect(notes['ready']).toBe('active free');
  });
});
