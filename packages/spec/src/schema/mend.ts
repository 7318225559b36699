// A value with what does not fit its schema left out or put right, so that the rest of it can be looked at as well.
import { isObject, type Json } from "@sluice/base";
import type { z } from "zod";
import { maxIssues, type Path } from "../issue.ts";
import { nearest } from "./nearest.ts";
import { fieldsOf, type Schema, schemaAt, withoutNulls } from "./shape.ts";

export interface Mended<T> {
  readonly value: T;
  /** Fields that were left out or got another name. */
  readonly removed: readonly Path[];
}

/** What is wrong under a wrong field shows when it is gone; deeper than this nobody looks. */
const maxRounds = 3;

/**
 * A misspelt field is read under the name that was likely meant. Undefined where a part that must be there is wrong, an
 * item of a list, or what has fields itself: without those it would be another value, and what refers to them would
 * seem wrong as well.
 */
export function mended<S extends z.ZodType>(schema: S, json: Json): Mended<z.infer<S>> | undefined {
  const value = structuredClone(json);
  const removed: Path[] = [];
  for (let round = 0; round < maxRounds; round++) {
    const parsed = schema.safeParse(withoutNulls(schema, value));
    if (parsed.success) return { value: parsed.data, removed };
    const { issues } = parsed.error;
    // The findings are full already; likenesses of names by the thousand would only cost.
    if (issues.some(hasFields) || countWrong(issues) > maxIssues) return undefined;
    for (const { path, near } of issues.flatMap((issue) => wrongFields(schema, issue))) {
      if (!remove(value, path, near)) return undefined;
      removed.push(path);
    }
  }
  return undefined;
}

const hasFields = (issue: z.core.$ZodIssue): boolean =>
  issue.code === "invalid_type" && ["array", "object", "record"].includes(issue.expected);

const countWrong = (issues: readonly z.core.$ZodIssue[]): number =>
  issues.reduce((sum, issue) => sum + (issue.code === "unrecognized_keys" ? issue.keys.length : 1), 0);

interface WrongField {
  readonly path: Path;
  /** The field that was likely meant. */
  readonly near?: string | undefined;
}

function wrongFields(schema: Schema, issue: z.core.$ZodIssue): readonly WrongField[] {
  const path = issue.path.map((step) => (typeof step === "symbol" ? String(step) : step));
  if (issue.code !== "unrecognized_keys") return [{ path }];
  const fields = Object.keys(fieldsOf(schemaAt(schema, path) ?? schema) ?? {});
  return issue.keys.map((key) => ({ path: [...path, key], near: nearest(key, fields) }));
}

function remove(value: Json, path: Path, near: string | undefined): boolean {
  const key = path.at(-1);
  let owner: unknown = value;
  for (const step of path.slice(0, -1))
    owner = (owner as Record<string | number, unknown> | undefined)?.[step];
  if (typeof key !== "string" || !isObject(owner) || !Object.hasOwn(owner, key)) return false;
  const fields = owner as Record<string, unknown>;
  if (near !== undefined && !Object.hasOwn(fields, near)) fields[near] = fields[key];
  delete fields[key];
  return true;
}
