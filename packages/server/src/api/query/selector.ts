import { parseFieldSelector } from "@sluice/spec";
import { ServerError } from "../../errors.ts";

/** A test on fields. */
export type Selector = (values: Readonly<Record<string, string>>) => boolean;

const maxLength = 4_096;

/**
 * A Kubernetes field selector over the fields that there are: `metadata.name=a,status.phase!=Running`.
 * Errors: SERVER_SELECTOR_INVALID, also for a field that is none of them.
 */
export function fieldSelector(text: string | undefined, fields: readonly string[]): Selector {
  const given = text ?? "";
  if (given.length > maxLength)
    throw ServerError.SELECTOR_INVALID({
      selector: `${given.slice(0, 64)}…`,
      reason: `longer than ${maxLength} characters`,
    });
  const parsed = parseFieldSelector(given, (field) => fields.includes(field));
  if ("invalid" in parsed)
    throw ServerError.SELECTOR_INVALID({
      selector: given,
      reason: `'${parsed.invalid}' is no field=value; fields are ${fields.join(", ")}`,
    });
  return (values) => parsed.test((field) => values[field]);
}
