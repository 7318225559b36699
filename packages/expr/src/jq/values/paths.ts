import { isForbiddenKey } from "@sluice/base";
import type { Budget } from "../../budget.ts";
import { ExprError } from "../../errors.ts";
import { compareValues, fail, isObjectValue, type JqObject, objectOf, shown, typeOf } from "./values.ts";

/** One step of a path: a key, an index, or a slice. */
export type PathStep = string | number | { readonly start: number | null; readonly end: number | null };

/** A path from its last step backwards; `undefined` is the root. */
export interface PathLink {
  readonly before: PathLink | undefined;
  readonly step: PathStep;
}

export function stepsOf(path: PathLink | undefined): readonly PathStep[] {
  const steps: PathStep[] = [];
  for (let link = path; link !== undefined; link = link.before) steps.push(link.step);
  return steps.reverse();
}

/** What an index or key leads to; null where there is nothing. Errors: JqError, EXPR_FORBIDDEN_KEY. */
export function valueAt(value: unknown, step: unknown, budget: Budget): unknown {
  if (typeof step === "string") return memberOf(value, step);
  if (typeof step === "number") return itemOf(value, step);
  if (Array.isArray(step) && Array.isArray(value)) return indicesOf(value, step, budget);
  if (
    isObjectValue(step) &&
    (value === null || value === undefined || Array.isArray(value) || typeof value === "string")
  ) {
    return sliced(value, step["start"], step["end"], budget);
  }
  return fail(`Cannot index ${typeOf(value)} with ${typeOf(step)}`);
}

function memberOf(value: unknown, key: string): unknown {
  if (value === null || value === undefined) return null;
  if (!isObjectValue(value)) return fail(`Cannot index ${typeOf(value)} with "${key.slice(0, 100)}"`);
  if (isForbiddenKey(key)) throw ExprError.FORBIDDEN_KEY({ key });
  return Object.hasOwn(value, key) ? (value[key] ?? null) : null;
}

function itemOf(value: unknown, index: number): unknown {
  if (value === null || value === undefined) return null;
  if (!Array.isArray(value)) return fail(`Cannot index ${typeOf(value)} with number`);
  const at = Math.floor(index);
  return value[at < 0 ? value.length + at : at] ?? null;
}

/** Where a list begins within another one. */
export function indicesOf(
  value: readonly unknown[],
  wanted: readonly unknown[],
  budget: Budget,
): readonly number[] {
  const found: number[] = [];
  if (wanted.length === 0) return found;
  for (let i = 0; i + wanted.length <= value.length; i++) {
    budget.spend();
    if (wanted.every((item, k) => compareValues(value[i + k], item, budget) === 0)) found.push(i);
  }
  return found;
}

/** `value[from:to]`; texts count in code points. */
export function sliced(value: unknown, from: unknown, to: unknown, budget: Budget): unknown {
  if (value === null || value === undefined) return null;
  if (!Array.isArray(value) && typeof value !== "string")
    return fail(`Cannot index ${typeOf(value)} with object`);
  const items = typeof value === "string" ? [...value] : value;
  const [start, end] = boundsOf(items.length, from, to);
  budget.items(end - start);
  const part = items.slice(start, end);
  return typeof value === "string" ? part.join("") : part;
}

export function boundsOf(size: number, from: unknown, to: unknown): readonly [number, number] {
  const bound = (value: unknown, otherwise: number, round: (n: number) => number): number => {
    if (value === null || value === undefined) return otherwise;
    if (typeof value !== "number") return fail("Start and end indices of an array slice must be numbers");
    const at = round(value);
    return Math.max(0, Math.min(size, at < 0 ? size + at : at));
  };
  const start = bound(from, 0, Math.floor);
  return [start, Math.max(start, bound(to, size, Math.ceil))];
}

/** A path given as a value, checked. */
export function stepsFrom(path: unknown): readonly PathStep[] {
  if (!Array.isArray(path)) return fail("Path must be specified as an array");
  for (const step of path)
    if (typeof step !== "string" && typeof step !== "number" && !isObjectValue(step))
      fail(`Invalid path component ${shown(step)}`);
  return path as readonly PathStep[];
}

export function getAt(value: unknown, steps: readonly PathStep[], budget: Budget): unknown {
  let here = value;
  for (const step of steps) {
    budget.spend();
    if (here === null || here === undefined) return null;
    here = valueAt(here, step, budget);
  }
  return here ?? null;
}

/** A copy in which a place has another value; what is missing on the way is made. */
export function setAt(
  value: unknown,
  steps: readonly PathStep[],
  made: unknown,
  budget: Budget,
  depth = 0,
): unknown {
  const step = steps[depth];
  if (step === undefined) return made;
  budget.spend(1 + (Array.isArray(value) ? value.length >> 4 : 0));
  const inner = setAt(valueAt(value, step, budget), steps, made, budget, depth + 1);
  if (typeof step === "string") return { ...(value as JqObject | null), ...objectOf([[step, inner]]) };
  const list = Array.isArray(value) ? [...value] : [];
  if (typeof step === "number") {
    const at = step < 0 ? list.length + Math.floor(step) : Math.floor(step);
    if (at < 0) return fail("Out of bounds negative array index");
    budget.items(at + 1);
    while (list.length < at) list.push(null);
    list[at] = inner;
    return list;
  }
  if (!Array.isArray(inner)) return fail("A slice of an array can only be assigned another array");
  const [start, end] = boundsOf(list.length, step.start, step.end);
  list.splice(start, end - start, ...inner);
  return list;
}

/** A copy without these places; later ones go first, so that the others keep their indexes. */
export function deletePaths(
  value: unknown,
  paths: readonly (readonly PathStep[])[],
  budget: Budget,
): unknown {
  const ordered = [...paths].sort((a, b) => compareValues(b, a, budget));
  return ordered.reduce<unknown>((here, steps) => deleteAt(here, steps, 0, budget), value);
}

function deleteAt(value: unknown, steps: readonly PathStep[], depth: number, budget: Budget): unknown {
  budget.spend();
  const step = steps[depth];
  if (step === undefined || value === null || value === undefined) return null;
  if (depth < steps.length - 1) {
    const inner = valueAt(value, step, budget);
    if (inner === null) return value;
    return setAt(value, [step], deleteAt(inner, steps, depth + 1, budget), budget);
  }
  if (typeof step === "string") {
    if (!isObjectValue(value)) return fail(`Cannot delete field at ${typeOf(value)} index`);
    return objectOf(Object.entries(value).filter(([key]) => key !== step));
  }
  if (!Array.isArray(value)) return fail(`Cannot delete field at ${typeOf(value)} index`);
  const [start, end] =
    typeof step === "number" ? itemBounds(step, value.length) : boundsOf(value.length, step.start, step.end);
  return value.filter((_, index) => index < start || index >= end);
}

function itemBounds(step: number, size: number): readonly [number, number] {
  const at = step < 0 ? size + Math.floor(step) : Math.floor(step);
  return [at, at + 1];
}
