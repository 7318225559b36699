import { parseGoDuration } from "@sluice/base";
import type { TriggerBackoff } from "../../events/sensor.ts";
import type { IssueSink, Path } from "../../issue.ts";

/** A trigger's retry strategy: `steps` counts all attempts, `duration` is a Go duration or nanoseconds. */
export function lintTriggerBackoff(retry: TriggerBackoff, sink: IssueSink, path: Path): void {
  const { duration, factor, jitter, steps } = retry;
  const ms = typeof duration === "string" ? parseDuration(duration) : duration;
  if (duration !== undefined && (ms === undefined || ms < 0)) {
    sink.error("SPEC_VALUE", [...path, "duration"], {
      message: `'duration' must be a duration, got '${String(duration)}'`,
      hint: 'write a unit: "500ms", "10s", "1m"',
    });
  }
  const bounds = [
    { field: "steps", value: steps, min: 0, max: 1_000 },
    { field: "factor", value: factor, min: 0, max: 1_000 },
    { field: "jitter", value: jitter, min: 0, max: 100 },
  ];
  for (const { field, value, min, max } of bounds) {
    if (value === undefined || (value >= min && value <= max)) continue;
    sink.error("SPEC_VALUE", [...path, field], {
      message: `'${field}' must be between ${min} and ${max}, got ${value}`,
      hint: field === "steps" ? "steps counts all attempts, the first one included" : "correct the number",
    });
  }
}

const parseDuration = (text: string): number | undefined =>
  /^\d+$/.test(text) ? Number(text) : parseGoDuration(text);
