import { hashId } from "@sluice/base";
import type { IngressRequest } from "../../ingress.ts";
import { headerOf } from "./headers.ts";

/** Headers that name a delivery, the most specific first. */
const wellKnown = ["x-github-delivery", "webhook-id", "idempotency-key", "ce-id"] as const;

/** An id beyond this many characters is replaced by its hash. */
const maxIdLength = 256;

/** The id that the sender gave this delivery, or undefined where it gave none (the event's id is then random). */
export function deliveryId(
  headers: IngressRequest["headers"],
  idHeader: string | undefined,
): string | undefined {
  const names = idHeader === undefined ? wellKnown : [idHeader.toLowerCase(), ...wellKnown];
  for (const name of names) {
    const value = headerOf(headers, name)?.trim();
    if (value !== undefined && value !== "") return value.length > maxIdLength ? hashId(value) : value;
  }
  return undefined;
}
