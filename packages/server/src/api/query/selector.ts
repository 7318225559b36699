import { ServerError } from "../../errors.ts";

/** A test on fields. */
export type Selector = (values: Readonly<Record<string, string>>) => boolean;

const maxLength = 4_096;

/** A Kubernetes field selector: `metadata.name=a,status.phase!=Running`. Errors: SERVER_SELECTOR_INVALID. */
export function fieldSelector(text: string | undefined): Selector {
  const requirements = partsOf(text ?? "").map((part) => {
    const match = /^([\w./-]+)\s*(!=|==|=)\s*(.*)$/.exec(part);
    if (match === null)
      throw ServerError.SELECTOR_INVALID({ selector: text ?? "", reason: `'${part}' is no field=value` });
    const [, key = "", operator, value] = match;
    return [key, (have: string | undefined) => (operator === "!=") !== ((have ?? "") === value)] as const;
  });
  return (fields) =>
    requirements.every(([key, holds]) => holds(Object.hasOwn(fields, key) ? fields[key] : undefined));
}

function partsOf(text: string): string[] {
  if (text.length > maxLength) {
    throw ServerError.SELECTOR_INVALID({
      selector: `${text.slice(0, 64)}…`,
      reason: `longer than ${maxLength} characters`,
    });
  }
  return text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
}
