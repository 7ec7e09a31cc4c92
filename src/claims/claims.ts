import { CLAIM_KEPT_MS, type Claim, type ClaimDraft, type ClaimPatch } from '../contract/claim.ts';
import type { Settings } from '../contract/settings.ts';
import type { Clock } from '../kit/clock.ts';
import type { Json } from '../kit/json.ts';
import { claimsFolder, ensureClaimsFolder } from '../kit/once.ts';
import { isAlive, type Owner, thisOwner } from '../kit/owner.ts';
import {
  type ClaimFile,
  claimFiles,
  hashOf,
  publishClaim,
  readClaim,
  removeAlone,
  removeClaim,
  replaceClaim,
} from './files.ts';

/** How long a claim whose owner died without a word is kept, when whoever reads it does not know how long calls may be. */
const DEAD_KEPT_MS = 6 * 3_600_000;
/** Claims are swept a little later than they count, so that no taker still relies on one that goes. */
const SWEEP_GRACE_MS = 60_000;

/** `live`: its owner runs. `ended`: over, and still answered for. `dead`: the owner is gone without having ended it. */
export type Standing = 'live' | 'ended' | 'dead';

export interface Found {
  readonly claim: Claim;
  readonly standing: Standing;
  /** The n-th owner of this claim. */
  readonly n: number;
}

/** A claim of this process. No method throws; after `end` or `drop` every method does nothing. */
export interface OwnClaim {
  readonly claim: Claim;
  /** The n-th owner of this claim: 1 unless it was taken over from the dead. */
  readonly n: number;
  update(patch: ClaimPatch): void;
  /** The call is over; repeats of its id are answered with this for ten minutes. */
  end(result?: Readonly<Record<string, Json>>): void;
  /** Nothing came of it: as if it had never been claimed. */
  drop(): void;
}

export type Taken =
  /** `previous`: whose owner had died. */
  | { readonly kind: 'mine'; readonly own: OwnClaim; readonly previous?: Claim }
  | { readonly kind: 'taken'; readonly found: Found };

export interface ClaimsOptions {
  /** `CXBCORE_SOCKET_DIR`: claims are of the host, not of a worker. */
  readonly socketDir: string;
  readonly clock: Clock;
  /**
   * How long after it was taken a claim whose owner died without a word is kept: as long as a call may last, see
   * `deadKeptMs`. A reservation is kept to its end in any case.
   */
  readonly deadKeptMs?: number;
  /** Whether a process still runs; by its pid and start time when not given. */
  readonly isAlive?: (owner: Owner) => boolean;
  /** This process, when not given. */
  readonly owner?: Owner;
  /** Told when the disk refuses a change of a claim this process owns; the call goes on with what was written last. */
  readonly onTrouble?: (error: unknown) => void;
}

/** As long as a call may last, and may wait for another worker after that. */
export function deadKeptMs(settings: Pick<Settings, 'maxCallS' | 'resurrectWaitS'>): number {
  return (settings.maxCallS + settings.resurrectWaitS) * 1000;
}

/**
 * The claims of one host, shared by all its processes through files. Everything is synchronous, so that a claim is
 * taken in the same step as a seat.
 *
 * 1. Any number of processes that take the same key at once: exactly one gets it.
 * 2. A claim whose owner lives, or that ended less than ten minutes ago, is never taken by another.
 * 3. What a reader finds is whole.
 */
export class Claims {
  readonly #folder: string;
  readonly #clock: Clock;
  readonly #deadKeptMs: number;
  readonly #isAlive: (owner: Owner) => boolean;
  readonly #owner: Owner;
  readonly #onTrouble: (error: unknown) => void;

  constructor(options: ClaimsOptions) {
    this.#folder = claimsFolder(options.socketDir);
    this.#clock = options.clock;
    this.#deadKeptMs = options.deadKeptMs ?? DEAD_KEPT_MS;
    this.#isAlive = options.isAlive ?? isAlive;
    this.#owner = options.owner ?? thisOwner();
    this.#onTrouble = options.onTrouble ?? (() => undefined);
  }

