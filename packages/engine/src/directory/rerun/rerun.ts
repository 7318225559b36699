// What a run that is over gives to the one that goes on in its place, or repeats it. Pure: from the object that lists
// show to the results that are taken over and the manifest that is run.
import type { Reuse, Template, Workflow, WorkflowSpec } from "@sluice/spec";
import { EngineError } from "../../errors.ts";
import type { WorkflowObject } from "../../project/workflow-object.ts";
import { parseSelector } from "../../run/selector.ts";
import { reusable } from "./reusable.ts";

export interface RetryOptions {
  /** Values for workflow parameters, by name. */
  readonly parameters?: Readonly<Record<string, string>>;
  /** With a selector: nodes that succeeded and match run again, with all that came after them. */
  readonly restartSuccessful?: boolean;
  readonly nodeFieldSelector?: string;
}

/** Errors: ENGINE_RETRY_REFUSED for a run that may not be tried again, ENGINE_SELECTOR_INVALID. */
export function retryOf(object: WorkflowObject, options: RetryOptions): Pick<Reuse, "nodes" | "stored"> {
  const { phase } = object.status;
  const { namespace, name } = object.metadata;
  const restarts = options.restartSuccessful === true && (options.nodeFieldSelector ?? "") !== "";
  if (phase === "Succeeded" && !restarts)
    throw EngineError.RETRY_REFUSED({
      namespace,
      name,
      reason: "To retry a succeeded workflow, set the options restartSuccessful and nodeFieldSelector",
    });
  if (!["Succeeded", "Failed", "Error"].includes(phase))
    throw EngineError.RETRY_REFUSED({ namespace, name, reason: `Cannot retry a workflow in phase ${phase}` });
  const selector = restarts ? parseSelector(options.nodeFieldSelector ?? "") : undefined;
  return taken(object, "retry", reusable(object, { selector, forgives: true }));
}

/** Errors: ENGINE_RETRY_REFUSED for a memoized repeat of what did not fail. */
export function resubmitOf(object: WorkflowObject): Pick<Reuse, "nodes" | "stored"> {
  const { phase } = object.status;
  const { namespace, name } = object.metadata;
  if (phase !== "Failed" && phase !== "Error")
    throw EngineError.RETRY_REFUSED({
      namespace,
      name,
      reason: `workflow must be Failed/Error to resubmit in memoized mode, it is ${phase}`,
    });
  return taken(object, "resubmit", reusable(object, { selector: undefined, forgives: false }));
}

function taken(object: WorkflowObject, kind: Reuse["kind"], nodes: Reuse["nodes"]) {
  const stored = storedOf(object, kind);
  return { nodes, ...(stored === undefined ? {} : { stored }) };
}

/** The templates that the run took from other resources, by scope. */
function storedTemplates({ status }: WorkflowObject): NonNullable<Reuse["stored"]>["templates"] {
  const stored = status["storedTemplates"] as Readonly<Record<string, Template>> | undefined;
  if (stored === undefined) return undefined;
  const byScope: Record<string, Template[]> = {};
  for (const [key, template] of Object.entries(stored)) {
    const scope = key.slice(0, key.length - (template.name ?? "").length - 1);
    byScope[scope] = [...(byScope[scope] ?? []), template];
  }
  return byScope;
}

/** A retry goes on with what the run was made of; a repeat is another run, of the template as it is now. */
function storedOf(object: WorkflowObject, kind: Reuse["kind"]): Reuse["stored"] {
  const templates = storedTemplates(object);
  const base = object.status["storedWorkflowTemplateSpec"] as WorkflowSpec | undefined;
  const isBased = kind === "retry" && base !== undefined;
  if (templates === undefined && !isBased) return undefined;
  return { ...(isBased ? { base } : {}), ...(templates === undefined ? {} : { templates }) };
}

const maintained =
  /^workflows\.argoproj\.io\/(phase|completed|creator|creator-email|creator-preferred-username|workflow-archiving-status)$/;

/** The manifest as it was run, with other parameters. */
export function manifestOf(
  object: WorkflowObject,
  parameters: Readonly<Record<string, string>> = {},
): Workflow {
  const { name, namespace, generateName, annotations } = object.metadata as Record<string, never> &
    WorkflowObject["metadata"] & {
      readonly generateName?: string;
      readonly annotations?: Record<string, string>;
    };
  const { shutdown: _shutdown, suspend, ...spec } = object.spec as Workflow["spec"];
  const labels = Object.fromEntries(
    Object.entries(object.metadata.labels).filter(([label]) => !maintained.test(label)),
  );
  const given = new Set(Object.keys(parameters));
  const before = (spec.arguments?.parameters ?? []).map(({ valueFrom, ...p }) =>
    given.has(p.name)
      ? { ...p, value: parameters[p.name] ?? "" }
      : valueFrom === undefined
        ? p
        : { ...p, valueFrom },
  );
  const known = new Set(before.map((p) => p.name));
  const added = [...given].filter((p) => !known.has(p)).map((p) => ({ name: p, value: parameters[p] ?? "" }));
  const all = [...before, ...added];
  return {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "Workflow",
    metadata: {
      name,
      namespace,
      labels,
      ...(generateName === undefined ? {} : { generateName }),
      ...(annotations === undefined ? {} : { annotations }),
    },
    spec: {
      ...spec,
      ...(suspend === true && _shutdown === undefined && object.status.phase === "Pending"
        ? { suspend }
        : {}),
      ...(all.length === 0 ? {} : { arguments: { ...spec.arguments, parameters: all } }),
    },
  };
}
