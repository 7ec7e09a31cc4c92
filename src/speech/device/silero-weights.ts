import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { packageRoot } from '../../kit/entry.ts';
import { type WasmMemory, wasm } from '../../kit/wasm.ts';
import { MATVEC_BASE64 } from './matvec-bytes.ts';

const FILE = `${packageRoot}models/silero-vad/silero-v6-16k.f32`;
const FILE_BYTES = 892_932;
const SHA256 = '561f4c04eda5854ffdf1c602a02f4e236519d5b2a11a53e8081ade59f74a467e';

/** A layer's shape: `columns` is a multiple of 4, the last inputs of a row may be padding with weight 0. */
interface Shape {
  readonly rows: number;
  readonly columns: number;
}

/**
 * The network of Silero VAD v6 for 16 kHz, seen as matrices. One 32 ms frame is four spectra of 129 magnitudes; the
 * convolutions run over three neighbours in time (the second and third at every other time), so four spectra become
 * four, two, one and one vectors of features. Then an LSTM of 128 cells, and one weight per cell.
 */
const LAYERS = {
  /** Three spectra to 128 features; 387 inputs, rows padded to 392. */
  spectra: { rows: 128, columns: 392 },
  /** Three times 128 features to 64. */
  narrow: { rows: 64, columns: 384 },
  /** Two times 64 features to 64; the third neighbour lies outside the frame. */
  join: { rows: 64, columns: 128 },
  /** 64 features to 128; both neighbours lie outside the frame. */
  widen: { rows: 128, columns: 64 },
  /** 128 features and 128 cell outputs to the gates input, forget, candidate, output of 128 cells. */
  lstm: { rows: 512, columns: 256 },
} as const satisfies Record<string, Shape>;

type LayerName = keyof typeof LAYERS;

/** The loaded network: its memory, and one function that runs a layer. */
export interface Network {
  /** The memory as floats; the first `scratch` of them are the weights. */
  readonly floats: Float32Array;
  /** The first free place in `floats`, in floats. */
  readonly scratch: number;
  /** Output layer: one weight per cell, and the constant. */
  readonly output: { readonly weights: Float32Array; readonly bias: number };
  /** y = W x + b, negative results replaced by 0 unless the layer is the LSTM; places in floats. */
  readonly run: (layer: LayerName, x: number, y: number) => void;
}

type Matvec = (
  rows: number,
  columns: number,
  w: number,
  b: number,
  x: number,
  y: number,
  floor: number,
) => void;

/** Reads the weights into the memory of the kernel. Throws an Error that names the file when it is missing or damaged. */
export async function loadNetwork(): Promise<Network> {
  // Scratch space: 16 KiB are more than the 1 800 floats of one frame's features.
  const memory = new wasm.Memory({ initial: Math.ceil((FILE_BYTES + 16_384) / 65_536) });
  await readWeights(new Uint8Array(memory.buffer, 0, FILE_BYTES));
  const matvec = await compileMatvec(memory);
  const floats = new Float32Array(memory.buffer);

  const places = new Map<LayerName, { readonly w: number; readonly b: number }>();
  let at = 0;
  for (const [name, { rows, columns }] of Object.entries(LAYERS) as [LayerName, Shape][]) {
    places.set(name, { w: at * 4, b: (at + rows * columns) * 4 });
    at += rows * (columns + 1);
  }
  const output = { weights: floats.slice(at, at + 128), bias: floats[at + 128] as number };
  at += 129;
  if (at * 4 !== FILE_BYTES) throw new Error(`${FILE} does not have the layout of the network`);

  return {
    floats,
    scratch: Math.ceil(at / 4) * 4,
    output,
    run(layer, x, y) {
      const { rows, columns } = LAYERS[layer];
      const { w, b } = places.get(layer) as { w: number; b: number };
      matvec(rows, columns, w, b, x * 4, y * 4, layer === 'lstm' ? -Infinity : 0);
    },
  };
}

/** The kernel of matvec.wat, working in this memory. */
export async function compileMatvec(memory: WasmMemory): Promise<Matvec> {
  const module = await wasm.compile(Buffer.from(MATVEC_BASE64, 'base64'));
  const { exports } = new wasm.Instance(module, { env: { memory } });
  return exports['matvec'] as Matvec;
}

/** Reads the file straight to where it is used, so that no second copy of it lingers. */
async function readWeights(into: Uint8Array): Promise<void> {
  try {
    const file = await open(FILE);
    try {
      await file.read(into, 0, FILE_BYTES, 0);
    } finally {
      await file.close();
    }
  } catch (cause) {
    throw new Error(`the voice-activity model ${FILE} cannot be read: install the package again`, { cause });
  }
  if (createHash('sha256').update(into).digest('hex') !== SHA256) {
    throw new Error(`the voice-activity model ${FILE} is damaged (wrong SHA-256): install the package again`);
  }
}
