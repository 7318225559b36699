import { defineErrors } from "@sluice/base";

/** One thing that is wrong in a config: where, and what was wanted. */
export interface ConfigIssue {
  readonly path: string;
  readonly message: string;
}

export const SourceError = defineErrors("SOURCE", {
  CONFIG_INVALID: {
    retry: "never",
    message: (d: { source: string; event: string; kind: string; issues: readonly ConfigIssue[] }) =>
      `config of ${d.kind} event '${d.event}' in '${d.source}': ${d.issues
        .map((issue) => `${issue.path === "" ? "" : `${issue.path}: `}${issue.message}`)
        .join("; ")}`,
    hint: "mend the fields named here and apply the EventSource again",
  },
  KIND_UNSUPPORTED: {
    retry: "never",
    message: (d: { kind: string; known: readonly string[] }) =>
      `source kind '${d.kind}' is not supported yet; supported: ${d.known.join(", ")}`,
    hint: "remove the event from the EventSource, or keep it: it does not disturb the others",
  },
  ENDED: {
    retry: "later",
    message: (d: { source: string; event: string }) =>
      `event '${d.event}' of '${d.source}' stopped by itself`,
    hint: "it is started again by itself; the log has what came before",
  },
  FILTER_INVALID: {
    retry: "never",
    message: (d: { expression: string; reason: string }) =>
      `filter '${d.expression}' is no expression: ${d.reason}`,
    hint: "`filter.expression` is an expr-lang expression over the event's data, such as: body.action == 'opened'",
  },
  SECRET_MISSING: {
    retry: "later",
    message: (d: { field: string; name: string; key: string }) =>
      `${d.field}: no key '${d.key}' in secret '${d.name}'`,
    hint: "create the Secret in the namespace of the EventSource; it is looked for again by itself",
  },
  UNAUTHORIZED: {
    retry: "never",
    message: (_: Record<string, never>) => "this endpoint wants a bearer token",
    hint: "send the header 'Authorization: Bearer TOKEN' with the token of the EventSource's authSecret",
  },
  BODY_INVALID: {
    retry: "never",
    message: (d: { contentType: string; reason: string }) =>
      `body is not valid ${d.contentType}: ${d.reason}`,
    hint: "send what Content-Type declares; JSON has to be UTF-8",
  },
  CHARSET_UNSUPPORTED: {
    retry: "never",
    message: (d: { charset: string }) => `charset '${d.charset}' is not supported for this content type`,
    hint: "send UTF-8",
  },
  CLOUD_EVENT_INVALID: {
    retry: "never",
    message: (d: { reason: string }) => `not a CloudEvent 1.0: ${d.reason}`,
    hint: "it needs specversion '1.0', id, source and type, each a text that is not empty",
  },
});
