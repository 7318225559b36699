import type { FilterCheck, StoredEvent, TimeFilter } from "@sluice/spec";
import type { SensorIssue } from "../errors.ts";
import type { CompiledTest } from "./verdict.ts";

const secondsOf = (text: string): number | undefined => {
  const match = /^(\d{1,2}):(\d{2}):(\d{2})$/.exec(text);
  if (match === null) return undefined;
  const [hours, minutes, seconds] = [Number(match[1]), Number(match[2]), Number(match[3])];
  return hours < 24 && minutes < 60 && seconds < 60 ? hours * 3_600 + minutes * 60 + seconds : undefined;
};

function zoneFormat(timezone: string): Intl.DateTimeFormat | undefined {
  try {
    return new Intl.DateTimeFormat("en-GB", {
      timeZone: timezone,
      hourCycle: "h23",
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit",
    });
  } catch {
    return undefined;
  }
}

/** When an event happened, epoch ms: its own time, else when it came in. */
const timeOf = (event: StoredEvent): number => {
  const own = event.event.time === undefined ? Number.NaN : Date.parse(event.event.time);
  return Number.isNaN(own) ? event.receivedAt : own;
};

/** A daily window, start inclusive, stop exclusive; stop before start is a window over midnight. Default zone UTC. */
export function compileTime(
  filter: TimeFilter,
  path: string,
  issues: SensorIssue[],
): CompiledTest | undefined {
  const start = secondsOf(filter.start);
  const stop = secondsOf(filter.stop);
  const format = zoneFormat(filter.timezone ?? "UTC");
  if (start === undefined)
    issues.push({ path: `${path}.start`, message: `'${filter.start}' is not HH:MM:SS` });
  if (stop === undefined) issues.push({ path: `${path}.stop`, message: `'${filter.stop}' is not HH:MM:SS` });
  if (format === undefined)
    issues.push({
      path: `${path}.timezone`,
      message: `'${filter.timezone}' is not a time zone such as Europe/Berlin`,
    });
  if (start === undefined || stop === undefined || format === undefined) return undefined;
  if (start === stop) {
    issues.push({
      path,
      message: `invalid event time filter: stop '${filter.stop}' is equal to start '${filter.start}'`,
    });
    return undefined;
  }
  const zone = filter.timezone ?? "UTC";
  return (event): FilterCheck => {
    const left = format.format(timeOf(event));
    const at = secondsOf(left) ?? 0;
    const passed = start < stop ? at >= start && at < stop : at >= start || at < stop;
    return {
      filter: "time",
      subject: `time (${zone})`,
      left,
      operator: "in",
      right: `${filter.start}-${filter.stop}`,
      passed,
    };
  };
}
