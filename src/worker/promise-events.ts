import type { Admission } from '../call/admission.ts';
import type { Json } from '../kit/json.ts';
import type { Log } from '../kit/log.ts';

/** Events of a call before its journal is there are kept for it. */
export class PromiseEvents {
  readonly #log: Log;
  #kept: (readonly [string, Json])[] = [];
  #admission: Admission | undefined;

  constructor(log: Log) {
    this.#log = log;
  }

  add(what: string, detail: Json): void {
    this.#log.info('call event', { what, detail });
    if (this.#admission) this.#admission.note(what, detail);
    else this.#kept.push([what, detail]);
  }

  flowTo(admission: Admission): void {
    this.#admission = admission;
    for (const [what, detail] of this.#kept) admission.note(what, detail);
    this.#kept = [];
  }
}
