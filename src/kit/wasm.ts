/**
 * WebAssembly with types: Node has it, but TypeScript describes it only in its library for browsers, which would
 * also bring `window` and two thousand other names that do not exist here.
 */

export interface WasmMemory {
  /** The memory's bytes; a new object after it has grown. */
  readonly buffer: ArrayBuffer;
}

export interface WasmInstance {
  readonly exports: Readonly<Record<string, unknown>>;
}

/** A compiled module; what is in it is nobody's business. */
export interface WasmModule {
  readonly kind?: never;
}

export interface Wasm {
  compile(bytes: Uint8Array): Promise<WasmModule>;
  readonly Instance: new (
    module: WasmModule,
    imports: Record<string, Record<string, unknown>>,
  ) => WasmInstance;
  readonly Memory: new (size: { initial: number; maximum?: number }) => WasmMemory;
}

export const wasm = (globalThis as unknown as { readonly WebAssembly: Wasm }).WebAssembly;
