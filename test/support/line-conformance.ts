import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Line } from '../../src/ports/line.ts';
import { LineEvents } from './line-events.ts';

/** The far end of a line, in words that every carrier has. */
export interface FarEnd {
  media(samples: Int16Array): void;
  dtmf(digit: string): void;
  stop(): void;
  /** Says that the mark has been reached. */
  echo(mark: string): void;
  /** What the line sends next: audio (decoded), a mark by its wire name, or a clear. Other messages are passed over. */
  next(): Promise<{ audio: Int16Array } | { mark: string } | { clear: true }>;
  /** Closes in the WebSocket's own way. */
  close(): void;
  /** Sends a close frame, and then neither reads nor closes. */
  closeHalf(): void;
  /** Vanishes without a word. */
  vanish(): void;
  /** Reads nothing any more, and so does not answer a close either. */
  deafen(): void;
  /** Sends something and waits until the line has read it, so that everything before it has been read too. */
  settled(): Promise<void>;
  readonly closed: Promise<{ readonly code: number }>;
}

export interface Connected {
  readonly line: Line;
  readonly far: FarEnd;
  /** Moves the line's clock. */
  readonly pass: (ms: number) => Promise<void>;
  readonly release: () => void;
}

function tone(count: number, rate: number): Int16Array {
  return Int16Array.from({ length: count }, (_, i) =>
    Math.round(8000 * Math.sin((2 * Math.PI * 440 * i) / rate)),
  );
}

