import { childTraceparent, isObject, type JsonObject } from "@sluice/base";
import { parseWorkflow, runIdentity, type Workflow } from "@sluice/spec";
import type { TriggerContext, TriggerResult } from "./define.ts";
import { TriggerError } from "./errors.ts";

/** Longest value of a Kubernetes label. */
const maxLabel = 63;
const labelValue = /^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/;

/** Labels that Argo Events puts on what a trigger creates; a value that is no label is left out. */
function originLabels(context: TriggerContext<unknown>): Record<string, string> {
  const { sensor, trigger } = context.request;
  const labels: Record<string, string> = {};
  for (const [key, value] of [
    ["events.argoproj.io/sensor", sensor],
    ["events.argoproj.io/trigger", trigger],
  ] as const) {
    if (value.length <= maxLabel && labelValue.test(value)) labels[key] = value;
  }
  return labels;
}

function parse(resource: JsonObject): Workflow {
  const { value, issues } = parseWorkflow(resource);
  const errors = issues.filter((i) => i.severity === "error");
  if (value === undefined || errors.length > 0)
    throw TriggerError.WORKFLOW_INVALID({ issues: errors.map((i) => `${i.path}: ${i.message}`) });
  return value;
}

/**
 * Starts the run that a request asks for. Its uid and name follow from the request's id, so a repeat of the request
 * finds the run that is there (P3).
 * Errors: TRIGGER_WORKFLOW_INVALID, TRIGGER_NAME_TAKEN (never), what the bus throws (later).
 */
export async function submitWorkflow(
  context: TriggerContext<unknown>,
  resource: JsonObject,
): Promise<TriggerResult> {
  const { request } = context;
  const asked = parse(resource);
  const identity = runIdentity(asked.metadata, request.id);
  const namespace = asked.metadata.namespace ?? request.namespace;
  const labels = { ...originLabels(context), ...asked.metadata.labels };
  const workflow: Workflow = { ...asked, metadata: { ...asked.metadata, labels } };
  const outcome = await context.submitRun({
    type: "submitted",
    at: context.clock.now(),
    ...identity,
    namespace,
    workflow,
    by: { kind: "trigger", sensor: request.sensor, trigger: request.trigger, request: request.id },
    causes: request.causes,
    traceparent: childTraceparent(request.traceparent, identity.uid),
  });
  const result = `workflow/${namespace}/${identity.name}`;
  switch (outcome.kind) {
    case "created":
      return { outcome: "done", result };
    case "duplicate":
      return { outcome: "duplicate", result };
    case "name-taken":
      throw TriggerError.NAME_TAKEN({ namespace, name: identity.name, uid: outcome.uid });
  }
}

/** The inline resource of an Argo ArtifactLocation. Errors: TRIGGER_UNSUPPORTED for the other places. */
export function resourceOf(kind: string, source: Readonly<Record<string, unknown>>): JsonObject {
  const resource = source["resource"];
  if (isObject(resource)) return resource as JsonObject;
  const other = Object.keys(source).join(", ") || "nothing";
  throw TriggerError.UNSUPPORTED({ kind, field: "source", value: other, supported: "resource" });
}
