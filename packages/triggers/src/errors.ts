import { defineErrors } from "@sluice/base";

export const TriggerError = defineErrors("TRIGGER", {
  KIND_UNKNOWN: {
    retry: "never",
    message: (d: { kind: string; known: readonly string[] }) =>
      `trigger kind '${d.kind}' does not run here; known: ${d.known.join(", ")}`,
    hint: "use one of the known kinds, or add a folder under packages/triggers/src/kinds",
  },
  ACTION_INVALID: {
    retry: "never",
    message: (d: { kind: string; issues: readonly string[] }) =>
      `the rendered action is not a valid '${d.kind}': ${d.issues.slice(0, 5).join("; ")}`,
    hint: "look at the trigger's template and parameters: a parameter may have put a value of another type there",
  },
  UNRESOLVED: {
    retry: "never",
    message: (d: { reason: string }) => `the request was never rendered: ${d.reason}`,
    hint: "mend the sensor's parameter, then emit the event again; redriving this request cannot help",
  },
  UNSUPPORTED: {
    retry: "never",
    message: (d: { kind: string; field: string; value: string; supported: string }) =>
      `'${d.kind}' trigger cannot do ${d.field} '${d.value}' yet; supported: ${d.supported}`,
    hint: "use what is supported, or an http trigger to a service that does it",
  },
  WORKFLOW_INVALID: {
    retry: "never",
    message: (d: { issues: readonly string[] }) =>
      `the rendered workflow is not valid: ${d.issues.slice(0, 5).join("; ")}`,
    hint: "check the workflow in `source.resource` with `sluice lint`, with the parameters' values put in",
  },
  NAME_TAKEN: {
    retry: "never",
    message: (d: { namespace: string; name: string; uid: string }) =>
      `workflow '${d.namespace}/${d.name}' already exists (uid ${d.uid})`,
    hint: "use `metadata.generateName` instead of `metadata.name`, so that each firing gets a name of its own",
  },
  REFERENCE_MISSING: {
    retry: "later",
    message: (d: { kind: string; namespace: string; name: string; key: string }) =>
      `${d.kind} '${d.namespace}/${d.name}' has no key '${d.key}'`,
    hint: "create it; the trigger is tried again until its attempts are used up",
  },
  HTTP_FAILED: {
    retry: "later",
    message: (d: { url: string; reason: string }) => `no answer from '${d.url}': ${d.reason}`,
    hint: "check that the address is right and that the service runs",
  },
  HTTP_STATUS: {
    retry: "later",
    message: (d: { url: string; status: number; body: string; retryAfterMs?: number }) =>
      `'${d.url}' answered ${d.status}`,
    hint: "look at the service's log; `policy.status.allow` names further statuses that count as success",
  },
  HTTP_REFUSED: {
    retry: "never",
    message: (d: { url: string; status: number; body: string }) => `'${d.url}' refused with ${d.status}`,
    hint: "the request itself is wrong (a 4xx is not tried again); look at its body in `sluice dead show`",
  },
  HTTP_REDIRECT: {
    retry: "never",
    message: (d: { url: string; status: number; location: string }) =>
      `'${d.url}' answered ${d.status} to '${d.location}', and redirects are not followed`,
    hint: "put the final address into `url`",
  },
  HTTP_ADDRESS: {
    retry: "never",
    message: (d: { url: string; address: string; reason: string }) =>
      `'${d.url}' leads to ${d.address}: ${d.reason}`,
    hint: "name the address in the setting `httpAllow` if this is meant",
  },
  TIMED_OUT: {
    retry: "later",
    message: (d: { url: string; afterMs: number }) => `'${d.url}' did not answer within ${d.afterMs} ms`,
    hint: "raise the trigger's `timeout` (seconds), or let the service answer before its work is done",
  },
  BUG: {
    retry: "bug",
    message: (d: { kind: string; reason: string }) => `the '${d.kind}' trigger broke: ${d.reason}`,
    hint: "this is a fault of Sluice: report it with the trigger's kind and this message",
  },
  SHUT_DOWN: {
    retry: "later",
    message: () => "the worker was stopped before the action ended",
    hint: "nothing: the request is delivered again at the next start",
  },
});
