import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type BrowserContext, chromium, type Page } from 'playwright-core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { concatSamples } from '../../src/audio/pcm.ts';
import { writeWav } from '../../src/audio/wav.ts';
import type { CallRecord } from '../../src/journal/call-record.ts';
import { until } from '../support/host.ts';
import { describeWith, has } from '../support/programs.ts';
import { freePort, freeWorker } from '../support/worker.ts';
import { PHONE_AGENTS, recording } from './support/phone.ts';
import { KEY, LiveKitServer } from './support/server.ts';

const EXAMPLE = fileURLToPath(new URL('../../examples/widget/server.mjs', import.meta.url));
const RATE = 48_000;
const FLAGS = [
  '--use-fake-ui-for-media-stream',
  '--use-fake-device-for-media-stream',
  '--autoplay-policy=no-user-gesture-required',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** What the visitor says, again and again: the browser repeats its microphone file. */
function microphone(file: string): void {
  const silence = (seconds: number) => new Int16Array(RATE * seconds);
  const samples = concatSamples([
    silence(4),
    recording('cancel', RATE),
    silence(4),
    recording('yes', RATE),
    silence(4),
  ]);
  writeFileSync(file, writeWav({ rate: RATE, channels: [samples] }));
}

/** The loudest sample that the page's loudspeaker gets within a moment. */
function loudness(page: Page): Promise<number> {
  return page.evaluate(`(async () => {
    const audio = document.querySelector('audio');
    if (!audio) return 0;
    globalThis.ears ??= new AudioContext();
    const analyser = globalThis.ears.createAnalyser();
    globalThis.ears.createMediaStreamSource(audio.srcObject).connect(analyser);
    const data = new Float32Array(analyser.fftSize);
    let peak = 0;
    for (let i = 0; i < 20; i++) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      analyser.getFloatTimeDomainData(data);
      for (const sample of data) peak = Math.max(peak, Math.abs(sample));
    }
    return peak;
  })()`);
}

describeWith(has('livekit-server') ? 'chromium' : 'livekit-server')('the widget in a browser', () => {
  let folder: string;
  let server: LiveKitServer;
  let backEnd: ChildProcess | undefined;
  let browser: BrowserContext | undefined;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'cxb-widget-'));
    server = await LiveKitServer.start();
  });
  afterEach(async () => {
    await browser?.close();
    backEnd?.kill();
    await server.stop();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  });

  test('talks to the agent, is understood, and hears it', async () => {
    const port = await freePort();
    const worker = await freeWorker({
      env: {
        CXBCORE_SOCKET: '',
        CXBCORE_PORT: String(port),
        LIVEKIT_URL: server.url,
        LIVEKIT_API_KEY: KEY.key,
        LIVEKIT_API_SECRET: KEY.secret,
        CXBCORE_AGENTS: PHONE_AGENTS,
      },
    });
    backEnd = spawn(process.execPath, [EXAMPLE], {
      env: { ...process.env, CXBCORE_URL: `http://127.0.0.1:${port}`, PORT: '0' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    if (!backEnd.stdout) throw new Error('no output');
    const [address] = (await once(createInterface(backEnd.stdout), 'line')) as [string];
    const wav = join(folder, 'microphone.wav');
    microphone(wav);
    browser = await chromium.launchPersistentContext(join(folder, 'profile'), {
      executablePath: '/usr/bin/chromium',
      headless: true,
      args: [...FLAGS, `--use-file-for-fake-audio-capture=${wav}`],
    });
    const page = await browser.newPage();
    await page.goto(address);
    await page.click('#call');
    const peak = await until(async () => {
      const heard = await loudness(page);
      return heard > 0.02 ? heard : undefined;
    });
    expect(peak).toBeGreaterThan(0.02);
    await page.waitForFunction(`document.querySelector('#state').textContent === 'The call is over.'`, null, {
      timeout: 45_000,
    });
    const { call } = await worker.until(({ state }) => state === 'free');
    expect(call).toBeNull();
    const started = worker.output().match(/"call_id":"(call_[^"]+)"/)?.[1] ?? '';
    const record = JSON.parse(
      readFileSync(join(worker.dataDir, 'records', `${started}.json`), 'utf8'),
    ) as CallRecord;
    expect(record).toMatchObject({
      result: { what: 'cancel', sure: true },
      end: { reason: 'agent.finished' },
    });
  }, 120_000);
});
