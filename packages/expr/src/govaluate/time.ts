import { GoTime } from "../time/go-time.ts";

/** Govaluate's own list without its time of day alone, which has no date to compare. */
const layouts = [
  "Mon Jan _2 15:04:05 2006",
  "Mon Jan _2 15:04:05 MST 2006",
  "Mon Jan 02 15:04:05 -0700 2006",
  "2006-01-02T15:04:05Z07:00",
  "2006-01-02",
  "2006-01-02 15:04",
  "2006-01-02 15:04:05",
  "2006-01-02 15:04:05-07:00",
  "2006-01-02T15Z0700",
  "2006-01-02T15:04Z0700",
  "2006-01-02T15:04:05Z0700",
];

/** Two texts that both read as times, or one beside a number, as seconds since 1970; anything else as it is. */
export function timed(left: unknown, right: unknown): readonly [unknown, unknown] {
  if (left === right) return [left, right];
  const seconds = [secondsOf(left), secondsOf(right)] as const;
  return seconds[0] !== undefined &&
    seconds[1] !== undefined &&
    (typeof left === "string" || typeof right === "string")
    ? [seconds[0], seconds[1]]
    : [left, right];
}

function secondsOf(value: unknown): number | undefined {
  if (typeof value === "number") return value;
  if (typeof value !== "string" || value.length > 40) return undefined;
  if (!/^\d{4}-\d\d-\d\d|^[A-Z][a-z]{2} [A-Z][a-z]{2} /.test(value)) return undefined;
  for (const layout of layouts) {
    const time = GoTime.parseWith(layout, value);
    if (time !== undefined) return time.epochMs / 1000;
  }
  return undefined;
}
