// Makes models/silero-vad/silero-v6-16k.f32 from the published silero_vad_16k_op15.onnx (PyPI wheel silero-vad 6.2.3):
// the numbers the 16 kHz network really uses, in the order silero-weights.ts reads them, as little-endian floats.
// Usage: node scripts/extract-silero.mjs path/to/silero_vad_16k_op15.onnx
//
// Left out, because they never meet anything but zeros when one 32 ms frame is processed alone: the first tap of the
// third convolution and the outer taps of the fourth. Left out, because it is computed: the basis of the Fourier
// transform (a periodic Hann window of 256). The two bias vectors of the LSTM are added up, as every runtime does.
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';

const SOURCE_SHA256 = '7ed98ddbad84ccac4cd0aeb3099049280713df825c610a8ed34543318f1b2c49';
const source = process.argv[2];
if (source === undefined) {
  console.error('name the file: node scripts/extract-silero.mjs path/to/silero_vad_16k_op15.onnx');
  process.exit(2);
}
const bytes = readFileSync(source);
if (sha256(bytes) !== SOURCE_SHA256) {
  console.error(`${source} is not the published silero_vad_16k_op15.onnx of silero-vad 6.2.3`);
  process.exit(1);
}
const tensors = readTensors(bytes);
const parts = [
  ...convolution(0, { inputs: 129, outputs: 128, taps: [0, 1, 2], columns: 392 }),
  ...convolution(1, { inputs: 128, outputs: 64, taps: [0, 1, 2], columns: 384 }),
  ...convolution(2, { inputs: 64, outputs: 64, taps: [1, 2], columns: 128 }),
  ...convolution(3, { inputs: 64, outputs: 128, taps: [1], columns: 64 }),
  ...lstm(),
  tensor('decoder.decoder.2.weight', 128),
  tensor('decoder.decoder.2.bias', 1),
];
const out = Buffer.concat(parts.map((part) => Buffer.from(part.buffer, part.byteOffset, part.byteLength)));
const folder = new URL('../models/silero-vad/', import.meta.url);
writeFileSync(new URL('silero-v6-16k.f32', folder), out);
writeFileSync(new URL('SHA256SUMS', folder), `${sha256(out)}  silero-v6-16k.f32\n`);
console.log(`${out.length / 4} numbers, ${out.length} bytes, sha256 ${sha256(out)}`);

/** A row per output: for each tap in time the inputs at that time, then zeros up to `columns`. */
function convolution(layer, { inputs, outputs, taps, columns }) {
  const weight = tensor(`encoder.${layer}.reparam_conv.weight`, outputs * inputs * 3);
  const matrix = new Float32Array(outputs * columns);
  for (let o = 0; o < outputs; o++) {
    taps.forEach((tap, place) => {
      for (let i = 0; i < inputs; i++) {
        matrix[o * columns + place * inputs + i] = weight[(o * inputs + i) * 3 + tap];
      }
    });
  }
  return [matrix, tensor(`encoder.${layer}.reparam_conv.bias`, outputs)];
}

/** A row per gate and cell, in the order input, forget, candidate, output: 128 weights of the input, 128 of the state. */
function lstm() {
  const input = tensor('decoder.rnn.weight_ih', 512 * 128);
  const state = tensor('decoder.rnn.weight_hh', 512 * 128);
  const inputBias = tensor('decoder.rnn.bias_ih', 512);
  const stateBias = tensor('decoder.rnn.bias_hh', 512);
  const matrix = new Float32Array(512 * 256);
  for (let row = 0; row < 512; row++) {
    matrix.set(input.subarray(row * 128, (row + 1) * 128), row * 256);
    matrix.set(state.subarray(row * 128, (row + 1) * 128), row * 256 + 128);
  }
  return [matrix, inputBias.map((value, i) => value + stateBias[i])];
}

function tensor(name, length) {
  const found = tensors.get(`model.${name}`);
  if (found?.length !== length) throw new Error(`model.${name} should have ${length} numbers`);
  return found;
}

/** The named float tensors of an ONNX file: ModelProto.graph (7), GraphProto.initializer (5), TensorProto name (8), raw_data (9). */
function readTensors(model) {
  const found = new Map();
  for (const graph of fields(model, 7)) {
    for (const item of fields(graph, 5)) {
      const name = Buffer.from(fields(item, 8)[0]).toString();
      const raw = fields(item, 9)[0];
      if (raw) found.set(name, new Float32Array(Uint8Array.from(raw).buffer));
    }
  }
  return found;
}

/** The length-delimited values of one field of a protobuf message. */
function fields(message, wanted) {
  const values = [];
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let shift = 1; ; shift *= 128) {
      const byte = message[at++];
      value += (byte & 127) * shift;
      if (byte < 128) return value;
    }
  };
  while (at < message.length) {
    const key = varint();
    const kind = key % 8;
    if (kind === 0) varint();
    else if (kind === 1) at += 8;
    else if (kind === 5) at += 4;
    else {
      const length = varint();
      if (Math.floor(key / 8) === wanted) values.push(message.subarray(at, at + length));
      at += length;
    }
  }
  return values;
}

function sha256(data) {
  return createHash('sha256').update(data).digest('hex');
}
