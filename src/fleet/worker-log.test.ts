import { appendFileSync, closeSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { parseLogLine, sentence, WorkerLog } from './worker-log.ts';

function openLog(): WorkerLog {
  const folder = mkdtempSync(join(tmpdir(), 'cxb-log-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return new WorkerLog(join(folder, 'logs', 'worker_1.log'));
}

const line = (level: number, msg: string, more = {}) =>
  `${JSON.stringify({ level, time: 'T', msg, ...more })}\n`;

test('only whole lines are read, each once', () => {
  const log = openLog();
  closeSync(log.open());
  appendFileSync(log.path, `${line(30, 'one', { call_id: 'c1' })}${line(30, 'two').slice(0, 10)}`);
  expect(log.read()).toEqual([{ level: 30, message: 'one', fields: { call_id: 'c1' } }]);
  appendFileSync(log.path, line(30, 'two').slice(10));
  expect(log.read().map(({ message }) => message)).toEqual(['two']);
  expect(log.read()).toEqual([]);
});

test('last words are the errors and plain text of the latest process', () => {
  const log = openLog();
  closeSync(log.open());
  appendFileSync(log.path, line(50, 'of the first'));
  closeSync(log.open());
  appendFileSync(
    log.path,
    `${line(30, 'hello')}${line(50, 'no', { error: { message: 'port taken' } })}A setting is wrong\n`,
  );
  expect(log.lastWords()).toBe('no: port taken\nA setting is wrong');
});

test('a new host empties the log of the one before', () => {
  const log = openLog();
  closeSync(log.open());
  appendFileSync(log.path, line(30, 'old'));
  closeSync(new WorkerLog(log.path).open());
  expect(readFileSync(log.path, 'utf8')).toBe('');
});

test('a log file that is gone has nothing to say', () => {
  const log = openLog();
  expect(log.read()).toEqual([]);
  expect(log.lastWords()).toBe('');
});

test('a line that is no log line counts as an error', () => {
  expect(parseLogLine('Segmentation fault')).toEqual({
    level: 50,
    message: 'Segmentation fault',
    fields: {},
  });
  expect(sentence({ level: 40, message: 'late', fields: { why: 'disk' } })).toBe('late: disk');
});
