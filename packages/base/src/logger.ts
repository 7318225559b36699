/** JSON-safe fields with fixed names: `source, event, sensor, trigger, run, step, attempt, code, durationMs` … */
export type LogFields = Readonly<Record<string, unknown>>;

/** `message` is a constant text; what varies is in `fields`. Error = someone must act; warn = it heals. */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  child(fields: LogFields): Logger;
}

const nothing = () => {};

/** Drops everything. */
export const silentLogger: Logger = {
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
  child: () => silentLogger,
};
