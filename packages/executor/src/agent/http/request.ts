import { messageOf } from "@sluice/base";
import type { StepRequest, StepWork } from "@sluice/engine";
import type { References } from "@sluice/kube";
import { AgentError } from "../errors.ts";

export type HttpStepWork = Extract<StepWork, { readonly kind: "http" }>;

export interface BuiltRequest {
  readonly url: URL;
  readonly method: string;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  /** Names of headers whose values come from Secrets: they are for the first server only. */
  readonly secret: ReadonlySet<string>;
  readonly body?: string | Uint8Array;
  readonly timeoutMs: number;
  readonly insecure: boolean;
}

/** As in Argo's agent. */
const defaultTimeoutSeconds = 30;
const maxTimeoutSeconds = 86_400;

/** Errors: AGENT_REQUEST_INVALID, AGENT_REFERENCE_MISSING. */
export async function buildRequest(
  { http }: HttpStepWork,
  step: StepRequest,
  references: References,
): Promise<BuiltRequest> {
  const method = (http.method ?? "GET").toUpperCase() || "GET";
  if (!/^[A-Z]{1,20}$/.test(method) || method === "CONNECT" || method === "TRACE")
    throw AgentError.REQUEST_INVALID({
      field: "method",
      reason: `'${method.slice(0, 40)}' is no method of a request`,
    });
  const seconds = http.timeoutSeconds ?? defaultTimeoutSeconds;
  if (seconds < 0 || seconds > maxTimeoutSeconds)
    throw AgentError.REQUEST_INVALID({
      field: "timeoutSeconds",
      reason: `it must be 0 to ${maxTimeoutSeconds}`,
    });
  const body = bodyOf(http);
  return {
    url: urlOf(http.url),
    method,
    ...(await headersOf(http, step, references)),
    ...(body === undefined ? {} : { body }),
    // Zero is no bound in Argo; the step's own timeout still holds.
    timeoutMs: (seconds === 0 ? maxTimeoutSeconds : seconds) * 1_000,
    insecure: http.insecureSkipVerify === true,
  };
}

function urlOf(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol))
    throw AgentError.REQUEST_INVALID({
      field: "url",
      reason: `'${text.slice(0, 200)}' is no http or https URL`,
    });
  return url;
}

function bodyOf({ body, bodyFrom }: HttpStepWork["http"]): string | Uint8Array | undefined {
  const bytes = bodyFrom?.bytes;
  if (bytes === undefined) return body === undefined || body === "" ? undefined : body;
  if (body !== undefined && body !== "")
    throw AgentError.REQUEST_INVALID({ field: "body", reason: "there is also a bodyFrom" });
  if (!/^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(bytes))
    throw AgentError.REQUEST_INVALID({ field: "bodyFrom.bytes", reason: "it is not base64" });
  return Buffer.from(bytes, "base64");
}

/** Names are compared without case: what the template says wins over what is added here. */
async function headersOf(
  http: HttpStepWork["http"],
  step: StepRequest,
  references: References,
): Promise<Pick<BuiltRequest, "headers" | "secret">> {
  const headers = new Map<string, string>([
    ["user-agent", "sluice"],
    ["idempotency-key", step.id],
    ["traceparent", step.traceparent],
  ]);
  const secret = new Set<string>();
  for (const { name, value, valueFrom } of http.headers ?? []) {
    const lower = name.toLowerCase();
    if (valueFrom === undefined) headers.set(lower, value ?? "");
    else {
      const read = await secretText(references, step.run.namespace, valueFrom.secretKeyRef);
      if (read === undefined) continue;
      headers.set(lower, read);
      secret.add(lower);
    }
  }
  for (const name of ["content-length", "transfer-encoding"]) headers.delete(name);
  return { headers: checked(headers), secret };
}

async function secretText(
  references: References,
  namespace: string,
  {
    name = "",
    key,
    optional,
  }: { readonly name?: string | undefined; readonly key: string; readonly optional?: boolean | undefined },
): Promise<string | undefined> {
  const bytes = await references.secret(namespace, name, key);
  if (bytes !== undefined) return Buffer.from(bytes).toString("utf8").trimEnd();
  if (optional === true) return undefined;
  throw AgentError.REFERENCE_MISSING({ kind: "Secret", namespace, name, key });
}

/** Headers that HTTP can carry: a value with a line break would be a second header. */
function checked(headers: ReadonlyMap<string, string>): Record<string, string> {
  try {
    return Object.fromEntries(new Headers([...headers]));
  } catch (error) {
    // The message of the platform quotes the value, which may be a secret.
    const name = /^Headers.append: "?([\w-]{1,64})"? is an invalid header name/.exec(messageOf(error))?.[1];
    throw AgentError.REQUEST_INVALID({
      field: "headers",
      reason: `${name === undefined ? "a value" : `'${name}'`} is none`,
    });
  }
}
