// Names as subject tokens, and the subjects of each stream.
// Invariants
//   N1. `fromToken(token(name)) === name` for every name whose token is not a hash; hashed tokens give undefined.
//   N2. Two names never share a token (beyond SHA-256).
//   N3. A token has only [A-Za-z0-9_=-]: it is valid in subjects, KV keys and consumer names.
import { createHash } from "node:crypto";

/** Longest token, bytes. A name that needs more becomes a hash and cannot be read back. */
export const maxTokenBytes = 200;

const plain = /^[A-Za-z0-9_-]+$/;

/**
 * A name of any characters as one subject token: letters, digits, `-` and `_` stay, every other byte of its UTF-8
 * becomes `=HH`, the empty name is `=`. Reversible by `fromToken` up to 200 bytes; beyond, `=x` and its SHA-256.
 */
export function token(name: string): string {
  if (name.length <= maxTokenBytes && plain.test(name)) return name;
  if (name === "") return "=";
  let encoded = "";
  const bytes = Buffer.from(name.toWellFormed(), "utf8");
  for (const byte of bytes) {
    const char = String.fromCharCode(byte);
    encoded += plain.test(char) ? char : `=${byte.toString(16).toUpperCase().padStart(2, "0")}`;
    if (encoded.length > maxTokenBytes) return `=x${createHash("sha256").update(bytes).digest("hex")}`;
  }
  return encoded;
}

/** The name of a token, or undefined when it is a hash or no token of ours. */
export function fromToken(text: string): string | undefined {
  if (text === "=") return "";
  if (plain.test(text)) return text;
  if (!/^(?:[A-Za-z0-9_-]|=[0-9A-F]{2})+$/.test(text)) return undefined;
  const bytes = text.replace(/=([0-9A-F]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  const name = Buffer.from(bytes, "latin1").toString("utf8");
  return token(name) === text ? name : undefined;
}

/** Subjects under one prefix. A part left out is a wildcard. */
export interface Subjects {
  event(namespace?: string, source?: string, event?: string): string;
  trigger(namespace?: string, sensor?: string, trigger?: string): string;
  dead(namespace?: string, sensor?: string, trigger?: string): string;
  quarantine(stream: string): string;
  run(namespace?: string, name?: string): string;
  trail(namespace?: string, eventId?: string): string;
  log(namespace?: string, run?: string, node?: string): string;
}

export function makeSubjects(prefix: string): Subjects {
  const join = (kind: string, ...names: readonly (string | undefined)[]) =>
    [prefix, kind, ...names.map((name) => (name === undefined ? "*" : token(name)))].join(".");
  return {
    event: (namespace, source, event) => join("ev", namespace, source, event),
    trigger: (namespace, sensor, trigger) => join("tr", namespace, sensor, trigger),
    dead: (namespace, sensor, trigger) => join("dead", namespace, sensor, trigger),
    quarantine: (stream) => join("quarantine", stream),
    run: (namespace, name) => join("run", namespace, name),
    trail: (namespace, eventId) => join("trail", namespace, eventId),
    log: (namespace, run, node) => join("log", namespace, run, node),
  };
}

/** The names in a subject of ours after prefix and kind; undefined for each that is a hash. */
export function namesOf(prefix: string, subject: string): readonly (string | undefined)[] {
  const depth = prefix.split(".").length + 1;
  return subject.split(".").slice(depth).map(fromToken);
}

/** Whether `filter` (with `*` and `>`) covers the subject; a subject may itself have wildcards. */
export function subjectMatches(filter: string, subject: string): boolean {
  if (filter === subject) return true;
  const want = filter.split(".");
  const have = subject.split(".");
  for (const [i, part] of want.entries()) {
    const other = have[i];
    if (other === undefined) return false;
    if (part === ">") return true;
    if (other === ">" || (part !== "*" && part !== other)) return false;
  }
  return want.length === have.length;
}

/** The filters without those that another one covers: a consumer's filters must not overlap. */
export function withoutCovered(filters: readonly string[]): readonly string[] {
  const unique = [...new Set(filters)].sort();
  return unique.filter(
    (filter) => !unique.some((other) => other !== filter && subjectMatches(other, filter)),
  );
}
