import type { WasmMemory } from '../../kit/wasm.ts';

/**
 * The operating system Flite sees: the thirteen calls it imports, with one folder, one file and no clock. Node's own
 * module for this would touch real files and print a warning; nothing here leaves the process.
 */

/** Error numbers of WASI preview 1. */
const OK = 0;
const BAD_DESCRIPTOR = 8;
const NO_ENTRY = 44;
const CANNOT_SEEK = 70;

/** Descriptors: 0 to 2 are the standard ones, then the folder, then the only file. */
const FOLDER = 3;
const FILE = 4;
const CHARACTER_DEVICE = 2;
const FOLDER_TYPE = 3;
const FILE_TYPE = 4;

/** Where the sound is written; the name the program is given. */
export const SOUND_FILE = 'sound.wav';

/** The program ended with an error, and with it its memory is unusable. */
class ProgramExit extends Error {
  override readonly name = 'ProgramExit';
  readonly code: number;

  constructor(code: number) {
    super(`the program ended with code ${code}`);
    this.code = code;
  }
}

/** One run of the program at a time: `start` gives it its arguments, `sound` has what it wrote. */
export class FliteSystem {
  #memory: WasmMemory | undefined;
  #arguments: Uint8Array[] = [];
  #file = new Uint8Array(1 << 18);
  #length = 0;
  #position = 0;
  #complaint = '';

  /** The functions to import, as `wasi_snapshot_preview1`. */
  readonly imports: Record<string, unknown> = {
    args_sizes_get: (count: number, size: number) => {
      this.#setWord(count, this.#arguments.length);
      return this.#setWord(
        size,
        this.#arguments.reduce((sum, argument) => sum + argument.length, 0),
      );
    },
    args_get: (pointers: number, text: number) => {
      let at = text;
      this.#arguments.forEach((argument, i) => {
        this.#setWord(pointers + i * 4, at);
        this.#bytes.set(argument, at);
        at += argument.length;
      });
      return OK;
    },
    // A voice that says the same the same way has no use for the time.
    clock_time_get: (_id: number, _precision: bigint, time: number) => this.#setLong(time, 0n),
    fd_close: () => OK,
    fd_fdstat_get: (fd: number, status: number) => {
      this.#bytes.fill(0, status, status + 24);
      this.#bytes[status] = fd === FOLDER ? FOLDER_TYPE : fd === FILE ? FILE_TYPE : CHARACTER_DEVICE;
      // Every right, so that the library does not refuse a call on our behalf.
      this.#setLong(status + 8, -1n);
      return this.#setLong(status + 16, -1n);
    },
    fd_fdstat_set_flags: () => OK,
    fd_prestat_get: (fd: number, status: number) => {
      if (fd !== FOLDER) return BAD_DESCRIPTOR;
      this.#setWord(status, 0);
      return this.#setWord(status + 4, 1);
    },
    fd_prestat_dir_name: (fd: number, name: number) => {
      if (fd !== FOLDER) return BAD_DESCRIPTOR;
      this.#bytes[name] = 0x2f;
      return OK;
    },
    fd_read: (_fd: number, _pieces: number, _count: number, read: number) => this.#setWord(read, 0),
    fd_seek: (fd: number, offset: bigint, from: number, position: number) => {
      if (fd !== FILE) return CANNOT_SEEK;
      const start = [0, this.#position, this.#length][from] ?? 0;
      this.#position = Math.max(0, start + Number(offset));
      return this.#setLong(position, BigInt(this.#position));
    },
    fd_write: (fd: number, pieces: number, count: number, written: number) => {
      let total = 0;
      for (let i = 0; i < count; i++) {
        const at = this.#word(pieces + i * 8);
        const length = this.#word(pieces + i * 8 + 4);
        this.#write(fd, this.#bytes.subarray(at, at + length));
        total += length;
      }
      return this.#setWord(written, total);
    },
    path_open: (
      _folder: number,
      _lookup: number,
      name: number,
      length: number,
      ...[, , , , opened]: [number, bigint, bigint, number, number]
    ) => {
      const path = Buffer.from(this.#bytes.subarray(name, name + length)).toString('latin1');
      if (path !== SOUND_FILE) return NO_ENTRY;
      this.#position = 0;
      this.#length = 0;
      return this.#setWord(opened, FILE);
    },
    proc_exit: (code: number) => {
      throw new ProgramExit(code);
    },
  };

  /** Before a run: the memory it works in and its arguments, the program's name first. */
  start(memory: WasmMemory, args: readonly string[]): void {
    this.#memory = memory;
    this.#arguments = args.map((argument) => Buffer.from(`${argument}\0`, 'latin1'));
    this.#length = 0;
    this.#position = 0;
    this.#complaint = '';
  }

  /** What was written to the file, as a view that the next run overwrites. */
  get sound(): Uint8Array {
    return this.#file.subarray(0, this.#length);
  }

  /** What was written to the standard error output, at most 1000 characters. */
  get complaint(): string {
    return this.#complaint;
  }

  #write(fd: number, bytes: Uint8Array): void {
    if (fd !== FILE) {
      if (fd === 2)
        this.#complaint = (this.#complaint + Buffer.from(bytes).toString('latin1')).slice(0, 1000);
      return;
    }
    const end = this.#position + bytes.length;
    if (end > this.#file.length) {
      const grown = new Uint8Array(Math.max(end, this.#file.length * 2));
      grown.set(this.#file);
      this.#file = grown;
    }
    if (this.#position > this.#length) this.#file.fill(0, this.#length, this.#position);
    this.#file.set(bytes, this.#position);
    this.#position = end;
    this.#length = Math.max(this.#length, end);
  }

  get #bytes(): Uint8Array {
    return new Uint8Array(this.#buffer);
  }

  get #buffer(): ArrayBuffer {
    if (!this.#memory) throw new Error('the program was run before it was started');
    return this.#memory.buffer;
  }

  #word(at: number): number {
    return new DataView(this.#buffer).getUint32(at, true);
  }

  #setWord(at: number, value: number): typeof OK {
    new DataView(this.#buffer).setUint32(at, value, true);
    return OK;
  }

  #setLong(at: number, value: bigint): typeof OK {
    new DataView(this.#buffer).setBigInt64(at, value, true);
    return OK;
  }
}
