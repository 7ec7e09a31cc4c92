import { pino } from 'pino';

/** A log line is a static message with its data in fields, so that messages can be counted and searched. */
export interface Log {
  debug(message: string, fields?: Fields): void;
  info(message: string, fields?: Fields): void;
  warn(message: string, fields?: Fields): void;
  error(message: string, fields?: Fields): void;
  /** A log whose every line carries `fields` too, such as the call id. */
  with(fields: Fields): Log;
}

export type Fields = Readonly<Record<string, unknown>>;

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warning', 'error', 'critical'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** The page that describes this system names uvicorn's levels; pino's names differ for two of them. */
const PINO_LEVEL: Record<LogLevel, string> = {
  trace: 'trace',
  debug: 'debug',
  info: 'info',
  warning: 'warn',
  error: 'error',
  critical: 'fatal',
};

/** Writes one JSON object a line to standard output, where systemd's journal or the supervisor collects it. */
export function openLog(level: LogLevel, fields: Fields = {}): Log {
  return wrap(
    pino({
      level: PINO_LEVEL[level],
      base: { ...fields },
      timestamp: pino.stdTimeFunctions.isoTime,
      serializers: { error: pino.stdSerializers.err },
    }),
  );
}

function wrap(target: pino.Logger): Log {
  return {
    debug: (message, fields) => target.debug(fields ?? {}, message),
    info: (message, fields) => target.info(fields ?? {}, message),
    warn: (message, fields) => target.warn(fields ?? {}, message),
    error: (message, fields) => target.error(fields ?? {}, message),
    with: (fields) => wrap(target.child(fields)),
  };
}

/** A log that keeps nothing; for tests and for tools whose output is their own. */
export const silentLog: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  with: () => silentLog,
};