/** What `ports/line` promises, run against a real connection of one carrier. */
export function describeLine(name: string, connect: () => Promise<Connected>): void {
  describe(`a ${name} line`, () => {
    let connected: Connected;
    let line: Line;
    let far: FarEnd;

    beforeEach(async () => {
      connected = await connect();
      ({ line, far } = connected);
    });
    afterEach(() => connected.release());

    const frame = () => tone(line.facts.rate / 50, line.facts.rate);

    test('keeps what came before it was opened, and reports it first, in order', async () => {
      far.media(frame());
      far.dtmf('5');
      far.media(frame());
      await far.settled();
      const events = new LineEvents(line);
      far.dtmf('6');
      await events.next('dtmf');
      expect((await events.next('dtmf')).digit).toBe('6');
      expect(events.kinds().filter((kind) => kind !== 'alive')).toEqual(['media', 'dtmf', 'media', 'dtmf']);
    });

    test('places audio without a gap one after the other, every sample of it', async () => {
      const events = new LineEvents(line);
      for (let i = 0; i < 10; i++) far.media(frame());
      let end = 0;
      for (let i = 0; i < 10; i++) {
        const media = await events.next('media');
        expect(media.at).toBe(end);
        end += media.samples.length;
      }
      expect(end).toBe(frame().length * 10);
    });

    test('carries audio both ways as it is, but for the codec', async () => {
      const events = new LineEvents(line);
      const sent = frame();
      far.media(sent);
      line.send(sent, 0);
      const heard = (await events.next('media')).samples;
      const played = await far.next();
      for (const samples of [heard, 'audio' in played ? played.audio : new Int16Array()]) {
        expect(samples).toHaveLength(sent.length);
        // Mu-law is off by up to an eighth of a step, which is 256 at this level.
        for (let i = 0; i < sent.length; i++)
          expect(Math.abs((samples[i] ?? 0) - (sent[i] ?? 0))).toBeLessThan(260);
      }
    });

    test('answers each mark once, as played, whatever the far end repeats or invents', async () => {
      const events = new LineEvents(line);
      for (const mark of ['m1', 'm2']) {
        line.send(frame(), 0);
        line.mark(mark, 0);
      }
      for (let marks = 0; marks < 2; ) {
        const sent = await far.next();
        if (!('mark' in sent)) continue;
        far.echo(sent.mark);
        far.echo(sent.mark);
        marks++;
      }
      far.echo('never sent');
      await far.settled();
      const marks = events.all.filter((event) => event.kind === 'mark');
      expect(marks).toEqual([
        { kind: 'mark', leg: 'caller', name: 'm1', generation: 0, how: 'played' },
        { kind: 'mark', leg: 'caller', name: 'm2', generation: 0, how: 'played' },
      ]);
    });

    test('reports marks that come back after a flush as cleared, and newer ones as played', async () => {
      const events = new LineEvents(line);
      line.send(frame(), 0);
      line.mark('old', 0);
      line.flush(1);
      line.send(frame(), 1);
      line.mark('new', 1);
      const names: string[] = [];
      for (let cleared = false; names.length < 2; ) {
        const sent = await far.next();
        if ('clear' in sent) cleared = true;
        if ('mark' in sent) {
          names.push(sent.mark);
          expect(cleared).toBe(names.length === 2);
        }
      }
      for (const name of names) far.echo(name);
      expect(await events.next('mark')).toMatchObject({ name: 'old', generation: 0, how: 'cleared' });
      expect(await events.next('mark')).toMatchObject({ name: 'new', generation: 1, how: 'played' });
    });

    test('sends nothing of a generation that was flushed, and answers its marks as cleared', async () => {
      const events = new LineEvents(line);
      line.flush(3);
      line.send(frame(), 2);
      line.mark('late', 2);
      expect(events.all).toEqual([]); // never from within a call of ours
      line.send(frame().subarray(0, 8), 3);
      expect(await far.next()).toEqual({ clear: true });
      const sent = await far.next();
      expect('audio' in sent && sent.audio).toHaveLength(8);
      expect(await events.next('mark')).toMatchObject({ name: 'late', generation: 2, how: 'cleared' });
    });

    test('ends once when the far end says stop and closes, and reports nothing after it', async () => {
      const events = new LineEvents(line);
      far.media(frame());
      far.stop();
      far.media(frame());
      far.stop();
      far.close();
      await far.closed;
      expect(await events.next('end')).toMatchObject({ leg: 'caller', reason: 'caller.hung_up' });
      await line.end('caller.hung_up');
      expect(events.kinds()).toEqual(['media', 'end']);
    });

    test('ends when the far end closes without a word before, or vanishes', async () => {
      const events = new LineEvents(line);
      far.vanish();
      expect(await events.next('end')).toMatchObject({ reason: 'caller.hung_up' });
      connected.release();
      connected = await connect();
      const others = new LineEvents(connected.line);
      connected.far.close();
      expect(await others.next('end')).toMatchObject({ reason: 'caller.hung_up' });
    });

    test('ends when the far end says that it closes, even if its connection stays open', async () => {
      const events = new LineEvents(line);
      far.closeHalf();
      expect(await events.next('end')).toMatchObject({ reason: 'caller.hung_up' });
    }, 15_000);

    test('that we end closes normally, reports no end of its own, and does nothing any more', async () => {
      const events = new LineEvents(line);
      const ending = line.end('agent.finished');
      expect(line.end('bug.internal')).toBe(ending);
      line.send(frame(), 0);
      line.mark('m', 0);
      line.flush(1);
      line.dtmf('1');
      line.tell({ kind: 'ready', callId: 'c' });
      line.transfer('tel:1', 'cold');
      line.ping();
      expect(await far.closed).toMatchObject({ code: 1000 });
      await ending;
      await expect(far.next()).rejects.toThrow('closed');
      expect(events.all).toEqual([]);
    });

    test('gives up within a second on a far end that does not close', async () => {
      const events = new LineEvents(line);
      far.media(frame());
      await events.next('media');
      far.deafen();
      const ended = { yes: false };
      const ending = line.end('agent.finished').then(() => (ended.yes = true));
      await connected.pass(1000);
      await ending;
      expect(ended.yes).toBe(true);
    });

    test('answers a ping of ours as a sign of life', async () => {
      const events = new LineEvents(line);
      line.ping();
      expect(await events.next('alive')).toEqual({ kind: 'alive', leg: 'caller' });
    });

    test('says that a transfer failed, because it cannot', async () => {
      const events = new LineEvents(line);
      expect(line.facts.can.transfer).toBe('none');
      line.transfer('tel:+15550100', 'warm');
      expect(await events.next('transfer')).toMatchObject({ state: 'failed' });
    });
  });
}
