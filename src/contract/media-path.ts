/** `/media/<carrier>`, or `/media/<carrier>/r/<fleet>/<worker>/<token>` for the media of a reservation. */
export interface MediaPath {
  readonly carrier: string;
  readonly reserved?: {
    /** Where it is reserved; that only leads there, and is not looked at on arrival. */
    readonly fleet: string;
    readonly worker: number;
    readonly token: string;
  };
}

const MEDIA = /^\/media\/([a-z]{1,32})(?:\/r\/([^/]{1,256})\/(\d{1,6})\/([A-Za-z0-9._-]{1,512}))?$/;

export function parseMediaPath(path: string): MediaPath | undefined {
  const [, carrier, fleet, worker, token] = MEDIA.exec(path) ?? [];
  if (carrier === undefined) return undefined;
  if (fleet === undefined || token === undefined) return { carrier };
  return { carrier, reserved: { fleet, worker: Number(worker), token } };
}

/** The path of a reserved address. */
export function reservedPath(carrier: string, fleet: string, worker: number, token: string): string {
  return `/media/${carrier}/r/${encodeURIComponent(fleet)}/${worker}/${token}`;
}

/** An address as it may stand in an answer or a log: what follows `/r/` ends in a secret. */
export function masked(address: string): string {
  return address.replace(/(\/media\/[^/]*\/r\/).*/, '$1***');
}

/** The same of a path, and short: whoever asks may have made it as long as they like. */
export function shownPath(path: string): string {
  const shown = masked(path);
  return shown.length > 60 ? `${shown.slice(0, 60)}…` : shown;
}
