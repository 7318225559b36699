// A value without what does not fit its schema, so that the rest of it can be looked at as well.
import { isObject, type Json } from "@sluice/base";
import type { z } from "zod";
import type { Path } from "../issue.ts";
import { withoutNulls } from "./shape.ts";

export interface Mended<T> {
  readonly value: T;
  /** Fields that were left out. */
  readonly removed: readonly Path[];
}

/** What is wrong under a wrong field shows when it is gone; deeper than this nobody looks. */
const maxRounds = 3;

/**
 * Undefined where a part that must be there is wrong, an item of a list, or what has fields itself: without those it
 * would be another value, and what refers to them would seem wrong as well.
 */
export function mended<S extends z.ZodType>(schema: S, json: Json): Mended<z.infer<S>> | undefined {
  const value = structuredClone(json);
  const removed: Path[] = [];
  for (let round = 0; round < maxRounds; round++) {
    const parsed = schema.safeParse(withoutNulls(schema, value));
    if (parsed.success) return { value: parsed.data, removed };
    if (parsed.error.issues.some(hasFields)) return undefined;
    for (const path of parsed.error.issues.flatMap(wrongFields)) {
      if (!remove(value, path)) return undefined;
      removed.push(path);
    }
  }
  return undefined;
}

const hasFields = (issue: z.core.$ZodIssue): boolean =>
  issue.code === "invalid_type" && ["array", "object", "record"].includes(issue.expected);

function wrongFields(issue: z.core.$ZodIssue): readonly Path[] {
  const path = issue.path.map((step) => (typeof step === "symbol" ? String(step) : step));
  return issue.code === "unrecognized_keys" ? issue.keys.map((key) => [...path, key]) : [path];
}

function remove(value: Json, path: Path): boolean {
  const key = path.at(-1);
  let owner: unknown = value;
  for (const step of path.slice(0, -1))
    owner = (owner as Record<string | number, unknown> | undefined)?.[step];
  if (typeof key !== "string" || !isObject(owner) || !Object.hasOwn(owner, key)) return false;
  delete (owner as Record<string, unknown>)[key];
  return true;
}
