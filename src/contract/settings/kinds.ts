import { isIP } from 'node:net';
import { z } from 'zod';

/** One setting: its name in the environment, how it is read, what it is when absent, its unit, and what it is for. */
export interface Setting<T> {
  readonly env: string;
  readonly read: z.ZodType<T, string | undefined>;
  readonly unit?: 'ms' | 's' | 'bytes' | 'KiB' | 'MiB' | 'count';
  readonly shownDefault: string;
  readonly means: string;
  /** Never shown, logged or journalled. */
  readonly secret?: true;
}

export const text = z.string().trim();
const whole = text.regex(/^\d+$/, 'must be a whole number');

export function number(
  env: string,
  fallback: number,
  unit: NonNullable<Setting<number>['unit']>,
  means: string,
  range: { min?: number; max?: number } = {},
): Setting<number> {
  const { min = 1, max = 1_000_000_000 } = range;
  const read = z
    .optional(
      whole
        .transform(Number)
        .pipe(z.number().min(min, `must be at least ${min}`).max(max, `must be at most ${max}`)),
    )
    .transform((value) => value ?? fallback);
  return { env, read, unit, shownDefault: String(fallback), means };
}

export function optionalText(env: string, means: string): Setting<string | undefined> {
  return { env, read: z.optional(text.min(1)), shownDefault: '(none)', means };
}

export function optionalAddress(env: string, means: string): Setting<string | undefined> {
  const address = text
    .regex(
      /^https?:\/\/[^/\s?#]+(\/[^\s?#]*)?$/,
      'must be an address such as https://voice.example.com, without query',
    )
    .transform((value) => value.replace(/\/+$/, ''));
  return { env, read: z.optional(address), shownDefault: '(none)', means };
}

export function withDefault(env: string, fallback: string, means: string): Setting<string> {
  return {
    env,
    read: z.optional(text.min(1)).transform((value) => value ?? fallback),
    shownDefault: fallback,
    means,
  };
}

export function oneOf<const T extends readonly string[]>(
  env: string,
  values: T,
  fallback: T[number],
  means: string,
): Setting<T[number]> {
  const read = z.optional(text.toLowerCase().pipe(z.enum(values))).transform((value) => value ?? fallback);
  return { env, read, shownDefault: fallback, means: `${means} One of: ${values.join(', ')}.` };
}

/** An IP address, or a range of them such as 10.0.0.0/8. */
export function isAddressRange(value: string): boolean {
  const [address = '', bits, ...more] = value.split('/');
  const family = isIP(address);
  if (family === 0 || more.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128));
}

/** Comma-separated addresses and ranges. */
export function addresses(env: string, means: string): Setting<readonly string[]> {
  const read = z
    .optional(text)
    .transform((value) =>
      (value ?? '')
        .split(',')
        .map((part) => part.trim())
        .filter(Boolean),
    )
    .refine((all) => all.every(isAddressRange), {
      error: 'must be IP addresses or ranges such as 10.0.0.5,10.1.0.0/24',
    });
  return { env, read, shownDefault: '(none)', means: `${means} Addresses or ranges, separated by commas.` };
}

const SECRET_MIN = 16;

/**
 * Comma-separated secrets; two or more allow rotation without a gap.
 * @param ours made up by the operator, so that too short a one can be refused
 */
export function secrets(env: string, means: string, ours: boolean): Setting<readonly string[]> {
  const read = z
    .optional(text)
    .transform((value) =>
      (value ?? '')
        .split(',')
        .map((part) => part.trim())
        .filter(Boolean),
    )
    .refine((all) => !ours || all.every((one) => one.length >= SECRET_MIN), {
      error: `each must have at least ${SECRET_MIN} characters, or it can be guessed; make one with "openssl rand -hex 32"`,
    });
  return {
    env,
    read,
    shownDefault: '(none)',
    means: `${means} Several, separated by commas, for rotation.`,
    secret: true,
  };
}

/** Comma-separated hosts, each a name or an address, with a port or for every port. */
export function hosts(env: string, means: string): Setting<readonly string[]> {
  const host = /^([a-z0-9.-]+|\[[0-9a-f:.]+\])(:\d{1,5})?$/;
  const read = z
    .optional(text.toLowerCase())
    .transform((value) =>
      (value ?? '')
        .split(',')
        .map((part) => part.trim())
        .filter(Boolean),
    )
    .refine(
      (all) => all.every((one) => host.test(one)),
      'each must be a host such as media.example.com or media.example.com:8443, without path',
    );
  return { env, read, shownDefault: '(none)', means: `${means} Separated by commas.` };
}
