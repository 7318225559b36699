import { parseGoDuration } from "@sluice/base";
import { textArgument, wrong } from "../../arguments.ts";
import { fault } from "../../fault.ts";
import { parseFloatStrictly } from "../../gjson/result.ts";
import { queryJsonPath } from "../../jsonpath/jsonpath.ts";
import { formatPlain } from "../../printf.ts";
import { GoDuration, GoTime } from "../../time/go-time.ts";
import { goJson, MethodValue, typeName } from "../../values.ts";
import { type LanguageFunction, nowOf } from "../context.ts";
import { parseJson } from "./json.ts";

/** What `timezone` gives: the name is all that is known of it. */
class TimeZone extends MethodValue {
  readonly typeName = "*time.Location";
  readonly #name: string;

  constructor(name: string) {
    super();
    this.#name = name;
  }

  toString(): string {
    return this.#name;
  }

  method(name: string): (() => string) | undefined {
    return name === "String" ? () => this.#name : undefined;
  }
}

export const convertBuiltins: Readonly<Record<string, LanguageFunction>> = {
  int: (args) => toInteger(args, "int"),
  float: (args) => toFloat(args, "float"),
  asInt: (args) => toInteger(args, "asInt"),
  asFloat: (args) => toFloat(args, "asFloat"),
  string: ([value], { budget }) => formatPlain(value, budget),
  type: ([value]) => typeName(value),
  toJSON: ([value], { budget }) => goJson(value, budget, "  "),
  toJson: ([value], { budget }) => goJson(value, budget),
  fromJSON: (args, context) => parseJson(textArgument(args, 0, "fromJSON"), context),
  toBase64: (args) => Buffer.from(textArgument(args, 0, "toBase64"), "utf8").toString("base64"),
  fromBase64: (args) => {
    const text = textArgument(args, 0, "fromBase64");
    if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text)) fault("illegal base64 data");
    return Buffer.from(text, "base64").toString("utf8");
  },
  now: (_args, context) => new GoTime(nowOf(context)),
  duration: (args) => {
    const text = textArgument(args, 0, "duration");
    const ms = parseGoDuration(text);
    return ms === undefined
      ? fault(`time: invalid duration "${text}"`)
      : new GoDuration(Math.round(ms * 1e6));
  },
  date: (args) => {
    const text = textArgument(args, 0, "date");
    const zone = args.length > 2 ? textArgument(args, 2, "date") : "UTC";
    const time =
      args.length > 1
        ? GoTime.parseWith(textArgument(args, 1, "date"), text, zone)
        : GoTime.parse(text, zone);
    return time ?? fault(`invalid date ${text}`);
  },
  timezone: (args) => {
    const zone = textArgument(args, 0, "timezone");
    new GoTime(0, zone).offsetMinutes();
    return new TimeZone(zone);
  },
  jsonpath: (args, context) =>
    queryJsonPath(
      parseJson(textArgument(args, 0, "jsonpath"), context),
      textArgument(args, 1, "jsonpath"),
      context.budget,
    ),
};

function toInteger(args: readonly unknown[], name: string): number {
  const value = args[0];
  if (typeof value === "number") return Math.trunc(value);
  if (typeof value !== "string") return wrong(args, 0, name, "a number or a numeric string");
  return /^[-+]?\d+$/.test(value)
    ? Number(value)
    : fault(`invalid operation: ${name}("${value.slice(0, 100)}")`);
}

function toFloat(args: readonly unknown[], name: string): number {
  const value = args[0];
  if (typeof value === "number") return value;
  if (typeof value !== "string") return wrong(args, 0, name, "a number or a numeric string");
  return parseFloatStrictly(value) ?? fault(`invalid operation: ${name}("${value.slice(0, 100)}")`);
}
