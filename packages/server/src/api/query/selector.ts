import { ServerError } from "../../errors.ts";

/** A test on labels or fields. */
export type Selector = (values: Readonly<Record<string, string>>) => boolean;

type Requirement = (value: string | undefined) => boolean;

const maxLength = 4_096;

/** A Kubernetes label selector: `a=b,c!=d,e in (f,g),h notin (i),j,!k`. Errors: SERVER_SELECTOR_INVALID. */
export function labelSelector(text: string | undefined): Selector {
  const requirements = split(text ?? "").map((part) => labelRequirement(part, text ?? ""));
  return (labels) =>
    requirements.every(([key, holds]) => holds(Object.hasOwn(labels, key) ? labels[key] : undefined));
}

/** A Kubernetes field selector: `metadata.name=a,status.phase!=Running`. Errors: SERVER_SELECTOR_INVALID. */
export function fieldSelector(text: string | undefined): Selector {
  const requirements = split(text ?? "").map((part) => {
    const match = /^([\w./-]+)\s*(!=|==|=)\s*(.*)$/.exec(part);
    if (match === null)
      throw ServerError.SELECTOR_INVALID({ selector: text ?? "", reason: `'${part}' is no field=value` });
    const [, key = "", operator, value] = match;
    return [key, (have: string | undefined) => (operator === "!=") !== ((have ?? "") === value)] as const;
  });
  return (fields) =>
    requirements.every(([key, holds]) => holds(Object.hasOwn(fields, key) ? fields[key] : undefined));
}

function labelRequirement(part: string, whole: string): readonly [string, Requirement] {
  const invalid = () =>
    ServerError.SELECTOR_INVALID({ selector: whole, reason: `'${part}' is no requirement` });
  const set = /^([\w./-]+)\s+(in|notin)\s+\(([^()]*)\)$/.exec(part);
  if (set !== null) {
    const [, key = "", operator, list = ""] = set;
    const values = list.split(",").map((value) => value.trim());
    if (operator === "in") return [key, (have) => have !== undefined && values.includes(have)];
    return [key, (have) => have === undefined || !values.includes(have)];
  }
  const compare = /^([\w./-]+)\s*(!=|==|=)\s*([\w./-]*)$/.exec(part);
  if (compare !== null) {
    const [, key = "", operator, value] = compare;
    return [key, operator === "!=" ? (have) => have !== value : (have) => have === value];
  }
  const exists = /^(!?)\s*([\w./-]+)$/.exec(part);
  if (exists === null) throw invalid();
  return [exists[2] ?? "", exists[1] === "!" ? (have) => have === undefined : (have) => have !== undefined];
}

/** At the commas that stand outside of brackets. */
function split(text: string): string[] {
  if (text.length > maxLength) {
    throw ServerError.SELECTOR_INVALID({
      selector: `${text.slice(0, 64)}…`,
      reason: `longer than ${maxLength} characters`,
    });
  }
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let i = 0; i <= text.length; i++) {
    const char = text[i];
    if (char === "(") depth += 1;
    else if (char === ")") depth -= 1;
    else if (i === text.length || (char === "," && depth <= 0)) {
      parts.push(text.slice(start, i).trim());
      start = i + 1;
    }
  }
  return parts.filter((part) => part !== "");
}
