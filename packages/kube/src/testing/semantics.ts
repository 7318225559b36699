import { isForbiddenKey, isObject } from "@sluice/base";

/** Equality-based label selectors: `a=b,c!=d,e,!f`. */
export function matchesSelector(
  selector: string | undefined,
  labels: Readonly<Record<string, string>>,
): boolean {
  if (selector === undefined || selector === "") return true;
  return selector.split(",").every((term) => {
    const [, not, key = "", operator, value] = /^(!?)([^=!]+)(==|!=|=)?(.*)$/.exec(term.trim()) ?? [];
    if (operator === undefined) return Object.hasOwn(labels, key) === (not === "");
    return (labels[key] === value) === (operator !== "!=");
  });
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
