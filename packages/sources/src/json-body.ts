// JSON from outside, as a value that survives being written and read again.
// Invariants
//   J1. Depth is bounded before parsing: a deep value would break the first recursive reader.
//   J2. No number changes silently: an integer that a double cannot hold, and a number beyond its range, become
//       their own text.
import type { Json } from "@sluice/base";

/** Deepest nesting of JSON that is taken. */
export const maxJsonDepth = 256;

export type ParsedJson =
  | { readonly ok: true; readonly value: Json }
  | { readonly ok: false; readonly reason: string };

/** Reads bytes as strict UTF-8 JSON (a byte order mark is passed over). The last of doubled keys wins. */
export function parseJsonBytes(bytes: Uint8Array): ParsedJson {
  const deep = jsonDepth(bytes);
  if (deep > maxJsonDepth) return { ok: false, reason: `it is nested more than ${maxJsonDepth} deep` };
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return { ok: false, reason: "it is not UTF-8" };
  }
  try {
    return { ok: true, value: parseExact(text) };
  } catch (error) {
    return { ok: false, reason: error instanceof Error ? error.message : "it cannot be read" };
  }
}

/** Nesting of brackets outside of strings; stops counting beyond the bound. */
function jsonDepth(bytes: Uint8Array): number {
  let depth = 0;
  let deepest = 0;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i];
    if (byte === 0x22) i = stringEnd(bytes, i + 1);
    else if (byte === 0x7b || byte === 0x5b) {
      depth += 1;
      if (depth > deepest) deepest = depth;
      if (deepest > maxJsonDepth) return deepest;
    } else if (byte === 0x7d || byte === 0x5d) depth -= 1;
  }
  return deepest;
}

function stringEnd(bytes: Uint8Array, from: number): number {
  for (let i = from; i < bytes.length; i++) {
    if (bytes[i] === 0x5c) i += 1;
    else if (bytes[i] === 0x22) return i;
  }
  return bytes.length;
}

/** Only a text with such a run of characters can hold a number that does not survive. */
const suspicious = /\d{16}|[eE]\+?\d{3}/;

function parseExact(text: string): Json {
  if (!suspicious.test(text)) return JSON.parse(text) as Json;
  return JSON.parse(text, (_key, value: unknown, context?: { readonly source?: string }) => {
    if (typeof value !== "number" || context?.source === undefined) return value;
    const survives =
      Number.isFinite(value) && (!/^-?\d+$/.test(context.source) || Number.isSafeInteger(value));
    return survives ? value : context.source;
  }) as Json;
}
