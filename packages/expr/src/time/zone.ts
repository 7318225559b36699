import { fault } from "../fault.ts";

/** A clock face reading. `month` is 1–12. */
export interface Civil {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly ms: number;
}

const formatters = new Map<string, Intl.DateTimeFormat>();
const maxFormatters = 100;

/** Minutes east of UTC at a moment. A zone that does not exist is a fault. */
export function zoneOffsetMinutes(epochMs: number, zone: string): number {
  if (zone === "UTC" || zone === "" || zone === "Local" || zone === "Z") return 0;
  const fixed = /^([-+])(\d\d):(\d\d)$/.exec(zone);
  if (fixed !== null) return (fixed[1] === "-" ? -1 : 1) * (Number(fixed[2]) * 60 + Number(fixed[3]));
  if (!Number.isFinite(epochMs) || Math.abs(epochMs) > 8.64e15) fault("the time is out of range");
  const name = formatterFor(zone)
    .formatToParts(epochMs)
    .find((part) => part.type === "timeZoneName")?.value;
  const offset = /^GMT(?:([-+])(\d\d):(\d\d))?/.exec(name ?? "");
  if (offset === null || offset[1] === undefined) return 0;
  return (offset[1] === "-" ? -1 : 1) * (Number(offset[2]) * 60 + Number(offset[3]));
}

function formatterFor(zone: string): Intl.DateTimeFormat {
  const known = formatters.get(zone);
  if (known !== undefined) return known;
  const made = newFormatter(zone);
  if (formatters.size >= maxFormatters) formatters.clear();
  formatters.set(zone, made);
  return made;
}

function newFormatter(zone: string): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat("en-US", { timeZone: zone, timeZoneName: "longOffset" });
  } catch {
    return fault(`unknown time zone ${zone}`);
  }
}

export function civilOf(epochMs: number, zone: string): Civil {
  const date = new Date(epochMs + zoneOffsetMinutes(epochMs, zone) * 60_000);
  if (Number.isNaN(date.getTime())) fault("the time is out of range");
  return {
    year: date.getUTCFullYear(),
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
    hour: date.getUTCHours(),
    minute: date.getUTCMinutes(),
    second: date.getUTCSeconds(),
    ms: date.getUTCMilliseconds(),
  };
}

/** Epoch ms of a clock face in a zone; out-of-range fields carry over, as in Go's time.Date. */
export function epochOf(civil: Civil, zone: string): number {
  const date = new Date(0);
  date.setUTCFullYear(civil.year, civil.month - 1, civil.day);
  date.setUTCHours(civil.hour, civil.minute, civil.second, civil.ms);
  const local = date.getTime();
  const guess = local - zoneOffsetMinutes(local, zone) * 60_000;
  return local - zoneOffsetMinutes(guess, zone) * 60_000;
}
