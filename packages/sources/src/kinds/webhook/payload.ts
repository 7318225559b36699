import type { Json } from "@sluice/base";
import type { IngressRequest } from "../../ingress.ts";
import { formData, readBody } from "./body.ts";
import { headerData } from "./headers.ts";

/**
 * The event's data: `{header, body, metadata?}` as Argo has it. GET and HEAD: `body` is the query as `{key: [values]}`.
 * A body that is neither JSON, form nor text: `body` is null and `bodyBase64` has it. An empty body: null.
 * Errors: SOURCE_BODY_INVALID, SOURCE_CHARSET_UNSUPPORTED.
 */
export function webhookData(
  request: Pick<IngressRequest, "method" | "query" | "headers" | "body">,
  metadata: Readonly<Record<string, string>> | undefined,
): Json {
  const rest = metadata === undefined ? {} : { metadata };
  const header = headerData(request.headers);
  if (request.method === "GET" || request.method === "HEAD") {
    return { header, body: formData(request.query), ...rest };
  }
  const body = readBody(request);
  return body.kind === "value"
    ? { header, body: body.value, ...rest }
    : { header, body: null, bodyBase64: body.base64, ...rest };
}
