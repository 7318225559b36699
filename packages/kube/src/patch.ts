// What patches of the API server do to a document: RFC 7386 and RFC 6902, for objects that are not the API server's. Pure.
import { isForbiddenKey, isObject, type Json, stableJson } from "@sluice/base";
import type { Patch } from "./client.ts";
import { KubeError } from "./errors.ts";

/**
 * The document with the patch in it. A strategic one is taken as a merge patch, as there is no schema to merge lists by.
 * Errors: KUBE_INVALID.
 */
export function patchedDocument(document: unknown, patch: Patch): unknown {
  if (patch.type !== "json") return mergePatch(document, patch.body);
  let made: unknown = structuredClone(document);
  for (const [index, operation] of patch.body.entries()) made = jsonOperation(made, operation, index);
  return made;
}

/** RFC 7386. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const merged: Record<string, unknown> = isObject(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (isForbiddenKey(key)) continue;
    if (value === null) delete merged[key];
    else merged[key] = mergePatch(merged[key], value);
  }
  return merged;
}

const invalid = (index: number, said: string) =>
  KubeError.INVALID({ what: `operation ${index} of the json patch`, said });

function jsonOperation(
  document: unknown,
  operation: Readonly<Record<string, unknown>>,
  index: number,
): unknown {
  const { op, path, from, value } = operation;
  const at = pointer(path, index);
  switch (op) {
    case "add":
      return put(document, at, { value, index, insert: true });
    case "replace":
      read(document, at, index);
      return put(document, at, { value, index, insert: false });
    case "remove":
      return removed(document, at, index);
    case "copy":
      return put(document, at, {
        value: structuredClone(read(document, pointer(from, index), index)),
        index,
        insert: true,
      });
    case "move": {
      const moved = read(document, pointer(from, index), index);
      return put(removed(document, pointer(from, index), index), at, { value: moved, index, insert: true });
    }
    case "test":
      if (canonical(read(document, at, index)) !== canonical(value))
        throw invalid(index, `the value at '${String(path)}' is another`);
      return document;
    default:
      throw invalid(index, `'${String(op)}' is none of add, copy, move, remove, replace, test`);
  }
}

function pointer(path: unknown, index: number): readonly string[] {
  if (typeof path !== "string" || (path !== "" && !path.startsWith("/")))
    throw invalid(index, `'${String(path)}' is no path: it begins with '/'`);
  const parts = path.split("/").slice(1);
  return parts.map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
}

function read(document: unknown, path: readonly string[], index: number): unknown {
  let at = document;
  for (const part of path) {
    if (Array.isArray(at) && /^\d+$/.test(part) && Number(part) < at.length) at = at[Number(part)];
    else if (isObject(at) && Object.hasOwn(at, part)) at = at[part];
    else throw invalid(index, `there is nothing at '/${path.join("/")}'`);
  }
  return at;
}

interface Put {
  readonly value: unknown;
  readonly index: number;
  readonly insert: boolean;
}

function put(document: unknown, path: readonly string[], { value, index, insert }: Put): unknown {
  const last = path.at(-1);
  if (last === undefined) return value;
  const parent = read(document, path.slice(0, -1), index);
  if (Array.isArray(parent)) {
    const place = last === "-" ? parent.length : Number(last);
    if (!/^(-|\d+)$/.test(last) || place > parent.length)
      throw invalid(index, `'${last}' is no place in the list`);
    parent.splice(place, insert ? 0 : 1, value);
  } else if (isObject(parent) && !isForbiddenKey(last)) parent[last] = value;
  else throw invalid(index, `nothing can be put at '/${path.join("/")}'`);
  return document;
}

function removed(document: unknown, path: readonly string[], index: number): unknown {
  read(document, path, index);
  const last = path.at(-1);
  if (last === undefined) return null;
  const parent = read(document, path.slice(0, -1), index);
  if (Array.isArray(parent)) parent.splice(Number(last), 1);
  else if (isObject(parent)) delete parent[last];
  return document;
}

const canonical = (value: unknown): string => stableJson(value as Json);
