import { Budget, type Limits } from "../budget.ts";
import { Fault } from "../fault.ts";
import { SourceText } from "../position.ts";
import { goJson } from "../values.ts";

/**
 * The text that an expression's result becomes in a template: JSON with sorted keys, a text without its quotes.
 * Errors: EXPR_LIMIT for what is too long, EXPR_EVALUATION for what JSON cannot hold.
 */
export function exprText(value: unknown, limits: Partial<Limits> = {}): string {
  const budget = new Budget("expr", limits);
  try {
    if (typeof value !== "string") {
      const json = goJson(value, budget);
      // A time and a version are JSON texts too.
      return json.startsWith('"') ? (JSON.parse(json) as string) : json;
    }
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    throw new SourceText("expr", "").evaluation(error.message, 0);
  }
  budget.text(value.length);
  return value;
}

/**
 * Nested maps from dotted keys (`{"steps.a.status": "x"}` becomes `{steps: {a: {status: "x"}}}`), as expressions see
 * them. Where a key is both a value and a branch the branch wins. Keys that would reach a prototype are left out.
 */
export function expandKeys(flat: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const root: Branch = new Map();
  for (const [key, value] of Object.entries(flat)) {
    const parts = key.split(".");
    const last = parts.pop() ?? "";
    let branch = root;
    for (const part of parts) {
      const next = branch.get(part);
      branch = next instanceof Map ? next : added(branch, part);
    }
    if (!(branch.get(last) instanceof Map)) branch.set(last, value);
  }
  return toRecord(root);
}

type Branch = Map<string, unknown>;

function added(branch: Branch, part: string): Branch {
  const made: Branch = new Map();
  branch.set(part, made);
  return made;
}

function toRecord(branch: Branch): Record<string, unknown> {
  const made: Record<string, unknown> = {};
  for (const [key, value] of branch) {
    if (key === "__proto__" || key === "constructor" || key === "prototype") continue;
    made[key] = value instanceof Map ? toRecord(value as Branch) : value;
  }
  return made;
}
