import { wasm } from '../../kit/wasm.ts';
import { memoryOf, openFlite } from './flite-module.ts';
import { FliteSystem } from './flite-system.ts';

/** Flite as a program that can be run again and again in this thread. */
export interface Program {
  /** One run from a fresh start; the bytes of the file it wrote, valid until the next run. */
  run(args: readonly string[]): Uint8Array;
}

/**
 * A program meant to run once, made to run often: before each run its variables get their first values back and
 * everything behind them, stack and heap, is zeroed, which is what a new process would find. The constants stay.
 */
export async function openProgram(voices: readonly string[]): Promise<Program> {
  const system = new FliteSystem();
  const imports = { wasi_snapshot_preview1: system.imports };
  const first = await openFlite(voices, imports);
  const { module, constants, variables } = first;
  let { instance } = first;
  return {
    run(args) {
      const bytes = new Uint8Array(memoryOf(instance).buffer);
      bytes.fill(0, variables.address);
      bytes.set(variables.bytes, variables.address);
      system.start(memoryOf(instance), args);
      try {
        (instance.exports['_start'] as () => void)();
      } catch (cause) {
        // Its stack was left standing, out of our reach: the instance cannot run again. Its memory may have grown,
        // so that the view from before the run is dead.
        const used = new Uint8Array(memoryOf(instance).buffer);
        instance = new wasm.Instance(module, imports);
        const fresh = new Uint8Array(memoryOf(instance).buffer);
        for (const { from, to } of constants) fresh.set(used.subarray(from, to), from);
        throw failure(system.complaint, cause);
      }
      if (system.sound.length === 0) throw failure(system.complaint, new Error('it wrote no sound'));
      return system.sound;
    },
  };
}

function failure(complaint: string, cause: unknown): Error {
  return new Error(`the voice failed: ${complaint.trim() || String(cause)}`, { cause });
}
