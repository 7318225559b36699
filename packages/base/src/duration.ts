const unitMs: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
};

/** Largest duration that Go can hold (int64 nanoseconds), in ms. */
const maxMs = 9_223_372_036_854;

/**
 * Reads a Go duration (`"1h30m"`, `"250ms"`, `"-1.5s"`, `"0"`) as ms, or undefined when it is not one.
 * Source: Go `time.ParseDuration`; `d` is not a unit there, so it is none here.
 */
export function parseGoDuration(text: string): number | undefined {
  const match = /^([+-]?)((?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+$/u.exec(text);
  if (match === null) return text === "0" || text === "+0" || text === "-0" ? 0 : undefined;
  let total = 0;
  for (const [, value, unit] of text.matchAll(/(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)/gu)) {
    total += Number(value) * (unitMs[unit ?? ""] ?? Number.NaN);
  }
  if (!(total <= maxMs)) return undefined;
  return match[1] === "-" ? -total : total;
}

/** As `parseGoDuration`, but a bare number means seconds (Argo's `backoff.duration`, `suspend.duration`). */
export function parseSecondsOrDuration(text: string): number | undefined {
  return /^\d+(\.\d+)?$/.test(text) ? Number(text) * 1_000 : parseGoDuration(text);
}

/** Ms as people read them: `850ms`, `12s`, `3m04s`, `2h10m`. */
export function formatDuration(ms: number): string {
  if (ms < 0) return `-${formatDuration(-ms)}`;
  if (ms < 1_000) return `${Math.round(ms)}ms`;
  const seconds = Math.floor(ms / 1_000);
  if (seconds < 60) return ms < 10_000 ? `${(ms / 1_000).toFixed(1)}s` : `${seconds}s`;
  const two = (n: number) => String(n).padStart(2, "0");
  if (seconds < 3_600) return `${Math.floor(seconds / 60)}m${two(seconds % 60)}s`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)}h${two(Math.floor(seconds / 60) % 60)}m`;
  return `${Math.floor(seconds / 86_400)}d${two(Math.floor(seconds / 3_600) % 24)}h`;
}

/** A Go `time.Duration` text of a span in ms, as Argo prints one (`1m30s`, `1.5s`, `0s`). */
export function formatGoDuration(ms: number): string {
  if (ms === 0) return "0s";
  if (ms < 0) return `-${formatGoDuration(-ms)}`;
  if (ms < 1_000) return `${trimNumber(ms)}ms`;
  const hours = Math.floor(ms / 3_600_000);
  const minutes = Math.floor(ms / 60_000) % 60;
  const seconds = trimNumber((ms % 60_000) / 1_000);
  if (hours > 0) return `${hours}h${minutes}m${seconds}s`;
  return minutes > 0 ? `${minutes}m${seconds}s` : `${seconds}s`;
}

const trimNumber = (n: number): string => String(Number(n.toFixed(6)));
