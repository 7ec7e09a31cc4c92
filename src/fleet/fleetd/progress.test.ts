import { expect, test } from 'vitest';
import type { JournalLine } from '../../journal/lines.ts';
import { Progress } from './progress.ts';

const line = (end: number, value: object, incarnation = 1) => ({
  incarnation,
  end,
  line: value as JournalLine,
});
const said = (end: number, from: number, ...texts: string[]) =>
  line(end, {
    kind: 'state',
    conversation: {
      from,
      items: texts.map((text) => ({ id: text, kind: 'caller', text, from: 0, to: 8000 })),
    },
  });
const ended = line(400, { kind: 'end', reason: 'agent.finished' });

test('what was said, what happened and the end come as events with their place in the journal', () => {
  const progress = new Progress(undefined);
  const dialled = line(100, { kind: 'event', what: 'dialled', wall_ms: 0, detail: { to: 'x' } });
  expect(progress.tell([dialled, said(200, 0, 'Hello.', 'Yes.')])).toBe(
    'id: 1.100.1\nevent: event\ndata: {"what":"dialled","at":"1970-01-01T00:00:00.000Z","detail":{"to":"x"}}\n\n' +
      'id: 1.200.1\nevent: said\ndata: {"index":0,"who":"caller","text":"Hello.","from_ms":0,"to_ms":1000}\n\n' +
      'id: 1.200.2\nevent: said\ndata: {"index":1,"who":"caller","text":"Yes.","from_ms":0,"to_ms":1000}\n\n',
  );
  expect(progress.over).toBe(false);
  expect(progress.tell([ended])).toBe('id: 1.400.1\nevent: end\ndata: {"reason":"agent.finished"}\n\n');
  expect(progress.over).toBe(true);
});

test('an item that is replaced is taken back and told again', () => {
  const progress = new Progress(undefined);
  progress.tell([said(100, 0, 'One.', 'Two.')]);
  const text = progress.tell([said(200, 1, 'Three.')]);
  expect(text.match(/^(event|data): .*$/gm)).toEqual([
    'event: unsaid',
    'data: {"from":1}',
    'event: said',
    expect.stringContaining('"index":1,"who":"caller","text":"Three."'),
  ]);
  expect(progress.tell([said(300, 1)])).toContain('event: unsaid\ndata: {"from":1}');
});

test('whoever comes back gets what came after the event it has, also in the middle of a line and in another worker', () => {
  const all = [
    said(200, 0, 'One.', 'Two.', 'Three.'),
    line(100, { kind: 'open', line: {} }, 2),
    said(150, 3, 'Four.'),
  ];
  const lines = all.map((one, i) => (i === 2 ? { ...one, incarnation: 2 } : one));
  const whole = new Progress(undefined).tell(lines);
  const ids = [...whole.matchAll(/^id: (.*)$/gm)].map(([, id]) => id);
  expect(ids).toEqual(['1.200.1', '1.200.2', '1.200.3', '2.150.1']);
  for (const id of ids) {
    const rest = whole.slice(whole.indexOf('\n\n', whole.indexOf(`id: ${id}\n`)) + 2);
    expect(new Progress(id).tell(lines)).toBe(rest);
  }
});

test('a line break in what was said stays inside its event', () => {
  expect(new Progress(undefined).tell([said(9, 0, 'a\n\nevent: end')]).match(/^event: /gm)).toHaveLength(1);
});

test.each(['', 'x', '1', '1.2', '-1.2.3', '1.2.3.4', '1.99999999999999.1'])(
  'an id that is none of ours (%s) counts as none',
  (id) => {
    expect(new Progress(id).tell([ended])).toContain('event: end');
  },
);
