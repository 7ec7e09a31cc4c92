/** What a worker can be. *Draining* is a flag beside the state. */
export const WORKER_STATES = [
  'starting',
  'warming',
  'free',
  'reserved',
  'live',
  'ending',
  'stopped',
] as const;
export type WorkerState = (typeof WORKER_STATES)[number];

/** Carriers that connect to us: each has its path `/media/<name>`. */
export const SOCKET_CARRIERS = ['twilio', 'pcm'] as const;
export type SocketCarrierName = (typeof SOCKET_CARRIERS)[number];

/** Every carrier; a LiveKit room is joined by us and has no path. */
export const CARRIERS = [...SOCKET_CARRIERS, 'livekit'] as const;
export type CarrierName = (typeof CARRIERS)[number];

export const LEGS = ['caller', 'person'] as const;
/** One party's audio connection. */
export type Leg = (typeof LEGS)[number];
