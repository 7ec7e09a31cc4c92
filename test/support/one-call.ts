import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Agent } from '../../src/agent/agent.ts';
import { openBrain } from '../../src/brains/open.ts';
import type { CallDeps } from '../../src/call/call.ts';
import { noMetrics } from '../../src/call/metrics.ts';
import { readSettings } from '../../src/contract/settings.ts';
import { seededChance } from '../../src/kit/ids.ts';
import { silentLog } from '../../src/kit/log.ts';
import { VirtualClock } from '../../src/kit/virtual-clock.ts';
import type { Engines } from '../../src/ports/engines.ts';
import type { LineFacts } from '../../src/ports/line.ts';
import { CallerScript } from '../../src/testing/caller-script.ts';
import { slowEngines } from '../../src/testing/conversation-engines.ts';
import { FakeLine } from '../../src/testing/fake-line.ts';
import { ScriptedCaller } from '../../src/testing/scripted-caller.ts';

export interface OneCallOptions {
  readonly agent: Agent;
  readonly settings?: Readonly<Record<string, string>>;
  readonly openBrain?: CallDeps['openBrain'];
  readonly engines?: (engines: Engines) => Engines;
  readonly deps?: Partial<CallDeps>;
  readonly dataDir?: string;
  readonly clock?: VirtualClock;
  readonly facts?: Partial<LineFacts>;
}

/** What a call needs, with slow engines on a virtual clock, for tests that open the call themselves. */
export function oneCall(options: OneCallOptions) {
  const dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), 'cxb-call-'));
  const clock = options.clock ?? new VirtualClock();
  const script = new CallerScript(8000);
  const { engines, words } = slowEngines({}, clock, script);
  const facts = { callId: 'call_1', ...options.facts };
  const line = new FakeLine({ clock, script, lexicon: words, facts });
  const deps: CallDeps = {
    clock,
    chance: seededChance(1),
    log: silentLog,
    settings: readSettings(
      { CXBCORE_MODE: 'development', CXBCORE_DATA_DIR: dataDir, ...options.settings },
      'test',
    ),
    build: 'test',
    worker: 1,
    agents: new Map([[options.agent.name, options.agent]]),
    defaultAgent: options.agent.name,
    engines: options.engines ? options.engines(engines) : engines,
    openBrain: options.openBrain ?? openBrain,
    metrics: noMetrics,
    ...options.deps,
  };
  const caller = new ScriptedCaller(clock, line, script);
  return {
    dataDir,
    clock,
    line,
    deps,
    caller,
    clean: () => rmSync(dataDir, { recursive: true, force: true }),
  };
}
