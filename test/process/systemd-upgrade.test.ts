import { afterAll, expect, it } from 'vitest';
import { boxFolder, describeInBox, INSTALLED, inBox } from '../support/systemd-box.ts';

/** Another build beside the one that is installed; `$1` is its name. */
const ANOTHER_BUILD = `
another() {
  rm -rf /opt/another; cp -a "$(readlink -f /opt/core)" /opt/another
  echo "{\\"version\\":\\"0.1.0\\",\\"commit\\":\\"$1\\"}" >/opt/another/dist/build.json
}
builds() { as_cxb status --json | grep -o '"build": "[^"]*"' | sort | uniq -c | tr -s ' ' | tr '\\n' ' '; }
`;

/** Calls one after the other until \`stop_calls\`, beside one that lasts. */
const UNDER_CALLS = `
(while [ ! -e /tmp/enough ]; do call 0.3 /tmp/one; cat /tmp/one >>/tmp/calls; done) & stream=$!
call 8 /tmp/long & long=$!
until_true grep -q ready /tmp/long
stop_calls() { : >/tmp/enough; wait $stream; wait $long; note long "$(cat /tmp/long)"; note placed "$(grep -c ready /tmp/calls)"; note cut "$(grep -cE 'error|close 1006' /tmp/calls)"; note refused "$(grep refused /tmp/calls | sort -u)"; }
`;

describeInBox('an upgrade under systemd', () => {
  const opt = boxFolder();
  afterAll(opt.remove);

  it('reaches every seat while calls come and go, and cuts none', async () => {
    const { notes, output } = await inBox(
      opt.path,
      `${INSTALLED}${ANOTHER_BUILD}another new${UNDER_CALLS}
note rc "$(node /opt/another/dist/cli/main.js upgrade --floor 1 >/tmp/log 2>&1; echo $?)"; cat /tmp/log
stop_calls
note builds "$(builds)"
note previous "$(readlink /opt/core-builds/previous | grep -c -v new)"
node /opt/core-builds/previous/dist/cli/main.js upgrade >/tmp/log 2>&1; note back "$(builds)"
`,
    );
    expect(notes['rc'], output).toBe('0');
    expect(notes['builds']).toBe('3 "build": "0.1.0+new"');
    expect(notes['long']).toMatch(/^ready \S+ (end \S+ )?close 1000$/);
    expect(Number(notes['placed'])).toBeGreaterThan(5);
    expect(notes['cut']).toBe('0');
    // With a call in one of three seats and another in its restart, there may be a moment without a free one.
    expect(notes['refused']).toMatch(/^(refused 429)?$/);
    expect(notes['previous']).toBe('1');
    expect(notes['back']).toMatch(/^3 "build": "0\.1\.0\+(?!new)\w+"$/);
  });

  it('that does not come up goes back by itself, with one seat out of use meanwhile', async () => {
    const { notes, output } = await inBox(
      opt.path,
      `${INSTALLED}${ANOTHER_BUILD}another broken
echo 'process.exit(70);' >/opt/another/dist/worker/main.js${UNDER_CALLS}
note rc "$(node /opt/another/dist/cli/main.js upgrade --floor 1 --limit 5 >/tmp/log 2>&1; echo $?)"; cat /tmp/log
stop_calls
until_true is cxbcore@1 ActiveState active; until_true is cxbcore@2 ActiveState active; until_true is cxbcore@3 ActiveState active
note builds "$(builds)"
note core "$(readlink /opt/core | grep -c broken)"
`,
    );
    expect(notes['rc'], output).toBe('1');
    expect(notes['builds']).toMatch(/^3 "build": "0\.1\.0\+(?!broken)\w+"$/);
    expect(notes['core']).toBe('0');
    expect(notes['long']).toMatch(/^ready \S+ (end \S+ )?close 1000$/);
    expect(notes['cut']).toBe('0');
    // With a call in one of three seats and another in its restart, there may be a moment without a free one.
    expect(notes['refused']).toMatch(/^(refused 429)?$/);
  });
});
