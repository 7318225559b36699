// Reads a schedule as robfig/cron's standard parser does: five fields or a descriptor, after an optional time zone.
import { parseGoDuration } from "@sluice/base";
import { ExprError } from "../errors.ts";
import { zoneOffsetMinutes } from "../time/zone.ts";

/** The values that a field lets through. */
export interface CronField {
  /** By value: whether it fits. */
  readonly fits: readonly boolean[];
  /** Written as `*` or `?`, with no step: it does not narrow the days. */
  readonly star: boolean;
}

export type CronPlan =
  | {
      readonly kind: "fields";
      readonly minute: CronField;
      readonly hour: CronField;
      readonly day: CronField;
      readonly month: CronField;
      readonly weekday: CronField;
    }
  | { readonly kind: "every"; readonly everyMs: number };

export interface ParsedCron {
  readonly plan: CronPlan;
  /** Of a prefix `TZ=` or `CRON_TZ=`. */
  readonly zone?: string;
}

interface Bounds {
  readonly min: number;
  readonly max: number;
  readonly names?: readonly string[];
}

const monthNames = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const dayNames = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
const bounds = {
  minute: { min: 0, max: 59 },
  hour: { min: 0, max: 23 },
  day: { min: 1, max: 31 },
  month: { min: 1, max: 12, names: monthNames },
  weekday: { min: 0, max: 6, names: dayNames },
} as const satisfies Readonly<Record<string, Bounds>>;

const descriptors: Readonly<Record<string, string>> = {
  "@yearly": "0 0 1 1 *",
  "@annually": "0 0 1 1 *",
  "@monthly": "0 0 1 * *",
  "@weekly": "0 0 * * 0",
  "@daily": "0 0 * * *",
  "@midnight": "0 0 * * *",
  "@hourly": "0 * * * *",
};

/** Longest schedule that is read, characters. */
const maxLength = 1_000;

/** Errors: EXPR_SYNTAX with the place. */
export function parseCron(text: string): ParsedCron {
  const reader = new Reader(text);
  if (text.length > maxLength) throw reader.wrong(0, `more than ${maxLength} characters`);
  const prefix = /^\s*(?:CRON_)?TZ=(\S*)\s+/.exec(text);
  const zone = prefix?.[1];
  const offset = prefix?.[0].length ?? 0;
  if (zone !== undefined && !isZone(zone)) throw reader.wrong(0, `provided bad location ${zone}`);
  const plan = planOf(reader, text.slice(offset), offset);
  return zone === undefined ? { plan } : { plan, zone };
}

function isZone(zone: string): boolean {
  try {
    zoneOffsetMinutes(0, zone);
    return true;
  } catch {
    return false;
  }
}

function planOf(reader: Reader, text: string, offset: number): CronPlan {
  const trimmed = text.trim();
  if (trimmed === "") throw reader.wrong(offset, "empty spec string");
  if (trimmed.startsWith("@every ")) return everyOf(reader, trimmed.slice("@every ".length), offset);
  if (trimmed.startsWith("@")) {
    const fields = Object.hasOwn(descriptors, trimmed) ? descriptors[trimmed] : undefined;
    if (fields === undefined) throw reader.wrong(offset, `unrecognized descriptor: ${trimmed}`);
    return fieldsOf(new Reader(fields), fields, 0);
  }
  return fieldsOf(reader, text, offset);
}

function everyOf(reader: Reader, text: string, offset: number): CronPlan {
  const ms = parseGoDuration(text.trim());
  if (ms === undefined) throw reader.wrong(offset, `failed to parse duration @every ${text}`);
  // Whole seconds, one at least.
  return { kind: "every", everyMs: Math.max(1, Math.floor(ms / 1_000)) * 1_000 };
}

function fieldsOf(reader: Reader, text: string, offset: number): CronPlan {
  const words = [...text.matchAll(/\S+/g)].map((match) => ({ text: match[0], at: offset + match.index }));
  const [minute, hour, day, month, weekday] = words;
  if (!minute || !hour || !day || !month || !weekday || words.length !== 5) {
    const list = words.map((word) => word.text).join(" ");
    throw reader.wrong(words[5]?.at ?? offset, `expected exactly 5 fields, found ${words.length}: [${list}]`);
  }
  return {
    kind: "fields",
    minute: reader.field(minute, bounds.minute),
    hour: reader.field(hour, bounds.hour),
    day: reader.field(day, bounds.day),
    month: reader.field(month, bounds.month),
    weekday: reader.field(weekday, bounds.weekday),
  };
}

interface Word {
  readonly text: string;
  readonly at: number;
}

class Reader {
  readonly #text: string;
  constructor(text: string) {
    this.#text = text;
  }

  wrong(offset: number, reason: string): Error {
    const text = this.#text.length > 200 ? `${this.#text.slice(0, 200)}…` : this.#text;
    return ExprError.SYNTAX({ language: "cron", text, reason, line: 1, column: offset + 1, offset });
  }

  field(word: Word, bound: Bounds): CronField {
    const fits = new Array<boolean>(bound.max + 1).fill(false);
    let star = false;
    for (const text of word.text.split(",").filter((part) => part !== "")) {
      const range = this.#range({ text, at: word.at }, bound);
      for (let value = range.from; value <= range.to; value += range.step) fits[value] = true;
      star ||= range.star;
    }
    if (!fits.includes(true)) throw this.wrong(word.at, `no value in field: ${word.text}`);
    return { fits, star };
  }

  /** `*`, `?`, `5`, `1-5`, each with `/step`; `5/2` goes on to the end. */
  #range(word: Word, bound: Bounds): { from: number; to: number; step: number; star: boolean } {
    const [span = "", stepText, ...moreSteps] = word.text.split("/");
    if (moreSteps.length > 0) throw this.wrong(word.at, `too many slashes: ${word.text}`);
    const [low = "", high, ...moreParts] = span.split("-");
    const any = low === "*" || low === "?";
    if (moreParts.length > 0 || (any && high !== undefined))
      throw this.wrong(word.at, `too many hyphens: ${word.text}`);
    const from = any ? bound.min : this.#value({ ...word, text: low }, bound);
    const step = stepText === undefined ? 1 : this.#integer({ ...word, text: stepText });
    const last = any || stepText !== undefined ? bound.max : from;
    const to = high === undefined ? last : this.#value({ ...word, text: high }, bound);
    if (from < bound.min)
      throw this.wrong(word.at, `beginning of range (${from}) below minimum (${bound.min}): ${word.text}`);
    if (to > bound.max)
      throw this.wrong(word.at, `end of range (${to}) above maximum (${bound.max}): ${word.text}`);
    if (from > to)
      throw this.wrong(word.at, `beginning of range (${from}) beyond end of range (${to}): ${word.text}`);
    if (step === 0) throw this.wrong(word.at, `step of range should be a positive number: ${word.text}`);
    return { from, to, step, star: any && step === 1 };
  }

  #value(word: Word, bound: Bounds): number {
    const index = bound.names?.indexOf(word.text.toLowerCase()) ?? -1;
    return index >= 0 ? index + bound.min : this.#integer(word);
  }

  #integer({ text, at }: Word): number {
    if (!/^\d{1,15}$/.test(text)) throw this.wrong(at, `failed to parse int from ${text}`);
    return Number(text);
  }
}
