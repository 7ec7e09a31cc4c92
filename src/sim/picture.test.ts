import { describe, expect, it } from 'vitest';
import type { ConversationReport } from './conversation-report.ts';
import { pictureSvg } from './picture.ts';
import { pictureText } from './picture-text.ts';

const RATE = 8000;

const report: ConversationReport = {
  protocol: 'twilio',
  call_id: 'CA1',
  duration_ms: 10_000,
  end: { by: 'agent', reason: 'agent.finished', close_code: 1000 },
  caller: { how: 'done', why: null },
  first_audio_ms: 30,
  first_sound_ms: 40,
  turns: [
    { who: 'agent', from_ms: 0, to_ms: 2000 },
    { who: 'caller', from_ms: 3000, to_ms: 4000, text: 'rock & <roll>' },
    { who: 'agent', from_ms: 4500, to_ms: 6000 },
    { who: 'caller', from_ms: 5500, to_ms: 7000, text: 'stop', barge_in: true },
  ],
  responses: [{ to: 'speech', caller_end_ms: 4000, how: 'answered', first_sound_ms: 4500, delay_ms: 500 }],
  barge_ins: [{ by: 'speech', onset_ms: 5500, silent_ms: 5760, delay_ms: 260 }],
  underruns: [{ at_ms: 5000, ms: 20 }],
  agent_speech_ms: 3500,
  transcript: [],
  faults: [],
};

function tone(fromMs: number, toMs: number): Int16Array {
  const samples = new Int16Array(RATE * 10);
  for (let i = fromMs * 8; i < toMs * 8; i++) samples[i] = i % 2 ? 9000 : -9000;
  return samples;
}

const source = {
  title: 'Anna & the clinic',
  rate: RATE,
  caller: tone(3000, 4000),
  agent: tone(0, 2000),
  report,
  agentTexts: [
    { fromMs: 0, text: 'Hello.' },
    { fromMs: 4500, text: 'Which day?' },
  ],
};

describe('the picture of a call', () => {
  it('shows both voices, the words, the waits and the interruptions as well-formed SVG', () => {
    const svg = pictureSvg(source);
    expect(svg.match(/<polygon/g)).toHaveLength(2);
    expect(svg).toContain('“rock &amp; &lt;roll&gt;”');
    expect(svg).toContain('Anna &amp; the clinic');
    expect(svg).toContain('“Which day?”');
    expect(svg).toContain('500 ms</text>');
    expect(svg).toContain('silent after 260 ms');
    expect(svg).toContain('silence of 20 ms inside speech');
    expect(svg.match(/<text/g)?.length).toBe(svg.match(/<\/text>/g)?.length);
    expect(svg).not.toMatch(/NaN|undefined|Infinity/);
  });

  it('can be drawn of a call in which nothing was said', () => {
    const empty = { ...report, duration_ms: 0, turns: [], responses: [], barge_ins: [], underruns: [] };
    const svg = pictureSvg({ ...source, caller: new Int16Array(0), agent: new Int16Array(0), report: empty });
    expect(svg).not.toMatch(/NaN|undefined|Infinity/);
  });

  it('fits a terminal of any width, voices above the marks', () => {
    for (const columns of [20, 80, 200]) {
      const { time, caller, agent, marks } = pictureText(source, columns);
      expect([time.length, caller.length, agent.length, marks.length]).toEqual(Array(4).fill(columns));
    }
    const { caller, agent, marks } = pictureText(source, 100);
    expect(agent.slice(0, 20)).not.toContain(' ');
    expect(agent.slice(20).trim()).toBe('');
    expect(caller.slice(0, 30).trim()).toBe('');
    expect(marks.indexOf('└')).toBe(40);
    expect(marks.indexOf('┘')).toBe(45);
    expect(marks.indexOf('✂')).toBe(57);
  });
});
