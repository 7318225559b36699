import { formatGoDuration } from "@sluice/base";
import { formatLayout, parseLayout } from "./layout.ts";
import { civilOf, epochOf, zoneOffsetMinutes } from "./zone.ts";

/** A moment with the zone it is shown in. Ms precision. */
export class GoTime {
  /** Epoch ms. */
  readonly epochMs: number;
  /** An IANA name, "UTC", or a fixed offset such as "+02:00". */
  readonly zone: string;

  constructor(epochMs: number, zone = "UTC") {
    this.epochMs = epochMs;
    this.zone = zone;
  }

  /** Reads the usual layouts (RFC 3339, date, date and time, RFC 1123, RFC 822, RFC 850), else undefined. */
  static parse(text: string, zone = "UTC"): GoTime | undefined {
    for (const layout of usualLayouts) {
      const time = GoTime.parseWith(layout, text, zone);
      if (time !== undefined) return time;
    }
    return undefined;
  }

  static parseWith(layout: string, text: string, zone = "UTC"): GoTime | undefined {
    const fields = parseLayout(layout, text);
    if (fields === undefined) return undefined;
    if (fields.offsetMinutes === undefined) return new GoTime(epochOf(fields, zone), zone);
    const shown = fields.offsetMinutes === 0 ? "UTC" : offsetName(fields.offsetMinutes);
    return new GoTime(epochOf(fields, shown), shown);
  }

  format(layout: string): string {
    return formatLayout(layout, civilOf(this.epochMs, this.zone), this.offsetMinutes(), this.zone);
  }

  offsetMinutes(): number {
    return zoneOffsetMinutes(this.epochMs, this.zone);
  }

  rfc3339(): string {
    const fraction = this.epochMs % 1000 === 0 ? "" : ".999";
    return this.format(`2006-01-02T15:04:05${fraction}Z07:00`);
  }

  /** As Go prints a time. */
  toString(): string {
    return this.format("2006-01-02 15:04:05.999 -0700 MST");
  }

  in(zone: string): GoTime {
    return new GoTime(this.epochMs, zone);
  }
}

/** A span of time. */
export class GoDuration {
  readonly ns: number;

  constructor(ns: number) {
    this.ns = ns;
  }

  get ms(): number {
    return this.ns / 1e6;
  }

  toString(): string {
    return formatGoDuration(this.ms);
  }
}

const usualLayouts = [
  "2006-01-02T15:04:05Z07:00",
  "2006-01-02 15:04:05",
  "2006-01-02",
  "15:04:05",
  "02 Jan 06 15:04 MST",
  "Monday, 02-Jan-06 15:04:05 MST",
  "Mon, 02 Jan 2006 15:04:05 MST",
  "Mon, 02 Jan 2006 15:04:05 -0700",
  "2006-01-02 15:04:05 -0700 MST",
];

function offsetName(minutes: number): string {
  const size = Math.abs(minutes);
  const two = (n: number): string => String(n).padStart(2, "0");
  return `${minutes < 0 ? "-" : "+"}${two(Math.floor(size / 60))}:${two(size % 60)}`;
}
