import type { Budget } from "./budget.ts";
import { fault } from "./fault.ts";
import { GoDuration, GoTime } from "./time/go-time.ts";
import { goJson, infinityText, isMapping, MethodValue } from "./values.ts";

/** Flags, the place of the argument, width, precision, verb. */
const verb = /%([-+# 0]*)(?:\[(\d+)\])?(\*|\d+)?(?:\.(\*|\d+)?)?(?:\[(\d+)\])?(.)?/gsu;
const maxWidth = 10_000;

interface Spec {
  readonly flags: string;
  readonly width: number;
  /** -1 where none is written. */
  readonly precision: number;
}

/** Go's fmt.Sprintf for plain values: `%v %+v %#v %s %q %d %b %o %x %X %c %U %e %f %g %t %T %%`, flags, `*`, `[n]`. */
export function sprintf(format: string, args: readonly unknown[], budget: Budget): string {
  budget.text(format.length);
  let next = 0;
  let reordered = false;
  const out = format.replace(verb, (...found) => {
    const [all, flags, first, width, precision, second, letter] = found as (string | undefined)[] &
      [string, string];
    if (letter === undefined) return "%!(NOVERB)";
    if (letter === "%") return "%";
    const place = second ?? first;
    if (place !== undefined) {
      reordered = true;
      next = Number(place) - 1;
      if (next < 0 || next >= args.length) return `%!${letter}(BADINDEX)`;
    }
    const size = (text: string | undefined): number => Number(text === "*" ? args[next++] : (text ?? -1));
    const wanted = size(width);
    const digits = all.includes(".") ? Math.max(0, size(precision)) : -1;
    if (wanted > maxWidth || digits > maxWidth || Number.isNaN(wanted + digits))
      fault("a printf width is too large");
    if (next >= args.length) return `%!${letter}(MISSING)`;
    const spec = { flags, width: wanted, precision: digits };
    const value = args[next++];
    const text = padded(formatValue(letter, value, spec, budget), spec, typeof value === "number");
    budget.text(text.length);
    return text;
  });
  const extra = args
    .slice(reordered ? args.length : next)
    .map((value) => `${goTypeName(value)}=${formatPlain(value, budget)}`);
  return extra.length > 0 ? `${out}%!(EXTRA ${extra.join(", ")})` : out;
}

function padded(text: string, { flags, width }: Spec, numeric: boolean): string {
  if (text.length >= width) return text;
  if (flags.includes("-")) return text.padEnd(width);
  if (!flags.includes("0") || !numeric) return text.padStart(width);
  const sign = /^[-+]/.test(text) ? (text[0] ?? "") : "";
  return sign + text.slice(sign.length).padStart(width - sign.length, "0");
}

function formatValue(letter: string, value: unknown, spec: Spec, budget: Budget): string {
  switch (letter) {
    case "v":
      return spec.flags.includes("#") ? goJson(value, budget) : formatPlain(value, budget);
    case "s":
      return cut(typeof value === "string" ? value : badVerb("s", value, budget), spec);
    case "q":
      return typeof value === "number"
        ? `'${String.fromCodePoint(value)}'`
        : JSON.stringify(formatPlain(value, budget));
    case "t":
      return typeof value === "boolean" ? String(value) : badVerb("t", value, budget);
    case "T":
      return goTypeName(value);
    default:
      return typeof value === "number"
        ? formatNumber(letter, value, spec, budget)
        : formatText(letter, value, budget);
  }
}

const cut = (text: string, { precision }: Spec): string =>
  precision < 0 ? text : [...text].slice(0, precision).join("");

function formatText(letter: string, value: unknown, budget: Budget): string {
  if ((letter === "x" || letter === "X") && typeof value === "string") {
    const hex = Buffer.from(value, "utf8").toString("hex");
    return letter === "X" ? hex.toUpperCase() : hex;
  }
  return letter === "d" && value instanceof GoDuration ? String(value.ns) : badVerb(letter, value, budget);
}

function formatNumber(letter: string, value: number, spec: Spec, budget: Budget): string {
  if ("eEfFgG".includes(letter)) return signed(formatFloat(letter, value, spec.precision), value, spec);
  // JSON has one kind of number; an integral one counts as an integer here.
  if (!Number.isInteger(value)) return badVerb(letter, value, budget);
  const whole = BigInt(value);
  switch (letter) {
    case "d":
      return signed(whole.toString(), value, spec);
    case "b":
      return whole.toString(2);
    case "o":
      return (spec.flags.includes("#") ? "0" : "") + whole.toString(8);
    case "x":
      return (spec.flags.includes("#") ? "0x" : "") + whole.toString(16);
    case "X":
      return (spec.flags.includes("#") ? "0X" : "") + whole.toString(16).toUpperCase();
    case "c":
      return value >= 0 && value <= 0x10ffff ? String.fromCodePoint(value) : "\ufffd";
    case "U":
      return `U+${whole.toString(16).toUpperCase().padStart(4, "0")}`;
    default:
      return badVerb(letter, value, budget);
  }
}

const signed = (text: string, value: number, { flags }: Spec): string =>
  value >= 0 && flags.includes("+") ? `+${text}` : value >= 0 && flags.includes(" ") ? ` ${text}` : text;

function formatFloat(letter: string, value: number, precision: number): string {
  if (!Number.isFinite(value)) return infinityText(value);
  const digits = Math.min(100, precision);
  const lower = letter.toLowerCase();
  if (lower === "f") return value.toFixed(digits < 0 ? 6 : digits);
  const text =
    lower === "e" ? goExponent(value.toExponential(digits < 0 ? 6 : digits)) : general(value, digits);
  return letter === lower ? text : text.toUpperCase();
}

/** `%g`: the shortest text, with an exponent below -4 and from 21 up. */
function general(value: number, precision: number): string {
  const read = precision < 0 ? value : Number(value.toPrecision(Math.max(1, precision)));
  const exponent = read === 0 ? 0 : Math.floor(Math.log10(Math.abs(read)));
  if (exponent < -4 || exponent >= (precision < 0 ? 21 : Math.max(1, precision)))
    return goExponent(read.toExponential());
  return String(read);
}

const goExponent = (text: string): string => text.replace(/e([-+])(\d)$/, "e$10$2");

const badVerb = (letter: string, value: unknown, budget: Budget): string =>
  value === null || value === undefined
    ? `%!${letter}(<nil>)`
    : `%!${letter}(${goTypeName(value)}=${formatPlain(value, budget)})`;

export function goTypeName(value: unknown): string {
  if (value === null || value === undefined) return "<nil>";
  if (typeof value === "string") return "string";
  if (typeof value === "boolean") return "bool";
  if (typeof value === "number") return Number.isInteger(value) ? "int" : "float64";
  if (Array.isArray(value)) return "[]interface {}";
  if (value instanceof GoTime) return "time.Time";
  if (value instanceof MethodValue) return value.typeName;
  return value instanceof GoDuration ? "time.Duration" : "map[string]interface {}";
}

/** Go's `%v`: lists as `[a b]`, maps as `map[k:v]` with sorted keys, nil as `<nil>`; numbers without an exponent below 1e21. */
export function formatPlain(value: unknown, budget: Budget, depth = 0): string {
  budget.spend();
  if (depth > 100) return fault("the value nests too deep to print");
  if (value === null || value === undefined) return "<nil>";
  if (typeof value === "string") return value;
  if (typeof value === "number")
    return Number.isFinite(value) ? goExponent(String(value)) : infinityText(value);
  if (value instanceof GoTime || value instanceof GoDuration) return value.toString();
  if (Array.isArray(value))
    return bounded(`[${value.map((item) => formatPlain(item, budget, depth + 1)).join(" ")}]`, budget);
  if (!isMapping(value)) return String(value);
  const pairs = Object.keys(value)
    .sort()
    .map((key) => `${key}:${formatPlain(value[key], budget, depth + 1)}`);
  return bounded(`map[${pairs.join(" ")}]`, budget);
}

function bounded(text: string, budget: Budget): string {
  budget.text(text.length);
  return text;
}
