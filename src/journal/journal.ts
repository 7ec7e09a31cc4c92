import type { CancelTimer, Clock } from '../kit/clock.ts';
import type { CallRecord } from './call-record.ts';
import { type Disk, realDisk } from './disk.ts';
import { RecordFold } from './fold.ts';
import { HeldLines } from './held-lines.ts';
import type { JournalLine } from './lines.ts';
import { journalPath } from './paths.ts';

/** How long a line may be in the kernel's hands only: a killed process loses nothing, a power cut this much. */
const SYNC_MS = 250;
/** Past its size limit, a journal has this much room for lines that must not be lost. */
const RESERVE_BYTES = 8_388_608;
/** How often a disk that refused is tried again when no new line comes. */
const RETRY_MS = 1000;

export interface JournalOptions {
  /** `CXBCORE_DATA_DIR`. */
  readonly dataDir: string;
  readonly callId: string;
  /** 1 for a call's first worker. */
  readonly incarnation: number;
  readonly clock: Clock;
  /** Past it only what must not be lost is written: states, the end, tools, events. */
  readonly maxBytes: number;
  /** The lines of the call's earlier incarnations, for its record. */
  readonly before?: readonly JournalLine[];
  /** Told when the disk begins to refuse lines, with the error, and without one when it takes them again. */
  readonly onTrouble?: (error?: Error) => void;
  readonly disk?: Disk;
}

export interface JournalStatus {
  /** Bytes the disk has taken. */
  readonly bytes: number;
  /** Bytes waiting in memory because the disk refuses them. */
  readonly held: number;
  /** Lines given up: past the size limit, or no room in memory while the disk refused. */
  readonly dropped: number;
}

/** The journal of that call and incarnation exists: another worker has it, or the id was used before. */
export class JournalExistsError extends Error {
  constructor(path: string) {
    super(`${path} exists already: another process has this call, or its id was used before`);
    this.name = 'JournalExistsError';
  }
}

/**
 * The journal of one incarnation of a call.
 *
 * 1. `write` returns when the kernel has the line: a process killed the next moment has lost nothing.
 * 2. A disk that refuses never stops a call: up to 1 MiB of lines wait in memory, beyond that only the newest state
 *    and the end; all of it is written, in order, when the disk takes it again.
 * 3. `state` and `end` are always written, whatever the size; what a tool did, and other lines that must not be lost,
 *    within a reserve of 8 MiB.
 */
export class Journal {
  readonly path: string;
  readonly #options: JournalOptions;
  readonly #disk: Disk;
  readonly #fold: RecordFold;
  #fd: number | undefined;
  readonly #held = new HeldLines();
  #bytes = 0;
  #dropped = 0;
  #trouble = false;
  #dirty = false;
  #nameSynced = false;
  #syncing: Promise<boolean> | undefined;
  #cancelSync: CancelTimer | undefined;
  #cancelRetry: CancelTimer | undefined;
  #closed: Promise<void> | undefined;

  /** @throws JournalExistsError */
  constructor(options: JournalOptions) {
    this.#options = options;
    this.#disk = options.disk ?? realDisk;
    this.path = journalPath(options.dataDir, options.callId, options.incarnation);
    this.#fold = new RecordFold(options.callId);
    for (const line of options.before ?? []) this.#fold.add(line);
    this.#fd = this.#create();
  }

