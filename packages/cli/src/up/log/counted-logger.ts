import type { LogFields, Logger } from "@sluice/base";
import type { MetricsRegistry } from "@sluice/engine";

const levels = ["debug", "info", "warn", "error"] as const;

/** The logger, whose messages are counted by level. */
export function countedLogger(log: Logger, metrics: MetricsRegistry): Logger {
  const count = (level: string) =>
    metrics.take([
      {
        ...{ kind: "counter", name: "log_messages", help: "Messages of the log, by level", value: 1 },
        labels: [["level", level]],
      },
    ]);
  const counting = levels.map((level) => [
    level,
    (message: string, fields?: LogFields) => {
      count(level);
      log[level](message, fields);
    },
  ]);
  return {
    ...(Object.fromEntries(counting) as Pick<Logger, (typeof levels)[number]>),
    child: (fields) => countedLogger(log.child(fields), metrics),
  };
}
