import { EngineError } from "../../errors.ts";

/** Go's printf for one whole number: `%d`, `%02d`, `%x`, `%o`, `%X`, `%b`, with text around it. */
export function compileFormat(format: string | undefined): (n: number) => string {
  if (format === undefined) return String;
  const match = /^((?:[^%]|%%)*)%([-0+ ]*)(\d{0,3})([dxXob])((?:[^%]|%%)*)$/.exec(format);
  if (match === null)
    throw EngineError.VALUE_UNRESOLVED({
      reason: `withSequence format '${format}' has no single %d, %x or %o`,
    });
  const [, before = "", flags = "", width = "", verb = "d", after = ""] = match;
  const radix = { d: 10, x: 16, X: 16, o: 8, b: 2 }[verb] ?? 10;
  return (n) => {
    const digits = Math.abs(n).toString(radix);
    const sign = n < 0 ? "-" : flags.includes("+") ? "+" : flags.includes(" ") ? " " : "";
    return `${before.replaceAll("%%", "%")}${pad(verb === "X" ? digits.toUpperCase() : digits, sign, flags, Number(width))}${after.replaceAll("%%", "%")}`;
  };
}

function pad(digits: string, sign: string, flags: string, width: number): string {
  if (flags.includes("-")) return (sign + digits).padEnd(width);
  if (flags.includes("0")) return sign + digits.padStart(width - sign.length, "0");
  return (sign + digits).padStart(width);
}
