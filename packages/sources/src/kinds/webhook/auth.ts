import { createHash, timingSafeEqual } from "node:crypto";
import type { References } from "@sluice/kube";
import type { SecretKeySelector } from "@sluice/spec";
import { SourceError } from "../../errors.ts";
import type { IngressRequest } from "../../ingress.ts";
import { headerOf } from "./headers.ts";

/** Reads one key of a Secret. Errors: SOURCE_SECRET_MISSING (later). */
export async function readSecret(
  references: References,
  namespace: string,
  field: string,
  selector: SecretKeySelector,
): Promise<Uint8Array> {
  const value = await references.secret(namespace, selector.name ?? "", selector.key);
  if (value === undefined || value.length === 0) {
    throw SourceError.SECRET_MISSING({ field, name: selector.name ?? "", key: selector.key });
  }
  return value;
}

/** Whether the request brings the token. Hashes are compared, so that neither length nor a common start shows in time. */
export function bearsToken(headers: IngressRequest["headers"], secret: Uint8Array): boolean {
  const sent = /^Bearer (.+)$/i.exec(headerOf(headers, "authorization") ?? "")?.[1] ?? "";
  const wanted = new TextDecoder().decode(secret).replace(/\r?\n$/, "");
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(sent), digest(wanted)) && sent !== "";
}
