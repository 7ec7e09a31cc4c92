import { defineAgent, hear, script, tool, transfer } from 'cxbcore';
import { runConversation } from 'cxbcore/testing';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';

/** The parts of a state that the example agents do not use. */

const WALL_MS = Date.UTC(2026, 4, 5, 14, 0, 0);

const garage = defineAgent({
  name: 'garage',
  timeZone: 'UTC',
  greeting: ({ vars, line }) => `Hello ${vars.name ?? 'there'} from ${line.from ?? 'nowhere'}.`,
  vars: z.object({ name: z.string().optional() }),
  brain: script({
    slots: {
      want: hear.choice({ parts: ['parts'], repair: ['repair'], legal: ['legal'], broken: ['broken'] }),
      sure: hear.yesNo(),
    },
    start: 'want',
    person: 'tel:+15550100',
    message: false,
    phrases: { notUnderstood: 'Pardon?', nobody: 'The office is closed.' },
    states: {
      want: {
        forget: ['want'],
        say: 'Parts, repair, legal, or broken?',
        hear: 'want',
        next: ({ want }) => want ?? 'want',
      },
      parts: {
        say: 'I am connecting you to our parts desk.',
        transfer: transfer({ to: 'sip:parts@example.com', ringS: 10 }),
        next: (_slots, answered) => (answered.ok ? 'end' : 'closed'),
      },
      closed: { say: 'The parts desk does not answer. Goodbye.', next: 'end' },
      repair: {
        confirm: 'A repair costs fifty dollars. Shall we go on?',
        refused: 'want',
        next: 'thanks',
      },
      thanks: { say: 'Thank you. Goodbye.', next: 'end' },
      legal: {
        say: 'This call may be recorded for the improvement of our service.',
        uninterruptible: true,
        next: 'want2',
      },
      want2: { forget: ['want'], say: 'Parts or repair?', hear: 'want', next: ({ want }) => want ?? 'want' },
      broken: {
        run: tool({
          name: 'broken',
          description: 'Fails',
          inputSchema: z.object({}),
          execute: () => {
            throw new Error('no database');
          },
        }),
        next: 'thanks',
      },
    },
  }),
});

type Options = Parameters<typeof runConversation>[0];
const call = (caller: Options['caller'], options: Partial<Options> = {}) =>
  runConversation({ agent: garage, wallMs: WALL_MS, ...options, caller });

describe('a greeting', () => {
  it('knows the values of the start and the number of the caller', async () => {
    const { heard } = await call((caller) => caller.hears('or broken?').then(() => caller.hangsUp()), {
      facts: { vars: { name: 'Ada' }, from: '+15550123' },
    });
    expect(heard).toMatch(/^Hello Ada from 1 5 5 5 0 1 2 3\. /);
  });
});

describe('a state that hands the call on', () => {
  it('ends the call when somebody answers', async () => {
    const { reason } = await call(
      async (caller) => {
        await caller.hears('or broken?');
        await caller.says('parts');
        await caller.hears('parts desk.');
      },
      { transfer: { kind: 'answers', afterMs: 2000 } },
    );
    expect(reason).toBe('agent.transferred');
  });

  it('goes on when nobody answers, or the line cannot transfer', async () => {
    for (const transfer of [{ kind: 'rings' } as const, undefined]) {
      const { reason } = await call(
        async (caller) => {
          await caller.hears('or broken?');
          await caller.says('parts');
          await caller.hears('The parts desk does not answer. Goodbye.', 20_000);
        },
        transfer ? { transfer } : {},
      );
      expect(reason).toBe('agent.finished');
    }
  });
});

it('a refused question leads where the script says', async () => {
  const { reason } = await call(async (caller) => {
    await caller.hears('or broken?');
    await caller.says('repair');
    await caller.hears('Shall we go on?');
    await caller.says('no thanks');
    await caller.hears('or broken?');
    await caller.says('goodbye');
  });
  expect(reason).toBe('agent.finished');
});

it('what must be heard is not interrupted', async () => {
  const { heard } = await call(async (caller) => {
    await caller.hears('or broken?');
    await caller.says('legal');
    await caller.hears('This call may');
    await caller.says('parts parts parts');
    await caller.hears('improvement of our service.');
    caller.hangsUp();
  });
  expect(heard).toContain('This call may be recorded for the improvement of our service.');
});

it('a fixed next state is not taken when the tool failed', async () => {
  const { heard, reason, tools } = await call(async (caller) => {
    await caller.hears('or broken?');
    await caller.says('broken');
    await caller.hears('I am sorry, that did not work. The office is closed. Please call again. Goodbye.');
  });
  expect(heard).not.toContain('Thank you');
  expect(reason).toBe('agent.finished');
  expect(tools).toMatchObject([{ outcome: { ok: false, error: 'no database' } }]);
});

it('the sentences of the script can be replaced, and without a message the caller is let go', async () => {
  const { reason } = await call(async (caller) => {
    await caller.hears('or broken?');
    await caller.coughs(900);
    await caller.hears('Pardon?');
    await caller.hears('or broken.');
    await caller.coughs(900);
    await caller.hears('or four for broken.');
    await caller.coughs(900);
    await caller.hears('The office is closed. Please call again. Goodbye.');
  });
  expect(reason).toBe('caller.not_understood');
});
