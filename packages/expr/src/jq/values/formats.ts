import type { Budget } from "../../budget.ts";
import { fail, shown, toJson } from "./values.ts";

/** What a value reads as: a text as it is, the rest as JSON. */
export const textOf = (value: unknown, budget: Budget): string =>
  typeof value === "string" ? value : toJson(value, budget);

type Format = (value: unknown, budget: Budget) => string;

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

const row =
  (name: string, separator: string, quoted: (text: string) => string): Format =>
  (value, budget) => {
    if (!Array.isArray(value))
      return fail(`${shown(value)} cannot be ${name}-formatted, only an array can be`);
    const cells = value.map((cell: unknown) => {
      if (typeof cell === "string") return quoted(cell);
      if (cell === null || cell === undefined) return "";
      if (typeof cell === "object") return fail(`${shown(cell)} is not valid in a ${name} row`);
      return toJson(cell, budget);
    });
    return cells.join(separator);
  };

const escaping =
  (pattern: RegExp, table: Readonly<Record<string, string>>): ((text: string) => string) =>
  (text) =>
    text.replace(pattern, (found) => table[found] ?? found);

const asHtml = escaping(/[<>&'"]/g, { "<": "&lt;", ">": "&gt;", "&": "&amp;", "'": "&#39;", '"': "&quot;" });
const asTsv = escaping(/[\t\n\r\\]/g, { "\t": "\\t", "\n": "\\n", "\r": "\\r", "\\": "\\\\" });

const shellWord: Format = (value, budget) => {
  if (typeof value === "object" && value !== null)
    return fail(`${shown(value)} can not be escaped for shell`);
  return typeof value === "string" ? `'${value.replaceAll("'", "'\\''")}'` : toJson(value, budget);
};

const formats: Readonly<Record<string, Format>> = {
  "@text": textOf,
  "@json": toJson,
  "@html": (value, budget) => asHtml(textOf(value, budget)),
  "@uri": (value, budget) =>
    encodeURIComponent(textOf(value, budget).toWellFormed()).replace(
      /[!'()*]/g,
      (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`,
    ),
  "@urid": (value, budget) => decodedUri(textOf(value, budget)),
  "@csv": row("csv", ",", (text) => `"${text.replaceAll('"', '""')}"`),
  "@tsv": row("tsv", "\t", asTsv),
  "@sh": (value, budget) =>
    Array.isArray(value) ? value.map((item) => shellWord(item, budget)).join(" ") : shellWord(value, budget),
  "@base64": (value, budget) => Buffer.from(textOf(value, budget), "utf8").toString("base64"),
  "@base64d": (value, budget) => decoded64(textOf(value, budget)),
  "@base32": (value, budget) => base32(Buffer.from(textOf(value, budget), "utf8")),
  "@base32d": (value, budget) => decoded32(textOf(value, budget)),
};

export const isFormat = (name: string): boolean => Object.hasOwn(formats, name);
export const formatNames = (): readonly string[] => Object.keys(formats);

export function formatted(name: string, value: unknown, budget: Budget): string {
  const format = Object.hasOwn(formats, name) ? formats[name] : undefined;
  if (format === undefined) return fail(`${name.slice(1)} is not a valid format`);
  const text = format(value, budget);
  budget.text(text.length);
  return text;
}

function decoded64(text: string): string {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return fail(`${shown(text)} is not valid base64 data`);
  return Buffer.from(text, "base64").toString("utf8");
}

function decodedUri(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return fail(`${shown(text)} is not a valid uri encoding`);
  }
}

function base32(bytes: Buffer): string {
  let bits = "";
  for (const byte of bytes) bits += byte.toString(2).padStart(8, "0");
  const letters = (bits.match(/.{1,5}/g) ?? []).map(
    (five) => alphabet[Number.parseInt(five.padEnd(5, "0"), 2)],
  );
  const whole = Math.ceil(letters.length / 8) * 8;
  return letters.join("").padEnd(whole, "=");
}

function decoded32(text: string): string {
  const letters = text.replace(/=+$/, "");
  if (!/^[A-Z2-7]*$/.test(letters)) return fail(`${shown(text)} is not valid base32 data`);
  let bits = "";
  for (const letter of letters) bits += alphabet.indexOf(letter).toString(2).padStart(5, "0");
  const bytes = (bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2));
  return Buffer.from(bytes).toString("utf8");
}
