import { childTraceparent, messageOf } from "@sluice/base";
import type { References } from "@sluice/kube";
import { defineTrigger, type TriggerContext } from "../../define.ts";
import { TriggerError } from "../../errors.ts";
import { Manifest, Spec } from "./spec.ts";

/**
 * Calls an HTTP endpoint. At-least-once: the `Idempotency-Key` lets the other side recognise a repeat.
 * Any status of 200–299 and those in `policy.status.allow` are success (Argo takes every status for one).
 */
export default defineTrigger<Spec>({
  kind: "http",
  spec: Spec,
  manifest: Manifest,

  async execute(context) {
    const { spec, request, config, clock } = context;
    const { call } = await import("./client.ts");
    const answer = await call(
      {
        url: spec.url,
        method: spec.method,
        headers: await headersOf(context),
        ...(spec.body === undefined ? {} : { body: spec.body }),
        timeoutMs: (spec.timeout === 0 ? 60 : spec.timeout) * 1_000,
        clock,
        signal: context.signal,
      },
      config.http,
    );
    const { status } = answer;
    if ((status >= 200 && status < 300) || request.allowStatus?.includes(status) === true)
      return { outcome: "done", result: `HTTP ${status}` };

    const url = new URL(spec.url).origin;
    const body = answer.body.slice(0, 1_024);
    if (status >= 300 && status < 400)
      throw TriggerError.HTTP_REDIRECT({ url, status, location: answer.headers["location"] ?? "" });
    // 408, 425 and 429 ask for another try; other 4xx would answer the same again.
    if (status < 500 && ![408, 425, 429].includes(status))
      throw TriggerError.HTTP_REFUSED({ url, status, body });
    const retryAfterMs = retryAfterOf(answer.headers["retry-after"], clock.now());
    throw TriggerError.HTTP_STATUS({
      url,
      status,
      body,
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    });
  },
});

/** Retry-After as ms from now: seconds or an HTTP date. */
export function retryAfterOf(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined;
  if (/^\d{1,9}$/.test(header.trim())) return Number(header) * 1_000;
  const at = Date.parse(header);
  return Number.isNaN(at) ? undefined : Math.max(0, at - now);
}

/** Names are compared without case: what the trigger says wins over what is added here. */
async function headersOf(context: TriggerContext<Spec>): Promise<Record<string, string>> {
  const { spec, request, references } = context;
  const headers = new Map<string, string>([
    ["user-agent", "sluice"],
    ["idempotency-key", request.id],
    ["traceparent", childTraceparent(request.traceparent, request.id)],
  ]);
  if (spec.body !== undefined) headers.set("content-type", spec.contentType ?? "application/json");
  for (const [name, value] of Object.entries(spec.headers)) headers.set(name.toLowerCase(), value);
  for (const { name, valueFrom } of spec.secureHeaders) {
    const { secretKeyRef: secret, configMapKeyRef: configMap } = valueFrom;
    const value =
      secret !== undefined
        ? await secretText(references, request.namespace, secret)
        : configMap !== undefined
          ? await configMapText(references, request.namespace, configMap)
          : undefined;
    if (value !== undefined) headers.set(name.toLowerCase(), value);
  }
  if (spec.basicAuth !== undefined) {
    const { username, password } = spec.basicAuth;
    const user = username === undefined ? "" : await secretText(references, request.namespace, username);
    const pass = password === undefined ? "" : await secretText(references, request.namespace, password);
    headers.set("authorization", `Basic ${Buffer.from(`${user ?? ""}:${pass ?? ""}`).toString("base64")}`);
  }
  return checked(headers, spec.url);
}

interface KeyRef {
  readonly name: string;
  readonly key: string;
  readonly optional?: boolean | undefined;
}

async function secretText(
  references: References,
  namespace: string,
  ref: KeyRef,
): Promise<string | undefined> {
  const bytes = await references.secret(namespace, ref.name, ref.key);
  if (bytes !== undefined) return Buffer.from(bytes).toString("utf8").trimEnd();
  if (ref.optional === true) return undefined;
  throw TriggerError.REFERENCE_MISSING({ kind: "Secret", namespace, name: ref.name, key: ref.key });
}

async function configMapText(
  references: References,
  namespace: string,
  ref: KeyRef,
): Promise<string | undefined> {
  const text = await references.configMap(namespace, ref.name, ref.key);
  if (text !== undefined || ref.optional === true) return text;
  throw TriggerError.REFERENCE_MISSING({ kind: "ConfigMap", namespace, name: ref.name, key: ref.key });
}

/** Headers that HTTP can carry: a value with a line break would be a second header. */
function checked(headers: ReadonlyMap<string, string>, url: string): Record<string, string> {
  try {
    return Object.fromEntries(new Headers([...headers]));
  } catch (error) {
    // The message of the platform quotes the value, which may be a secret.
    const name = /^Headers.append: "?([\w-]{1,64})"? is an invalid header name/.exec(messageOf(error))?.[1];
    throw TriggerError.ACTION_INVALID({
      kind: "http",
      issues: [
        `headers: ${name === undefined ? "a value" : `'${name}'`} cannot be sent to ${new URL(url).origin}`,
      ],
    });
  }
}
