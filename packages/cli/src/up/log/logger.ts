// The Logger port's real implementations: lines for people, and JSON lines by pino.
import type { Clock, LogFields, Logger } from "@sluice/base";
import { type Palette, widthOf } from "../../render/colour.ts";

export type LogLevel = "debug" | "info" | "warn" | "error";
const rank: Readonly<Record<LogLevel, number>> = { debug: 10, info: 20, warn: 30, error: 40 };

export interface TextLoggerOptions {
  readonly level: LogLevel;
  readonly palette: Palette;
  readonly clock: Clock;
  readonly write: (line: string) => void;
}

/** One line an entry: `12:30:05 info  event stored  source=tasks event=created`. Control characters are shown as text. */
export function makeTextLogger(options: TextLoggerOptions, bound: LogFields = {}): Logger {
  const log = (level: LogLevel, message: string, fields: LogFields = {}): void => {
    if (rank[level] < rank[options.level]) return;
    const { palette } = options;
    const paint = level === "error" ? palette.bad : level === "warn" ? palette.warn : palette.dim;
    const time = new Date(options.clock.now()).toISOString().slice(11, 19);
    const pairs = Object.entries({ ...bound, ...fields })
      .filter(([, value]) => value !== undefined)
      .map(([key, value]) => palette.dim(`${key}=`) + shown(value));
    const head = `${palette.dim(time)} ${paint(level.padEnd(5))} ${message}`;
    options.write(
      pairs.length === 0 ? head : `${head}${" ".repeat(Math.max(2, 52 - widthOf(head)))}${pairs.join(" ")}`,
    );
  };
  return {
    debug: (message, fields) => log("debug", message, fields),
    info: (message, fields) => log("info", message, fields),
    warn: (message, fields) => log("warn", message, fields),
    error: (message, fields) => log("error", message, fields),
    child: (fields) => makeTextLogger(options, { ...bound, ...fields }),
  };
}

function shown(value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  const safe = text.replace(/\p{Cc}/gu, "·").slice(0, 300);
  return /[\s"=]/.test(safe) && typeof value === "string" ? JSON.stringify(safe) : safe;
}

/** JSON lines to stderr by pino; what looks like a secret by its name is never written. */
export async function makeJsonLogger(level: LogLevel): Promise<Logger> {
  const { pino } = await import("pino");
  const root = pino(
    {
      level,
      base: null,
      redact: ["token", "password", "authorization", "*.token", "*.password", "*.authorization"],
    },
    pino.destination({ dest: 2, sync: true }),
  );
  const wrap = (logger: typeof root): Logger => ({
    debug: (message, fields) => logger.debug(fields ?? {}, message),
    info: (message, fields) => logger.info(fields ?? {}, message),
    warn: (message, fields) => logger.warn(fields ?? {}, message),
    error: (message, fields) => logger.error(fields ?? {}, message),
    child: (fields) => wrap(logger.child(fields)),
  });
  return wrap(root);
}
