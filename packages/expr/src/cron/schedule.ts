// The instants of a schedule.
// Invariants
//   S1. Each instant is a whole second of real time, and comes once: what two clock readings or two schedules name
//       together is one instant.
//   S2. A reading that the clock skips (spring) is the reading with the offset from before: 02:30 happens at 03:30.
//   S3. A reading that comes twice (autumn) is the first of the two, unless the schedule runs in every hour: then it
//       runs in each hour that passes.
import { civilOf, zoneOffsetMinutes } from "../time/zone.ts";
import { type CronField, type CronPlan, parseCron } from "./parse.ts";

/** A schedule that was read, with its time zone. */
export interface CronSchedule {
  /**
   * The first instant after `after`, epoch ms; undefined when there is none within nine years.
   * `anchor` (epoch ms) is where `@every` counts from, both ways; it is taken at its whole second.
   */
  next(after: number, anchor: number): number | undefined;
}

const minuteMs = 60_000;
const dayMs = 86_400_000;
/** A 29th of February may be eight years away. */
const maxDays = 9 * 366;

/** `zone` holds where the text has no `TZ=` of its own. Errors: EXPR_SYNTAX. */
export function compileCron(text: string, zone = "UTC"): CronSchedule {
  const parsed = parseCron(text);
  const { plan } = parsed;
  if (plan.kind === "every") return { next: (after, anchor) => nextEvery(plan.everyMs, after, anchor) };
  const calendar = new Calendar(plan, parsed.zone ?? zone);
  return { next: (after) => calendar.next(after) };
}

function nextEvery(everyMs: number, after: number, anchor: number): number {
  const start = Math.floor(anchor / 1_000) * 1_000;
  const passed = Math.floor((after - start) / everyMs);
  return start + (passed + 1) * everyMs;
}

type Fields = Extract<CronPlan, { kind: "fields" }>;

class Calendar {
  readonly #fields: Fields;
  readonly #zone: string;
  readonly #hours: readonly number[];
  readonly #minutes: readonly number[];
  readonly #everyHour: boolean;

  constructor(fields: Fields, zone: string) {
    this.#fields = fields;
    this.#zone = zone;
    this.#hours = valuesOf(fields.hour);
    this.#minutes = valuesOf(fields.minute);
    this.#everyHour = this.#hours.length === 24;
  }

  next(after: number): number | undefined {
    const { year, month, day } = civilOf(after, this.#zone);
    // Days as if at UTC. One day before: a skipped reading of yesterday may come today.
    let date = Date.UTC(year, month - 1, day) - dayMs;
    for (let days = 0; days < maxDays; days++, date += dayMs) {
      if (!this.#isDay(date)) continue;
      const found = this.#onDay(date, after);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** Both day fields have to fit when one of them is a star, else one of them. */
  #isDay(date: number): boolean {
    const at = new Date(date);
    const { month, day, weekday } = this.#fields;
    if (month.fits[at.getUTCMonth() + 1] !== true) return false;
    const fitsDay = day.fits[at.getUTCDate()] === true;
    const fitsWeekday = weekday.fits[at.getUTCDay()] === true;
    return day.star || weekday.star ? fitsDay && fitsWeekday : fitsDay || fitsWeekday;
  }

  #onDay(date: number, after: number): number | undefined {
    const before = this.#offsetAt(date - dayMs);
    const behind = this.#offsetAt(date + 2 * dayMs);
    // Most days: one offset, so readings are in the order of instants.
    if (before === behind) return this.#firstReading(date, after + before);
    const instants = this.#readings(date).flatMap((reading) => this.#instantsOf(reading));
    return instants.filter((instant) => instant > after).sort((a, b) => a - b)[0];
  }

  /** The first of the day after `after`, where the day has one offset: both as readings; the instant is returned. */
  #firstReading(date: number, after: number): number | undefined {
    if (date + dayMs <= after) return undefined;
    for (const hour of this.#hours) {
      const hourAt = date + hour * 60 * minuteMs;
      if (hourAt + 60 * minuteMs <= after) continue;
      for (const minute of this.#minutes) {
        const reading = hourAt + minute * minuteMs;
        if (reading > after) return this.#instantsOf(reading)[0];
      }
    }
    return undefined;
  }

  #readings(date: number): readonly number[] {
    return this.#hours.flatMap((hour) =>
      this.#minutes.map((minute) => date + (hour * 60 + minute) * minuteMs),
    );
  }

  /** When the clock shows it (S2, S3). A reading is epoch ms as if the zone were UTC. */
  #instantsOf(reading: number): readonly number[] {
    const before = this.#offsetAt(reading - dayMs);
    const offsets = new Set([before, this.#offsetAt(reading + dayMs)]);
    const instants = [...offsets]
      .map((offset) => ({ offset, instant: reading - offset }))
      .filter(({ offset, instant }) => this.#offsetAt(instant) === offset)
      .map(({ instant }) => instant)
      .sort((a, b) => a - b);
    if (instants.length === 0) return [reading - before];
    return this.#everyHour ? instants : instants.slice(0, 1);
  }

  #offsetAt(instant: number): number {
    return zoneOffsetMinutes(instant, this.#zone) * minuteMs;
  }
}

const valuesOf = (field: CronField): readonly number[] =>
  field.fits.flatMap((fits, value) => (fits ? [value] : []));
