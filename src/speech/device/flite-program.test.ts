import { expect, test } from 'vitest';
import { packagedFile } from './flite-module.ts';
import { openProgram } from './flite-program.ts';
import { SOUND_FILE } from './flite-system.ts';

const say = (text: string): string[] => ['flite', '-voice', 'kal', '-t', text, '-o', SOUND_FILE];

test.each([
  ['writes to a file that is not there', ['-voice', 'kal', '-t', 'Hello.', '-o', 'other.wav'], /other\.wav/],
  ['ends before it has spoken', ['--help'], /ended with code 0/],
  ['lists its voices and ends, its memory grown', ['-voice', 'kal', '-lv'], /ended with code 0/],
  ['meets a voice whose data was not loaded', ['-voice', 'slt', '-t', 'Hello.', '-o', SOUND_FILE], /alloc/],
  ['stops half-way', ['-voice', 'kal', '-add_lex', 'x', '-t', 'Hello.'], /cannot open lexicon/],
])('a run that %s is an error and does not spoil the next', async (_what, args, why) => {
  const program = await openProgram(['kal']);
  const expected = program.run(say('Hello.')).slice();
  for (let i = 0; i < 2; i++) {
    expect(() => program.run(['flite', ...args])).toThrow(why);
    expect(program.run(say('Hello.')).slice()).toEqual(expected);
  }
});

test('the program reads and writes no file but its own', async () => {
  const program = await openProgram(['kal']);
  expect(() => program.run(['flite', '-voice', 'kal', '-f', '/etc/hostname', '-o', SOUND_FILE])).toThrow(
    /the voice failed: .*hostname/s,
  );
});

test('a package that is not installed is named, with what to do', () => {
  expect(() => packagedFile('@echogarden/not-there', 'flite.wasm')).toThrow(
    /optional package @echogarden\/not-there, which is not installed: run "npm install/,
  );
});
