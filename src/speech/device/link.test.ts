import { EventEmitter } from 'node:events';
import { expect, test } from 'vitest';
import { linkTo, type SpeechThread } from './link.ts';
import type { ToThread } from './protocol.ts';

/** A thread in small: it notes what it is sent, and answers when it is told to. */
class Thread extends EventEmitter implements SpeechThread {
  readonly sent: ToThread[] = [];
  terminated = false;

  postMessage(message: ToThread): void {
    this.sent.push(message);
  }

  terminate(): Promise<number> {
    this.terminated = true;
    this.emit('exit', 1);
    return Promise.resolve(1);
  }

  answerPings(): void {
    for (const message of this.sent)
      if (message.kind === 'ping') this.emit('message', { kind: 'pong', request: message.request });
  }
}

test('a thread that answers has done everything it was sent before', async () => {
  const thread = new Thread();
  const link = linkTo(thread);
  link.send({ kind: 'reset' });
  const answered = link.answers();
  expect(thread.sent.map(({ kind }) => kind)).toEqual(['reset', 'ping']);
  thread.answerPings();
  await answered;
});

test('a thread that died does not answer, and neither does one that dies while it is asked', async () => {
  const thread = new Thread();
  const link = linkTo(thread);
  const asked = link.answers();
  thread.emit('exit', 1);
  await expect(asked).rejects.toThrow('the speech thread ended with code 1');
  await expect(link.answers()).rejects.toThrow('the speech thread ended with code 1');
});

test('whoever listens hears once that the thread is broken, however many signs of it there are', () => {
  const thread = new Thread();
  const heard: string[] = [];
  linkTo(thread).listen((message) => void heard.push(message.kind));
  thread.emit('error', new Error('out of memory'));
  thread.emit('exit', 1);
  expect(heard).toEqual(['broken']);
});

test('a thread that is closed on purpose is not broken', async () => {
  const thread = new Thread();
  const heard: string[] = [];
  const link = linkTo(thread);
  link.listen((message) => void heard.push(message.kind));
  await link.close();
  expect(thread.terminated).toBe(true);
  expect(heard).toEqual([]);
});
