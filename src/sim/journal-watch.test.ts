import { describe, expect, it } from 'vitest';
import { type JournalNews, JournalReader } from './journal-watch.ts';

function read(lines: readonly object[]): JournalNews[] {
  const news: JournalNews[] = [];
  const reader = new JournalReader((item) => news.push(item));
  for (const line of lines) reader.line(JSON.stringify(line));
  return news;
}

const part = (reply: string, text: string) => ({
  kind: 'port',
  port: 'brain',
  t: 1,
  event: { reply, kind: 'text', text },
});
const input = (event: object) => ({ kind: 'in', n: 1, t: 1, event });

describe('the journal of a running call', () => {
  it('tells the words of a reply once it is heard, and the later ones at once', () => {
    const news = read([
      part('r1', 'Hello.'),
      input({ kind: 'sounding', reply: 'r1' }),
      part('r1', ' Which day?'),
    ]);
    expect(news).toEqual([
      { kind: 'agent', reply: 'r1', text: 'Hello.' },
      { kind: 'agent', reply: 'r1', text: ' Which day?' },
    ]);
  });

  it('tells nothing of a reply that was thought of and never said', () => {
    expect(read([part('r1', 'Maybe.'), input({ kind: 'reply-over', reply: 'r1', how: 'dropped' })])).toEqual(
      [],
    );
  });

  it('tells what was understood, but not the echo of the agent and no secrets', () => {
    const news = read([
      input({ kind: 'final', stretch: 's1', text: 'friday', echo: false }),
      input({ kind: 'final', stretch: 's2', text: 'hello', echo: true }),
      input({ kind: 'final', stretch: 's3', text: { redacted: 'digits', length: 4 }, echo: false }),
      input({ kind: 'unclear', stretch: 's4' }),
      { kind: 'end', reason: 'agent.finished', wall_ms: 1 },
    ]);
    expect(news).toEqual([
      { kind: 'heard', text: 'friday' },
      { kind: 'heard', text: '[digits]' },
      { kind: 'unclear' },
      { kind: 'end', reason: 'agent.finished' },
    ]);
  });

  it('tells what the ledger says of a reply', () => {
    const event = { kind: 'ledger', reply: 'r1', sent: 900, confirmed: 250, heard: 480 };
    expect(read([{ kind: 'port', port: 'line', t: 1, event }])).toEqual([
      { kind: 'ledger', reply: 'r1', heardMs: 480 },
    ]);
  });

  it('leaves lines alone that it does not know, or that are none', () => {
    const news: JournalNews[] = [];
    const reader = new JournalReader((item) => news.push(item));
    for (const line of ['', '{', '[]', '{"kind":"new"}', '{"kind":"in"}']) reader.line(line);
    expect(news).toEqual([]);
  });
});