  get status(): JournalStatus {
    return { bytes: this.#bytes, held: this.#held.bytes, dropped: this.#dropped };
  }

  /** Appends one line. Never throws; after `close` it does nothing. */
  write(line: JournalLine): void {
    if (this.#closed) return;
    const full = line.kind === 'end' && this.#dropped > 0 ? { ...line, dropped: this.#dropped } : line;
    this.#fold.add(full);
    const needed = isNeeded(line);
    if (this.#bytes + this.#held.bytes >= this.#roomFor(line, needed)) {
      this.#dropped++;
      return;
    }
    if (this.#trouble) this.#flush();
    if (!this.#held.add(full, needed)) this.#dropped++;
    if (!this.#trouble) this.#flush();
    this.syncSoon();
  }

  /** Brings what is written onto the disk within 250 ms, off the main thread. Every `write` asks for it by itself. */
  syncSoon(): void {
    this.#cancelSync ??= this.#options.clock.after(SYNC_MS, () => {
      this.#cancelSync = undefined;
      void this.sync();
    });
  }

  /**
   * Resolves when every line written before is on the disk: awaited before whatever the outside can notice. False when
   * the disk refuses; the lines are then kept in memory and the call goes on.
   */
  async sync(): Promise<boolean> {
    const release = this.#options.clock.hold();
    try {
      // A sync under way may have begun before the last line; only one that starts from here on counts.
      if (this.#syncing) await this.#syncing;
      this.#syncing ??= this.#syncOnce().finally(() => {
        this.#syncing = undefined;
      });
      return await this.#syncing;
    } finally {
      release();
    }
  }

  /** The call's record as far as it has been written; the same as `foldRecord` of the file when nothing was dropped. */
  record(): CallRecord {
    return this.#fold.record();
  }

  /** Writes and syncs what is left, and lets the file go. What the disk still refuses is lost. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  #roomFor(line: JournalLine, needed: boolean): number {
    if (line.kind === 'state' || line.kind === 'end') return Number.POSITIVE_INFINITY;
    return this.#options.maxBytes + (needed ? RESERVE_BYTES : 0);
  }

  async #close(): Promise<void> {
    this.#cancelSync?.();
    this.#cancelRetry?.();
    if (this.#trouble) this.#flush();
    await this.sync();
    this.#cancelRetry?.();
    if (this.#fd !== undefined) this.#disk.close(this.#fd);
    this.#fd = undefined;
  }

  /** Only a journal that exists is a reason not to begin a call; a full disk is none. */
  #create(): number | undefined {
    try {
      return this.#disk.create(this.path);
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'EEXIST')
        throw new JournalExistsError(this.path);
      this.#refused(error);
      return undefined;
    }
  }

  /** Writes what is held, until done or refused. */
  #flush(): void {
    try {
      this.#fd ??= this.#disk.create(this.path);
      const fd = this.#fd;
      this.#held.writeTo((bytes) => {
        const taken = this.#disk.write(fd, bytes);
        this.#bytes += taken;
        this.#dirty = true;
        return taken;
      });
      if (this.#trouble) {
        this.#trouble = false;
        this.#options.onTrouble?.();
      }
    } catch (error) {
      this.#refused(error);
    }
  }

  #refused(error: unknown): void {
    if (!this.#trouble) {
      this.#trouble = true;
      this.#options.onTrouble?.(error instanceof Error ? error : new Error(String(error)));
    }
    if (this.#closed) return;
    this.#cancelRetry?.();
    this.#cancelRetry = this.#options.clock.after(RETRY_MS, () => {
      this.#flush();
      if (!this.#trouble) this.syncSoon();
    });
  }

  async #syncOnce(): Promise<boolean> {
    if (this.#fd === undefined || this.#held.bytes > 0) return false;
    if (!this.#dirty) return true;
    this.#dirty = false;
    try {
      await this.#disk.sync(this.#fd);
      if (!this.#nameSynced) {
        await this.#disk.syncName(this.path);
        this.#nameSynced = true;
      }
      return true;
    } catch (error) {
      this.#dirty = true;
      this.#refused(error);
      return false;
    }
  }
}

/** Whether losing the line would lose what nobody could know again: what was begun, and what came of it. */
function isNeeded(line: JournalLine): boolean {
  if (line.kind === 'port') return line.port === 'tool';
  return line.kind !== 'in' && line.kind !== 'out';
}

/** @throws JournalExistsError */
export function openJournal(options: JournalOptions): Journal {
  return new Journal(options);
}
