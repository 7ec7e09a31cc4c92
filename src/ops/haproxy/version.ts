/** A release of HAProxy, as far as our files depend on it. */
export interface HaproxyVersion {
  readonly major: number;
  readonly minor: number;
}

/** The oldest release that the files are written for and tested with. */
export const OLDEST: HaproxyVersion = { major: 2, minor: 6 };

/** From what `haproxy -v` prints; undefined when it is something else. */
export function haproxyVersion(text: string): HaproxyVersion | undefined {
  const found = /HAProxy version (\d+)\.(\d+)/i.exec(text);
  return found ? { major: Number(found[1]), minor: Number(found[2]) } : undefined;
}

export function isAtLeast(version: HaproxyVersion, major: number, minor: number): boolean {
  return version.major > major || (version.major === major && version.minor >= minor);
}
