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
