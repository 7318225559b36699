import { parseGoDuration } from "@sluice/base";
import { type FunctionContext, type LanguageFunction, nowOf } from "../exprlang/context.ts";
import { fault } from "../fault.ts";
import { GoDuration, GoTime } from "../time/go-time.ts";
import { int, list, str } from "./cast.ts";

const upper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const digits = "0123456789";
const letters = upper + upper.toLowerCase();

const randomOf = ({ random }: FunctionContext) => random ?? fault("chance is not to be had here");

const randomText =
  (alphabet: string): LanguageFunction =>
  ([count], context) => {
    const size = Math.max(0, int(count));
    context.budget.text(size);
    const random = randomOf(context);
    return Array.from({ length: size }, () => alphabet[Math.floor(random.next() * alphabet.length)]).join("");
  };

/** A time, epoch seconds, or a text that reads as a time; anything else is now, as sprig has it. */
function timeOf(value: unknown, context: FunctionContext): GoTime {
  if (value instanceof GoTime) return value;
  if (typeof value === "number") return new GoTime(value * 1000);
  const read = typeof value === "string" ? GoTime.parse(value) : undefined;
  return read ?? new GoTime(nowOf(context));
}

function durationOf(value: unknown): GoDuration {
  if (value instanceof GoDuration) return value;
  if (typeof value === "number") return new GoDuration(value * 1e9);
  const ms = parseGoDuration(str(value));
  return ms === undefined ? fault(`time: invalid duration "${str(value)}"`) : new GoDuration(ms * 1e6);
}

const date: LanguageFunction = ([layout, time], context) => timeOf(time, context).format(str(layout));
const dateInZone: LanguageFunction = ([layout, time, zone], context) =>
  timeOf(time, context).in(str(zone)).format(str(layout));
const dateModify: LanguageFunction = ([by, time], context) => {
  const start = timeOf(time, context);
  return new GoTime(start.epochMs + durationOf(by).ms, start.zone);
};
const toDate: LanguageFunction = ([layout, text]) =>
  GoTime.parseWith(str(layout), str(text)) ?? fault(`the text does not fit the layout '${str(layout)}'`);

function shuffled(text: string, context: FunctionContext): string {
  const random = randomOf(context);
  const runes = [...text];
  for (let at = runes.length - 1; at > 0; at--) {
    const other = Math.floor(random.next() * (at + 1));
    [runes[at], runes[other]] = [runes[other] ?? "", runes[at] ?? ""];
  }
  return runes.join("");
}

function uuid(id: string): string {
  const hex = `${id.slice(0, 12)}4${id.slice(13, 16)}a${id.slice(17, 32)}`;
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

export const chanceAndTimeFunctions: Readonly<Record<string, LanguageFunction>> = {
  randAlpha: randomText(letters),
  randNumeric: randomText(digits),
  randAlphaNum: randomText(letters + digits),
  randAscii: randomText(Array.from({ length: 95 }, (_, index) => String.fromCharCode(32 + index)).join("")),
  randBytes: ([count], context) => {
    const size = Math.max(0, int(count));
    context.budget.text(2 * size);
    const random = randomOf(context);
    return Buffer.from(Array.from({ length: size }, () => Math.floor(random.next() * 256))).toString(
      "base64",
    );
  },
  hello: () => "Hello!",
  randInt: ([from, to], context) => int(from) + Math.floor(randomOf(context).next() * (int(to) - int(from))),
  randItem: ([items], context) =>
    list(items)[Math.floor(randomOf(context).next() * list(items).length)] ?? null,
  uuidv4: (_args, context) => uuid(randomOf(context).id()),
  shuffle: ([text], context) => shuffled(str(text), context),
  now: (_args, context) => new GoTime(nowOf(context)),
  date,
  dateInZone,
  date_in_zone: dateInZone,
  dateModify,
  date_modify: dateModify,
  mustDateModify: dateModify,
  toDate,
  mustToDate: toDate,
  unixEpoch: ([time], context) => String(Math.floor(timeOf(time, context).epochMs / 1000)),
  ago: ([time], context) => new GoDuration((nowOf(context) - timeOf(time, context).epochMs) * 1e6).toString(),
  duration: ([seconds]) => new GoDuration(int(seconds) * 1e9).toString(),
  htmlDate: ([time], context) => timeOf(time, context).format("2006-01-02"),
  htmlDateInZone: ([time, zone], context) => timeOf(time, context).in(str(zone)).format("2006-01-02"),
};
