import type { Clock } from '../kit/clock.ts';
import type { Log } from '../kit/log.ts';
import type { Engines } from '../ports/engines.ts';
import type { RecogniserEngine } from '../ports/recogniser.ts';
import type { VoiceEngine } from '../ports/voice.ts';
import type { DeviceSpeech } from './device/open.ts';
import { openNoRecogniser, openNoVoice } from './none.ts';

/** The engine part of a voice's name: `device` of `device/slt`. */
function engineOf(voice: string): string {
  return voice.split('/', 1)[0] ?? voice;
}

/** An agent asked for an engine that this build does not have. */
export class UnknownEngine extends Error {
  constructor(what: 'recogniser' | 'voice', name: string, known: readonly string[]) {
    super(
      `there is no ${what} named "${name}"; this build has ${known.map((known) => `"${known}"`).join(', ')}: ` +
        `change the agent's ${what === 'recogniser' ? 'stt' : 'tts'}`,
    );
    this.name = 'UnknownEngine';
  }
}

const RECOGNISERS = ['device', 'none'];
const VOICES = ['device/slt', 'device/rms', 'device/awb', 'device/kal', 'none'];

/**
 * Opens what the agents of this process need, and nothing else: the device engines cost about 90 MB, so they are
 * imported only when some agent names them.
 *
 * @param needs names of recognisers (an agent's `stt`) and voices (an agent's `tts`)
 * @throws UnknownEngine, or an error that names the package to install
 */
export async function openEngines(
  needs: { readonly stt: readonly string[]; readonly tts: readonly string[] },
  deps: { readonly clock: Clock; readonly log: Log },
): Promise<Engines> {
  for (const name of needs.stt)
    if (!RECOGNISERS.includes(name)) throw new UnknownEngine('recogniser', name, RECOGNISERS);
  for (const name of needs.tts) if (!VOICES.includes(name)) throw new UnknownEngine('voice', name, VOICES);

  const { loadSilero } = await import('./device/silero.ts');
  const voiceActivity = await loadSilero();
  const deviceVoices = needs.tts.filter((name) => engineOf(name) === 'device');
  const hears = needs.stt.includes('device');
  let device: DeviceSpeech | undefined;
  if (hears || deviceVoices.length > 0) {
    const { openDeviceSpeech } = await import('./device/open.ts');
    device = await openDeviceSpeech({
      hears,
      voices: deviceVoices.map((name) => name.slice('device/'.length)),
      ...deps,
    });
  }
  return assemble(voiceActivity, device);
}

function assemble(voiceActivity: Engines['voiceActivity'], device: DeviceSpeech | undefined): Engines {
  const recognisers = new Map<string, RecogniserEngine>([['none', openNoRecogniser()]]);
  const voices = new Map<string, VoiceEngine>([['none', openNoVoice()]]);
  if (device?.recogniser) recognisers.set('device', device.recogniser);
  if (device?.voice) voices.set('device', device.voice);
  return {
    voiceActivity,
    recogniser(name) {
      const engine = recognisers.get(name);
      if (!engine) throw new UnknownEngine('recogniser', name, [...recognisers.keys()]);
      return engine;
    },
    voice(name) {
      const engine = voices.get(engineOf(name));
      if (!engine) throw new UnknownEngine('voice', name, [...voices.keys()]);
      return engine;
    },
    async reset() {
      for (const engine of recognisers.values()) engine.reset();
      await device?.answers();
    },
    onBroken: (listener) => device?.onBroken(listener),
    async close() {
      await device?.close();
    },
  };
}
