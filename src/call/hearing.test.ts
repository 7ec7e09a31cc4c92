import { expect, test } from 'vitest';
import { VirtualClock } from '../kit/virtual-clock.ts';
import { CallerScript } from '../testing/caller-script.ts';
import { loudnessVoiceActivity, slowRecogniser } from '../testing/slow-hearing.ts';
import { CallerAudio } from './caller-audio.ts';
import type { EchoGuard } from './echo.ts';
import { Hearing } from './hearing.ts';
import type { TurnInput } from './turn/events.ts';

test('speech that is the echo of the agent is no speech, and is reported as what it was', async () => {
  const clock = new VirtualClock();
  const audio = new CallerAudio(8000);
  const inputs: TurnInput[] = [];
  const echoes: (readonly number[])[] = [];
  const echo = {
    isEcho: (_power: number, atMs: number) => atMs < 900,
    isEchoText: () => false,
  } as unknown as EchoGuard;
  const hearing = new Hearing({
    clock,
    audio,
    voiceActivity: loudnessVoiceActivity(),
    recogniser: slowRecogniser({ clock, script: new CallerScript(8000) }),
    echo,
    metrics: { count: () => undefined, observe: () => undefined },
    agentText: () => '',
    listener: (input) => inputs.push(input),
    view: undefined,
    onEcho: (fromMs, toMs) => echoes.push([fromMs, toMs]),
    onPort: () => undefined,
  });
  const buzz = Int16Array.from({ length: 1600 }, (_, i) => (i % 20 < 10 ? 8000 : -8000));
  const quiet = new Int16Array(1600);
  for (const [n, samples] of [quiet, buzz, quiet, quiet, quiet, quiet, buzz, quiet].entries()) {
    await clock.runUntil((n + 1) * 200);
    audio.append(n * 1600, samples);
    hearing.hearTo((n + 1) * 1600);
  }
  expect(inputs.map(({ kind }) => kind)).toEqual(['speech-start', 'speech-end']);
  expect(echoes).toHaveLength(1);
  const [[fromMs = 0, toMs = 0] = []] = echoes;
  expect(fromMs).toBeGreaterThan(150);
  expect(toMs).toBeGreaterThan(fromMs);
  expect(toMs).toBeLessThan(500);
});
