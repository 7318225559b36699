import { isForbiddenKey, type Json, type JsonObject } from "@sluice/base";
import { maxDepth } from "../budget.ts";
import { ExprError } from "../errors.ts";
import { clip, positionAt } from "../position.ts";
import { maxPathLength } from "./get.ts";

/** Largest array index that a set may reach. */
export const maxSetIndex = 10_000;

interface SetPart {
  readonly key: string;
  /** Written `:1`: a key of an object even though it looks like an index. */
  readonly forced: boolean;
  readonly offset: number;
}

/**
 * sjson's Set: the same document with `newValue` at `path`; nothing of `value` is changed in place. Missing objects
 * and arrays are made (a number makes an array, `:1` an object), `-1` appends, gaps are filled with null.
 * Errors: EXPR_PATH (a pattern or query, a word as index, an index past 10,000), EXPR_FORBIDDEN_KEY, EXPR_LIMIT.
 */
export function setPath(value: Json | undefined, path: string, newValue: Json): Json {
  const parts = parseSetPath(path);
  return setAt(value, { path, parts, newValue }, 0);
}

interface Change {
  readonly path: string;
  readonly parts: readonly SetPart[];
  readonly newValue: Json;
}

const refuse = (path: string, offset: number, reason: string): Error =>
  ExprError.PATH({ path: clip(path), reason, ...positionAt(path, offset) });

function parseSetPath(path: string): readonly SetPart[] {
  if (path.length > maxPathLength)
    throw ExprError.LIMIT({ language: "sjson", what: "characters of path", max: maxPathLength });
  if (path === "") throw refuse(path, 0, "it is empty");
  const parts: SetPart[] = [];
  for (let at = 0; at <= path.length; at++) {
    const [part, end] = readSetPart(path, at);
    if (isForbiddenKey(part.key)) throw ExprError.FORBIDDEN_KEY({ key: part.key });
    parts.push(part);
    at = end;
  }
  if (parts.length > maxDepth)
    throw ExprError.LIMIT({ language: "sjson", what: "parts of a path", max: maxDepth });
  return parts;
}

function readSetPart(path: string, offset: number): readonly [SetPart, number] {
  const forced = path[offset] === ":";
  let at = forced ? offset + 1 : offset;
  if (/[#@]/.test(path[at] ?? ""))
    throw refuse(path, at, `'${path[at]}' cannot be used where a value is set`);
  let key = "";
  for (; at < path.length && path[at] !== "."; at++) {
    if (path[at] === "\\" && at + 1 < path.length) at++;
    else if (/[*?|]/.test(path[at] ?? ""))
      throw refuse(path, at, `'${path[at]}' cannot be used where a value is set`);
    key += path[at];
  }
  return [{ key, forced, offset }, at];
}

function setAt(value: Json | undefined, change: Change, index: number): Json {
  const part = change.parts[index];
  if (part === undefined) return change.newValue;
  const looksIndex = !part.forced && /^(?:\d+|-1)$/.test(part.key);
  if (Array.isArray(value)) return setInArray(value, change, index);
  if (typeof value === "object" && value !== null) return setInObject(value as JsonObject, change, index);
  return looksIndex ? setInArray([], change, index) : setInObject({}, change, index);
}

function setInObject(value: JsonObject, change: Change, index: number): Json {
  const { key } = change.parts[index] as SetPart;
  const current = Object.hasOwn(value, key) ? value[key] : undefined;
  return { ...value, [key]: setAt(current, change, index + 1) };
}

function setInArray(value: readonly Json[], change: Change, index: number): Json {
  const { key, offset } = change.parts[index] as SetPart;
  if (!/^(?:\d+|-1)$/.test(key))
    throw refuse(change.path, offset, `cannot set array element for non-numeric key '${clip(key)}'`);
  const position = key === "-1" ? value.length : Number(key);
  if (position > maxSetIndex) throw refuse(change.path, offset, `an index may not pass ${maxSetIndex}`);
  const made = [...value];
  while (made.length < position) made.push(null);
  made[position] = setAt(value[position], change, index + 1);
  return made;
}
