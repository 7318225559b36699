import { type Civil, epochOf } from "./zone.ts";

const months = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
];
const days = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/** The pieces of Go's reference time, longest first. */
const piece =
  /2006|January|Jan|Monday|Mon|MST|-07:00:00|-07:00|-0700|-07|Z07:00|Z0700|Z07|[.,]0+(?!\d)|[.,]9+(?!\d)|002|__2|_2|01|02|03|04|05|06|15|PM|pm|1|2|3|4|5/g;

const pad = (value: number, width: number, filler = "0"): string => String(value).padStart(width, filler);

/** Go's Time.Format. */
export function formatLayout(layout: string, civil: Civil, offsetMinutes: number, zone: string): string {
  return layout.replace(piece, (name) => formatPiece(name, civil, offsetMinutes, zone));
}

type Show = (civil: Civil) => string;
const shows: Readonly<Record<string, Show>> = {
  "2006": (c) => pad(c.year, 4),
  "06": (c) => pad(c.year % 100, 2),
  January: (c) => months[c.month - 1] ?? "",
  Jan: (c) => (months[c.month - 1] ?? "").slice(0, 3),
  "01": (c) => pad(c.month, 2),
  "1": (c) => String(c.month),
  Monday: (c) => days[weekday(c)] ?? "",
  Mon: (c) => (days[weekday(c)] ?? "").slice(0, 3),
  "02": (c) => pad(c.day, 2),
  _2: (c) => pad(c.day, 2, " "),
  "2": (c) => String(c.day),
  "002": (c) => pad(yearDay(c), 3),
  __2: (c) => pad(yearDay(c), 3, " "),
  "15": (c) => pad(c.hour, 2),
  "03": (c) => pad(c.hour % 12 || 12, 2),
  "3": (c) => String(c.hour % 12 || 12),
  "04": (c) => pad(c.minute, 2),
  "4": (c) => String(c.minute),
  "05": (c) => pad(c.second, 2),
  "5": (c) => String(c.second),
  PM: (c) => (c.hour < 12 ? "AM" : "PM"),
  pm: (c) => (c.hour < 12 ? "am" : "pm"),
};

function formatPiece(name: string, civil: Civil, offsetMinutes: number, zone: string): string {
  const show = Object.hasOwn(shows, name) ? shows[name] : undefined;
  if (show !== undefined) return show(civil);
  if (name === "MST") return zoneName(offsetMinutes, zone);
  if (/^[.,]/.test(name)) return fraction(name, civil.ms);
  if (name.startsWith("Z") && offsetMinutes === 0) return "Z";
  const size = Math.abs(offsetMinutes);
  const hours = `${offsetMinutes < 0 ? "-" : "+"}${pad(Math.floor(size / 60), 2)}`;
  if (name.endsWith("07")) return hours;
  return `${hours}${name.includes(":") ? ":" : ""}${pad(size % 60, 2)}${name.endsWith(":00:00") ? ":00" : ""}`;
}

function zoneName(offsetMinutes: number, zone: string): string {
  if (zone === "UTC" || zone === "") return "UTC";
  const size = Math.abs(offsetMinutes);
  return `${offsetMinutes < 0 ? "-" : "+"}${pad(Math.floor(size / 60), 2)}${size % 60 === 0 ? "" : pad(size % 60, 2)}`;
}

function fraction(name: string, ms: number): string {
  const digits = pad(ms, 3)
    .padEnd(9, "0")
    .slice(0, name.length - 1);
  if (name[1] === "0") return name[0] + digits;
  const trimmed = digits.replace(/0+$/, "");
  return trimmed === "" ? "" : name[0] + trimmed;
}

/** 0 is Sunday. */
export const weekday = (c: Civil): number =>
  new Date(epochOf({ ...c, hour: 0, minute: 0, second: 0, ms: 0 }, "UTC")).getUTCDay();

export const yearDay = (c: Civil): number => {
  const from = (month: number, day: number): number =>
    epochOf({ ...midnight, year: c.year, month, day }, "UTC");
  return Math.round((from(c.month, c.day) - from(1, 1)) / 86_400_000) + 1;
};

const midnight: Civil = { year: 0, month: 1, day: 1, hour: 0, minute: 0, second: 0, ms: 0 };

