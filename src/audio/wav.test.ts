import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeAlaw, encodeMulaw } from './g711.ts';
import { bytesFromSamples } from './pcm.ts';
import { readMonoWav, readWav, WavError, writeWav } from './wav.ts';

const samplesOf = (length: number): fc.Arbitrary<Int16Array> =>
  fc
    .array(fc.integer({ min: -32_768, max: 32_767 }), { minLength: length, maxLength: length })
    .map((list) => Int16Array.from(list));

function chunk(name: string, body: Uint8Array, announced = body.length): Uint8Array {
  const bytes = Buffer.alloc(8 + body.length + (body.length & 1));
  bytes.write(name, 0, 'latin1');
  bytes.writeUInt32LE(announced >>> 0, 4);
  bytes.set(body, 8);
  return bytes;
}

function format(tag: number, channels: number, rate: number, bits: number, extra = 0): Uint8Array {
  const body = Buffer.alloc(16 + extra);
  body.writeUInt16LE(tag, 0);
  body.writeUInt16LE(channels, 2);
  body.writeUInt32LE(rate, 4);
  body.writeUInt32LE((rate * channels * bits) / 8, 8);
  body.writeUInt16LE((channels * bits) / 8, 12);
  body.writeUInt16LE(bits, 14);
  return body;
}

function file(...chunks: Uint8Array[]): Uint8Array {
  const body = Buffer.concat([Buffer.from('WAVE'), ...chunks]);
  return Buffer.concat([Buffer.from(chunk('RIFF', new Uint8Array(0), body.length)), body]);
}

describe('what is written is read back', () => {
  test.each([1, 2, 3])('with %i channels', (channels) => {
    const sounds = fc
      .integer({ min: 0, max: 50 })
      .chain((length) => fc.tuple(...Array.from({ length: channels }, () => samplesOf(length))));
    fc.assert(
      fc.property(sounds, fc.constantFrom(8000, 16_000, 48_000), (sound, rate) => {
        expect(readWav(writeWav({ rate, channels: sound }))).toEqual({ rate, channels: sound });
      }),
    );
  });
});

test('the header of a written file is the 44 bytes every player knows', () => {
  const bytes = Buffer.from(writeWav({ rate: 8000, channels: [Int16Array.of(1, 2)] }));
  expect(bytes.toString('hex')).toBe(
    [
      ['52494646', '28000000', '57415645'],
      ['666d7420', '10000000', '0100', '0100', '401f0000', '803e0000', '0200', '1000'],
      ['64617461', '04000000', '0100', '0200'],
    ]
      .flat()
      .join(''),
  );
});

describe('formats', () => {
  const samples = Int16Array.of(0, 1000, -1000, 32_124);

  test('8-bit samples are unsigned around 128', () => {
    const bytes = file(chunk('fmt ', format(1, 1, 8000, 8)), chunk('data', Uint8Array.of(128, 255, 0)));
    expect(readWav(bytes)).toEqual({ rate: 8000, channels: [Int16Array.of(0, 127 << 8, -32_768)] });
  });

  test('mu-law and A-law are decoded', () => {
    const read = (tag: number, codes: Uint8Array): number[] => [
      ...readMonoWav(file(chunk('fmt ', format(tag, 1, 8000, 8, 2)), chunk('data', codes))).samples,
    ];
    expect(read(7, encodeMulaw(samples))).toEqual([0, 988, -988, 32_124]);
    expect(read(6, encodeAlaw(samples))).toEqual([8, 1008, -1008, 32_256]);
  });

  test('the extensible form is read by the format inside it', () => {
    const body = Buffer.from(format(0xfffe, 1, 16_000, 16, 24));
    body.writeUInt16LE(1, 24);
    const bytes = file(chunk('fmt ', body), chunk('data', bytesFromSamples(samples)));
    expect(readWav(bytes)).toEqual({ rate: 16_000, channels: [samples] });
  });

  test('other chunks are passed over, also those of odd length', () => {
    const bytes = file(
      chunk('LIST', Uint8Array.of(1, 2, 3)),
      chunk('fmt ', format(1, 1, 8000, 16)),
      chunk('fact', Uint8Array.of(1, 2, 3, 4)),
      chunk('data', bytesFromSamples(samples)),
    );
    expect(readMonoWav(bytes)).toEqual({ rate: 8000, samples });
  });

  test('a file written to a pipe, of unknown length, is read to its end', () => {
    const data = chunk('data', bytesFromSamples(samples), 0xffff_ffff);
    expect(readMonoWav(file(chunk('fmt ', format(1, 1, 8000, 16)), data)).samples).toEqual(samples);
  });
});

describe('files that are refused, and why', () => {
  const data = chunk('data', new Uint8Array(4));
  test.each([
    ['nothing', new Uint8Array(0), /not a WAV file/],
    ['text', Buffer.from('hello, this is text'), /not a WAV file/],
    ['no samples', file(chunk('fmt ', format(1, 1, 8000, 16))), /no "data" chunk/],
    ['samples before their format', file(data), /before their format/],
    ['a short format', file(chunk('fmt ', new Uint8Array(8)), data), /"fmt " chunk is damaged/],
    ['24 bits', file(chunk('fmt ', format(1, 1, 8000, 24)), data), /24-bit PCM are not read; convert/],
    ['floats', file(chunk('fmt ', format(3, 1, 8000, 32)), data), /32-bit format 3 are not read/],
    ['no channel', file(chunk('fmt ', format(1, 0, 8000, 16)), data), /0 channels/],
    ['too many channels', file(chunk('fmt ', format(1, 9, 8000, 16)), data), /9 channels/],
    ['a rate of zero', file(chunk('fmt ', format(1, 1, 0, 16)), data), /at 0 samples/],
    [
      'a file cut short',
      file(chunk('fmt ', format(1, 1, 8000, 16)), chunk('data', new Uint8Array(4), 400)),
      /cut short: 400 bytes of sound announced, 4 there/,
    ],
  ])('%s', (_what, bytes, why) => {
    expect(() => readWav(bytes)).toThrow(why);
  });

  test('more than one channel where one is expected', () => {
    const stereo = writeWav({ rate: 8000, channels: [new Int16Array(2), new Int16Array(2)] });
    expect(() => readMonoWav(stereo)).toThrow(/2 channels; one is expected/);
  });

  test('channels of different length are not written', () => {
    const channels = [new Int16Array(2), new Int16Array(3)];
    expect(() => writeWav({ rate: 8000, channels })).toThrow(RangeError);
    expect(() => writeWav({ rate: 8000, channels: [] })).toThrow(RangeError);
  });
});

test('damaged bytes give a sound or a WavError, nothing else', () => {
  const good = writeWav({ rate: 8000, channels: [Int16Array.from({ length: 40 }, (_, i) => i)] });
  const damage = fc.array(
    fc.record({ at: fc.nat({ max: good.length - 1 }), byte: fc.integer({ min: 0, max: 255 }) }),
    { minLength: 1, maxLength: 6 },
  );
  fc.assert(
    fc.property(damage, fc.nat({ max: good.length }), (changes, length) => {
      const bytes = good.slice(0, length);
      for (const { at, byte } of changes) if (at < length) bytes[at] = byte;
      try {
        const { channels } = readWav(bytes);
        expect(channels.every((channel) => channel.length <= length)).toBe(true);
      } catch (error) {
        expect(error).toBeInstanceOf(WavError);
      }
    }),
    { numRuns: 2000 },
  );
});
