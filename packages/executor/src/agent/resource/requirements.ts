// The conditions of resource templates: label selectors whose keys are gjson paths into the object.
import type { Json } from "@sluice/base";
import type { Condition } from "@sluice/engine";
import { getPath, gjsonString } from "@sluice/expr";
import { AgentError } from "../errors.ts";

type Operator = "=" | "!=" | "in" | "notin" | "exists" | "absent" | ">" | "<";

export interface Requirement {
  readonly path: string;
  readonly operator: Operator;
  readonly values: readonly string[];
  /** As it is shown to people. */
  readonly text: string;
}

const maxRequirements = 64;
const key = String.raw`[A-Za-z0-9_@#.|\\-][A-Za-z0-9_@#.|\\/*-]*`;
const value = String.raw`(?:\{\{_value\d+\}\}|[A-Za-z0-9_./:+-])*`;
const set = new RegExp(String.raw`^(${key})\s+(in|notin)\s*\(([^()]*)\)$`);
const comparison = new RegExp(String.raw`^(${key})\s*(==|=|!=|>|<)\s*(${value})$`);
const existence = new RegExp(String.raw`^(!?)\s*(${key})$`);

/** Parses `status.phase == Succeeded, status.active > 1`. Values of tags are values, never syntax. Errors: AGENT_RESOURCE_INVALID. */
export function parseRequirements(condition: Condition, field: string): readonly Requirement[] {
  const parts = split(condition.text);
  if (parts.length > maxRequirements)
    throw AgentError.RESOURCE_INVALID({ field, reason: `it has more than ${maxRequirements} requirements` });
  return parts.map((part) => {
    const found = requirementOf(part, condition.tags);
    if (found !== undefined) return found;
    throw AgentError.RESOURCE_INVALID({
      field,
      reason: `'${part}' is no requirement such as 'status.phase == Succeeded'`,
    });
  });
}

/** Commas inside brackets belong to a set. */
function split(text: string): readonly string[] {
  const parts: string[] = [""];
  let depth = 0;
  for (const character of text) {
    if (character === "(") depth += 1;
    if (character === ")") depth -= 1;
    if (character === "," && depth === 0) parts.push("");
    else parts[parts.length - 1] += character;
  }
  return parts.map((part) => part.trim()).filter((part) => part !== "");
}

function requirementOf(part: string, tags: Condition["tags"]): Requirement | undefined {
  const filled = (text: string) =>
    text.replace(/\{\{(_value\d+)\}\}/g, (_, name: string) => tags[name] ?? "");
  const inSet = set.exec(part);
  if (inSet !== null) {
    const [, path = "", operator, list = ""] = inSet;
    const values = list.split(",").map((one) => filled(one.trim()));
    return { path, operator: operator as "in" | "notin", values, text: part };
  }
  const compared = comparison.exec(part);
  if (compared !== null) {
    const [, path = "", sign = "", right = ""] = compared;
    return { path, operator: sign === "==" ? "=" : (sign as Operator), values: [filled(right)], text: part };
  }
  const named = existence.exec(part);
  if (named === null) return undefined;
  return { path: named[2] ?? "", operator: named[1] === "!" ? "absent" : "exists", values: [], text: part };
}

/** Whether the object is as required. What is not there is unequal to everything, as with labels. */
export function matches(object: Json, { path, operator, values }: Requirement): boolean {
  const found = getPath(object, path);
  const text = gjsonString(found);
  switch (operator) {
    case "exists":
      return found.exists;
    case "absent":
      return !found.exists;
    case "=":
    case "in":
      return found.exists && values.includes(text);
    case "!=":
    case "notin":
      return !found.exists || !values.includes(text);
    case ">":
    case "<":
      return found.exists && isBeyond(text, operator, values[0] ?? "");
  }
}

/** Both sides are whole numbers, as in Kubernetes; else it does not hold. */
function isBeyond(left: string, operator: ">" | "<", right: string): boolean {
  if (!/^[+-]?\d{1,15}$/.test(left) || !/^[+-]?\d{1,15}$/.test(right)) return false;
  return operator === ">" ? Number(left) > Number(right) : Number(left) < Number(right);
}