export interface ParsedTime extends Civil {
  readonly offsetMinutes: number | undefined;
}

type Reading = { -readonly [K in keyof Civil]: number };

/** Go's time.Parse, or undefined where the text does not fit the layout. */
export function parseLayout(layout: string, text: string): ParsedTime | undefined {
  if (layout.length > 200 || text.length > 200) return undefined;
  const names: string[] = [];
  let pattern = "";
  let last = 0;
  for (const match of layout.matchAll(piece)) {
    pattern += quoted(layout.slice(last, match.index)) + readPattern(match[0]);
    names.push(match[0]);
    last = match.index + match[0].length;
  }
  const found = new RegExp(`^${pattern}${quoted(layout.slice(last))}$`).exec(text);
  return found === null ? undefined : readFields(names, found);
}

const quoted = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

/** Each piece is one group without nested repetition, so matching stays linear. */
function readPattern(name: string): string {
  if (name === "2006") return "(\\d{4})";
  if (name === "January" || name === "Jan" || name === "Monday" || name === "Mon") return "([A-Za-z]{3,9})";
  if (name === "MST") return "([A-Z]{3,5}|[-+]\\d{2,4})";
  if (/^Z/.test(name)) return "(Z|[-+]\\d\\d:?(?:\\d\\d)?)";
  if (/^-07/.test(name)) return "([-+]\\d\\d:?(?:\\d\\d)?)";
  if (/^[.,]/.test(name)) return "([.,]\\d{1,9})?";
  if (name === "PM" || name === "pm") return "([AaPp][Mm])";
  if (name === "05" || name === "5") return "(\\d{1,2}(?:\\.\\d{1,9})?)";
  if (name === "002" || name === "__2") return "([ \\d]{3})";
  return name.length === 2 && name !== "_2" ? "(\\d{2})" : "( ?\\d{1,2})";
}

function readFields(names: readonly string[], found: RegExpExecArray): ParsedTime | undefined {
  const fields: Reading = { ...midnight };
  let offsetMinutes: number | undefined;
  let half: string | undefined;
  for (const [index, name] of names.entries()) {
    const text = found[index + 1] ?? "";
    if (name === "MST") offsetMinutes = text === "UTC" || text === "GMT" ? 0 : offsetMinutes;
    else if (/^(?:Z|-)07/.test(name)) offsetMinutes = readOffset(text);
    else if (name === "PM" || name === "pm") half = text.toLowerCase();
    else readField(fields, name, text);
  }
  if (half === "pm" && fields.hour < 12) fields.hour += 12;
  if (half === "am" && fields.hour === 12) fields.hour = 0;
  return inRange(fields) ? { ...fields, offsetMinutes } : undefined;
}

function readField(fields: Reading, name: string, text: string): void {
  if (name === "2006") fields.year = Number(text);
  else if (name === "06") fields.year = Number(text) + (Number(text) >= 69 ? 1900 : 2000);
  else if (name === "January" || name === "Jan")
    fields.month = months.findIndex((month) => month.startsWith(text) && text !== "") + 1;
  else if (name === "01" || name === "1") fields.month = Number(text);
  else if (name === "02" || name === "_2" || name === "2") fields.day = Number(text);
  else if (name === "15" || name === "03" || name === "3") fields.hour = Number(text);
  else if (name === "04" || name === "4") fields.minute = Number(text);
  else if (name === "05" || name === "5") {
    fields.second = Math.floor(Number(text));
    fields.ms = Math.floor(Number(`0.${text.split(".")[1] ?? "0"}`) * 1000);
  } else if (/^[.,]/.test(name) && text !== "") fields.ms = Math.floor(Number(`0.${text.slice(1)}`) * 1000);
}

function readOffset(text: string): number {
  const match = /^([-+])(\d\d):?(\d\d)?$/.exec(text);
  if (match === null) return 0;
  return (match[1] === "-" ? -1 : 1) * (Number(match[2]) * 60 + Number(match[3] ?? 0));
}

const inRange = (c: Civil): boolean =>
  c.month >= 1 && c.month <= 12 && c.day >= 1 && c.day <= 31 && c.hour < 24 && c.minute < 60 && c.second < 60;
