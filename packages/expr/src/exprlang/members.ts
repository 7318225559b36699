import type { Budget } from "../budget.ts";
import { fault } from "../fault.ts";
import { GoDuration, GoTime } from "../time/go-time.ts";
import { weekday, yearDay } from "../time/layout.ts";
import { civilOf, epochOf } from "../time/zone.ts";
import { charactersOf, isMapping, MethodValue, readKey, typeName } from "../values.ts";
import { FunctionValue } from "./context.ts";

/** `object.key` and `object[key]`: own keys of maps, indexes (negative from the end), methods of times. */
export function readMember(object: unknown, key: unknown): unknown {
  if (Array.isArray(object)) return readItem(object, key);
  if (typeof object === "string" && typeof key === "number") return readItem([...object], key);
  if (isMapping(object)) {
    // Keys are texts here: what groupBy made of a number, a truth value or nil is found again.
    if (typeof key === "object" && key !== null)
      return fault(`cannot use ${typeName(key)} as a key of a map`);
    return readKey(object, String(key));
  }
  const method = methodOf(object, key);
  if (method !== undefined) return method;
  return fault(
    `cannot fetch ${String(key)} from ${object === null || object === undefined ? "<nil>" : typeName(object)}`,
  );
}

function readItem(items: readonly unknown[], key: unknown): unknown {
  if (!Number.isInteger(key)) return fault(`cannot fetch ${String(key)} from array`);
  const index = key as number;
  const at = index < 0 ? items.length + index : index;
  if (at < 0 || at >= items.length)
    return fault(`index out of range: ${index} (array length is ${items.length})`);
  return items[at] ?? null;
}

/** `object[from:to]`, clamped as expr-lang does; positions in texts count characters, as `len` does. */
export function readSlice(object: unknown, from: unknown, to: unknown, budget: Budget): unknown {
  if (!Array.isArray(object) && typeof object !== "string") return fault(`cannot slice ${typeName(object)}`);
  const items = typeof object === "string" ? charactersOf(object) : object;
  const size = items.length;
  const start = bound(from ?? 0, size);
  const end = Math.max(start, bound(to ?? size, size));
  if (typeof object === "string") budget.text(end - start);
  else budget.items(end - start);
  const cut = items.slice(start, end);
  return typeof object === "string" && Array.isArray(cut) ? cut.join("") : cut;
}

function bound(value: unknown, size: number): number {
  if (!Number.isInteger(value)) return fault(`a slice index is a whole number, came ${typeName(value)}`);
  const index = value as number;
  return Math.max(0, Math.min(size, index < 0 ? size + index : index));
}

function methodOf(object: unknown, key: unknown): FunctionValue | undefined {
  if (typeof key !== "string") return undefined;
  if (object instanceof MethodValue) {
    const run = object.method(key);
    return run && new FunctionValue(key, run);
  }
  const methods =
    object instanceof GoTime ? timeMethods : object instanceof GoDuration ? durationMethods : {};
  const method = Object.hasOwn(methods, key) ? methods[key] : undefined;
  return method && new FunctionValue(key, (args) => method(object as never, args));
}

type Methods<T> = Readonly<Record<string, (self: T, args: readonly unknown[]) => unknown>>;

const civil = (time: GoTime) => civilOf(time.epochMs, time.zone);

const timeMethods: Methods<GoTime> = {
  Year: (t) => civil(t).year,
  Month: (t) => civil(t).month,
  Day: (t) => civil(t).day,
  Hour: (t) => civil(t).hour,
  Minute: (t) => civil(t).minute,
  Second: (t) => civil(t).second,
  Nanosecond: (t) => civil(t).ms * 1e6,
  Weekday: (t) => weekday(civil(t)),
  YearDay: (t) => yearDay(civil(t)),
  Unix: (t) => Math.floor(t.epochMs / 1000),
  UnixMilli: (t) => Math.floor(t.epochMs),
  UnixNano: (t) => t.epochMs * 1e6,
  Format: (t, [layout]) => t.format(text(layout)),
  String: (t) => t.toString(),
  IsZero: (t) => t.epochMs === -62135596800000,
  UTC: (t) => t.in("UTC"),
  In: (t, [zone]) => t.in(zone instanceof MethodValue ? zone.toString() : text(zone)),
  Add: (t, [by]) => new GoTime(t.epochMs + duration(by).ms, t.zone),
  Sub: (t, [other]) => new GoDuration((t.epochMs - time(other).epochMs) * 1e6),
  After: (t, [other]) => t.epochMs > time(other).epochMs,
  Before: (t, [other]) => t.epochMs < time(other).epochMs,
  Equal: (t, [other]) => t.epochMs === time(other).epochMs,
  Truncate: (t, [by]) => new GoTime(truncated(t.epochMs, duration(by).ms), t.zone),
  AddDate: (t, [years, months, days]) => {
    const c = civil(t);
    const moved = {
      ...c,
      year: c.year + whole(years),
      month: c.month + whole(months),
      day: c.day + whole(days),
    };
    return new GoTime(epochOf(moved, t.zone), t.zone);
  },
};

const truncated = (epochMs: number, stepMs: number): number =>
  stepMs <= 0 ? epochMs : epochMs - ((((epochMs + 62135596800000) % stepMs) + stepMs) % stepMs);

const durationMethods: Methods<GoDuration> = {
  Hours: (d) => d.ms / 3_600_000,
  Minutes: (d) => d.ms / 60_000,
  Seconds: (d) => d.ms / 1_000,
  Milliseconds: (d) => Math.trunc(d.ms),
  Microseconds: (d) => Math.trunc(d.ns / 1_000),
  Nanoseconds: (d) => d.ns,
  Abs: (d) => new GoDuration(Math.abs(d.ns)),
  String: (d) => d.toString(),
  Round: (d, [by]) => new GoDuration(Math.round(d.ns / duration(by).ns) * duration(by).ns),
  Truncate: (d, [by]) => new GoDuration(Math.trunc(d.ns / duration(by).ns) * duration(by).ns),
};

const text = (value: unknown): string => (typeof value === "string" ? value : fault("a text is wanted"));
const whole = (value: unknown): number =>
  Number.isInteger(value) ? (value as number) : fault("a whole number is wanted");
const duration = (value: unknown): GoDuration =>
  value instanceof GoDuration
    ? value
    : typeof value === "number"
      ? new GoDuration(value)
      : fault("a duration is wanted");

function time(value: unknown): GoTime {
  if (value instanceof GoTime) return value;
  const read = typeof value === "string" ? GoTime.parse(value) : undefined;
  return read ?? fault(`a time is wanted, came ${typeName(value)}`);
}
