import type { InlineTemplate, Template } from "../../workflow/template.ts";
import { lintExpr } from "../expressions.ts";
import { hasTag, type Placed, type WorkflowLint } from "../workflow/context.ts";

const methods = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "CONNECT"];

/** An http template: a URL, one body, a condition that compiles; a data template: expressions that do. */
export function lintHttp(
  { sink }: WorkflowLint,
  { value, path }: Placed<Template | InlineTemplate>,
  title: string,
): void {
  const { http, data } = value;
  for (const [i, { expression }] of (data?.transformation ?? []).entries())
    lintExpr(sink, expression, [...path, "data", "transformation", i, "expression"]);
  if (http === undefined) return;
  const at = [...path, "http"];
  if (!hasTag(http.url) && !/^https?:\/\/[^/\s]+/i.test(http.url)) {
    const message = `${title}.http.url '${http.url}' is not an http or https URL`;
    sink.error("SPEC_VALUE", [...at, "url"], { message, hint: "begin it with https:// and a host" });
  }
  const { method } = http;
  if (method !== undefined && !hasTag(method) && !methods.includes(method.toUpperCase())) {
    const message = `${title}.http.method must be one of: ${methods.join(", ")}`;
    sink.error("SPEC_VALUE", [...at, "method"], { message, hint: `got '${method}'` });
  }
  if (http.body !== undefined && http.bodyFrom !== undefined) {
    const message = `${title}.http has both body and bodyFrom`;
    sink.error("SPEC_CONFLICT", [...at, "bodyFrom"], { message, hint: "keep one of them", key: true });
  }
  if (http.successCondition !== undefined)
    lintExpr(sink, http.successCondition, [...at, "successCondition"], { wants: "boolean" });
}
