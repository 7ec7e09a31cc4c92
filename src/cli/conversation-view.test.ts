import { describe, expect, it } from 'vitest';
import { ConversationView, wrap } from './conversation-view.ts';

function setUp(columns = 100) {
  const lines: string[] = [];
  const view = new ConversationView((line) => lines.push(line), {
    label: 'anna',
    paint: 'cyan',
    colour: false,
    columns,
  });
  return { lines, view };
}

describe('a conversation on the terminal', () => {
  it('prints the agent when its words and its sound are both there, with the wait', () => {
    const { lines, view } = setUp();
    view.agentSays('Which day?');
    expect(lines).toEqual([]);
    view.heard({ kind: 'begins', atMs: 2500, delayMs: 412.3 });
    expect(lines).toEqual(['  2.5 s  anna  agent   Which day?  · 412 ms\n']);
  });

  it('goes on below with words that come later, without the wait again', () => {
    const { lines, view } = setUp();
    view.heard({ kind: 'begins', atMs: 1000, delayMs: 300 });
    view.agentSays('One moment.');
    view.agentSays('It is booked.');
    expect(lines.map((line) => line.includes('300 ms'))).toEqual([true, false]);
  });

  it('says how long the agent spoke where its words are not known', () => {
    const { lines, view } = setUp();
    view.heard({ kind: 'begins', atMs: 1000, delayMs: undefined });
    view.heard({ kind: 'ends', fromMs: 1000, toMs: 3400, cut: true });
    expect(lines).toEqual(['  1.0 s  anna  agent   speaks for 2.4 s\n']);
  });

  it('keeps the words of the next reply until that is heard', () => {
    const { lines, view } = setUp();
    view.agentSays('Would you like to book?', 'r1');
    view.heard({ kind: 'begins', atMs: 100, delayMs: undefined });
    view.cutAfter(2600, 'Would you like to');
    view.agentSays('Which day?', 'r2');
    expect(lines).toHaveLength(2);
    expect(lines[1]).toBe('  2.6 s  anna  agent   is interrupted after “… Would you like to”\n');
    view.heard({ kind: 'ends', fromMs: 100, toMs: 2600, cut: true });
    view.heard({ kind: 'begins', atMs: 2700, delayMs: undefined });
    view.agentSays('And what time?', 'r2');
    expect(lines.slice(2).join('')).toContain('Which day?');
  });

  it('shows what was understood only where it is not what was said', () => {
    const { lines, view } = setUp();
    view.caller({ kind: 'says', text: 'on friday', atMs: 0, bargeIn: false });
    view.understood(900, 'On Friday.');
    view.understood(900, 'on monday');
    view.understood(900, undefined);
    expect(lines.slice(1)).toEqual([
      '  0.9 s  anna          understood “on monday”\n',
      '  0.9 s  anna          not understood\n',
    ]);
  });

  it('breaks long lines below their beginning', () => {
    const { lines, view } = setUp(60);
    view.caller({ kind: 'says', text: 'a rather long sentence that does not fit', atMs: 0, bargeIn: true });
    const [first = '', second = ''] = (lines[0] ?? '').split('\n');
    expect(second.search(/\S/)).toBe(first.indexOf('“'));
    expect(second).toContain('interrupts');
  });

  it('never breaks a word', () => {
    expect(wrap('abcdefgh ij k', 4)).toEqual(['abcdefgh', 'ij k']);
  });
});
