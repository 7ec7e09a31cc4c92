import { z } from 'zod';
import { parseJson } from '../kit/json.ts';
import { WORKER_STATES } from './states.ts';

const call = z.object({
  call_id: z.string(),
  carrier: z.string().catch('unknown'),
  agent: z.string().catch('unknown'),
  state: z.string().catch('unknown'),
  seconds: z.number().catch(0),
});

/** Resident bytes; `pss` has shared pages divided among the processes that share them, null where the kernel hides it. */
const memory = z.object({ rss: z.number(), pss: z.number().nullable().catch(null) });

/**
 * The body of `GET /status` on a worker's control socket. Only state and process have to be there: what a neighbouring
 * build does not say, or says in another way, is null or said to be unknown.
 */
const workerStatus = z.object({
  worker: z.number().catch(0),
  state: z.enum(WORKER_STATES),
  draining: z.boolean().catch(false),
  /** What does not work, in words; null when everything does. */
  degraded: z.string().nullable().catch(null),
  /** When this state began, in milliseconds since 1970 UTC. */
  since_ms: z.number().catch(0),
  build: z.string().catch('unknown'),
  pid: z.number(),
  /** Calls since the process started. */
  calls: z.number().catch(0),
  /** What each stage of the warm-up took. */
  warm_up_ms: z.record(z.string(), z.number()).catch({}),
  /** The agents in force, by name, with the hashes of their files; null while they are not loaded. */
  agents: z.record(z.string(), z.string()).nullable().catch(null),
  /** What became of the last /reload; null when there was none. */
  reload: z
    .object({ state: z.string(), why: z.string().nullable().catch(null) })
    .nullable()
    .catch(null),
  memory: memory.nullable().catch(null),
  call: call.nullable().catch(null),
});
export type WorkerStatus = Readonly<z.infer<typeof workerStatus>>;

/** Undefined when this is not how a worker answers. */
export function readWorkerStatus(text: string): WorkerStatus | undefined {
  return workerStatus.safeParse(parseJson(text)).data;
}