  /**
   * Takes the key, unless it is another's.
   * @param overDead whether a claim whose owner died may be taken over; `false` reports it as taken
   * @throws ClaimsFolderError, or the file system's error: then nothing has been claimed
   */
  take(key: string, draft: ClaimDraft, overDead: (dead: Claim) => boolean = () => true): Taken {
    ensureClaimsFolder(this.#folder);
    const hash = hashOf(key);
    for (;;) {
      const last = claimFiles(this.#folder, hash).at(-1);
      const claim = last && readClaim(this.#folder, last);
      // One that nobody can read is nobody's: a newer build's, or damaged. It counts as dead.
      const found = claim && last ? this.#judge(claim, last.n) : undefined;
      if (found && (found.standing !== 'dead' || !overDead(found.claim))) return { kind: 'taken', found };
      if (last && claim && !found) {
        this.#clear(hash);
        continue;
      }
      const file = { hash, n: (last?.n ?? 0) + 1 };
      const mine = this.#fresh(key, draft);
      if (!publishClaim(this.#folder, file, mine)) continue;
      // Whoever removed the one before this may have taken the key anew, from 1 on.
      if (last && !claimFiles(this.#folder, hash).some(({ n }) => n === last.n)) {
        removeClaim(this.#folder, file);
        continue;
      }
      const own = new Own(this.#folder, file, mine, this.#clock, this.#onTrouble);
      return { kind: 'mine', own, ...(found && { previous: found.claim }) };
    }
  }

  /** The claim on a key; undefined when nobody has it, or it ended long enough ago. */
  find(key: string): Found | undefined {
    const last = claimFiles(this.#folder, hashOf(key)).at(-1);
    const claim = last && readClaim(this.#folder, last);
    return claim && last ? this.#judge(claim, last.n) : undefined;
  }

  /** Every claim that counts. */
  all(): Found[] {
    const found: Found[] = [];
    for (const last of this.#lasts().values()) {
      const claim = readClaim(this.#folder, last);
      const judged = claim && this.#judge(claim, last.n);
      if (judged) found.push(judged);
    }
    return found;
  }

  /** Removes what does not count any more. Any number of processes may do it at once. */
  sweep(): void {
    for (const last of this.#lasts().values()) {
      const claim = readClaim(this.#folder, last);
      if (claim && this.#isOver(claim, SWEEP_GRACE_MS)) this.#clear(last.hash);
    }
  }

  #lasts(): Map<string, ClaimFile> {
    // Lowest number first, so the highest of each stays.
    return new Map(claimFiles(this.#folder).map((file) => [file.hash, file]));
  }

  #judge(claim: Claim, n: number): Found | undefined {
    if (this.#isOver(claim, 0)) return undefined;
    if (claim.ended_ms !== undefined) return { claim, n, standing: 'ended' };
    return { claim, n, standing: this.#isAlive(claim.owner) ? 'live' : 'dead' };
  }

  #isOver(claim: Claim, graceMs: number): boolean {
    const nowMs = this.#clock.wall();
    if (claim.ended_ms !== undefined) return nowMs - claim.ended_ms > CLAIM_KEPT_MS + graceMs;
    const keptMs = Math.max(claim.taken_ms + this.#deadKeptMs, claim.expires_ms ?? 0);
    return nowMs > keptMs + graceMs && !this.#isAlive(claim.owner);
  }

  /** The older owners' files first, so that none of them is the last one for a moment. */
  #clear(hash: string): void {
    const files = claimFiles(this.#folder, hash);
    const last = files.pop();
    for (const file of files) removeClaim(this.#folder, file);
    if (last) removeAlone(this.#folder, last);
  }

  #fresh(key: string, draft: ClaimDraft): Claim {
    return { ...draft, schema: 1, key, owner: this.#owner, taken_ms: this.#clock.wall() };
  }
}

class Own implements OwnClaim {
  readonly n: number;
  readonly #folder: string;
  readonly #file: ClaimFile;
  readonly #clock: Clock;
  readonly #onTrouble: (error: unknown) => void;
  #claim: Claim;
  #over = false;

  constructor(
    folder: string,
    file: ClaimFile,
    claim: Claim,
    clock: Clock,
    onTrouble: (error: unknown) => void,
  ) {
    this.n = file.n;
    this.#folder = folder;
    this.#file = file;
    this.#claim = claim;
    this.#clock = clock;
    this.#onTrouble = onTrouble;
  }

  get claim(): Claim {
    return this.#claim;
  }

  update(patch: ClaimPatch): void {
    if (this.#over) return;
    this.#claim = { ...this.#claim, ...patch };
    this.#try(() => replaceClaim(this.#folder, this.#file, this.#claim));
  }

  end(result?: Readonly<Record<string, Json>>): void {
    if (this.#over) return;
    const ended: ClaimPatch = { state: 'ended', ...(result && { result: { ...result } }) };
    this.#claim = { ...this.#claim, ended_ms: this.#clock.wall() };
    this.update(ended);
    this.#over = true;
  }

  drop(): void {
    if (this.#over) return;
    this.#over = true;
    this.#try(() => removeClaim(this.#folder, this.#file));
  }

  #try(change: () => void): void {
    try {
      change();
    } catch (error) {
      this.#onTrouble(error);
    }
  }
}
