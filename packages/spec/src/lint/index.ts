import { type Issue, type IssueSink, inTextOrder, makeIssueSink } from "../issue.ts";
import type { KindSchemas } from "../json-schema/json-schema.ts";
import type { LoadedManifest, Manifest, MendedManifest } from "../manifest.ts";
import type { Workflow } from "../workflow/workflow.ts";
import { lintCron } from "./cron.ts";
import { lintEventBinding } from "./events/event-binding.ts";
import { lintEventSource } from "./events/event-source.ts";
import { lintSensor } from "./events/sensor.ts";
import type { ExecutorKind } from "./executor-kind.ts";
import { type KnownTemplates, knownTemplates, noTemplates } from "./references/known.ts";
import { lintWorkflowSpec } from "./workflow/workflow.ts";

/**
 * What the findings are for. `run`: it is to run now, so what this version does not run is an error. `apply`: it is to be
 * kept; a template that is not run yet may lie beside others that are. `lint`: a person wants to know whether it is right.
 */
export type LintPurpose = "run" | "apply" | "lint";

export interface LintOptions {
  /** Default `run`. */
  readonly purpose?: LintPurpose;
  /** Configs of kinds without a schema here are only checked for being maps. */
  readonly kinds?: KindSchemas | undefined;
  /** What will run the steps, where that is known. */
  readonly executor?: ExecutorKind;
  /** Templates that are applied; those among the manifests are known besides. */
  readonly known?: KnownTemplates;
  /** Of manifests that name none. Default "default". */
  readonly namespace?: string;
}

/**
 * All rules over manifests that fit their schemas, and over those that were mended to fit, as far as they say something
 * that is not said yet. Findings have the positions of their documents.
 */
export function lintManifests(
  manifests: readonly (LoadedManifest | MendedManifest)[],
  options: LintOptions = {},
): readonly Issue[] {
  const issues: Issue[] = [];
  const own = manifests.map(({ manifest }) => manifest);
  const known = knownTemplates(own, options.namespace ?? "default", options.known);
  for (const loaded of manifests) {
    const sink = makeIssueSink(loaded.document);
    lintManifest(loaded.manifest, sink, { ...options, known });
    const found = "wrong" in loaded ? besides(loaded.wrong, sink.issues) : sink.issues;
    issues.push(...inTextOrder(weighed(loaded.manifest, found, options)));
  }
  return issues;
}

/** Findings that do not follow from what was left out: those about its owner may. */
function besides(wrong: readonly Issue[], found: readonly Issue[]): readonly Issue[] {
  const owners = new Set(wrong.map(({ path }) => path.slice(0, Math.max(0, path.lastIndexOf(".")))));
  return found.filter(({ path }) => !owners.has(path));
}

/** All rules over one object that came without a text: issues have a path, but no position. */
export function lintObject(manifest: Manifest, options: LintOptions = {}): readonly Issue[] {
  const sink = makeIssueSink({});
  lintManifest(manifest, sink, options);
  return weighed(manifest, sink.issues, options);
}

/** What is right and only not run yet weighs as much as the purpose says. */
function weighed(
  { kind }: Manifest,
  issues: readonly Issue[],
  { purpose = "run" }: LintOptions,
): readonly Issue[] {
  const isKept = purpose === "lint" || (purpose === "apply" && Object.hasOwn(whats, kind));
  if (!isKept) return issues;
  return issues.map((issue) =>
    issue.code === "SPEC_UNSUPPORTED" ? { ...issue, severity: "warning" as const } : issue,
  );
}

/** All rules of a workflow, for API bodies. */
export const lintWorkflow = (workflow: Workflow, options: LintOptions = {}): readonly Issue[] =>
  lintObject(workflow, options);

const whats = {
  WorkflowTemplate: "workflow template",
  ClusterWorkflowTemplate: "cluster workflow template",
} as const;

function lintManifest(manifest: Manifest, sink: IssueSink, options: LintOptions): void {
  const { executor } = options;
  const { metadata } = manifest;
  const namespace = metadata.namespace ?? options.namespace ?? "default";
  const known = options.known ?? noTemplates;
  const whole = { sink, metadata, metadataPath: ["metadata"], executor, known, namespace };
  switch (manifest.kind) {
    case "Workflow":
      lintMetadata(manifest, sink);
      lintWorkflowSpec({ ...whole, spec: manifest.spec, base: ["spec"], what: "workflow", library: false });
      break;
    case "WorkflowTemplate":
    case "ClusterWorkflowTemplate":
      lintWorkflowSpec({
        ...whole,
        spec: manifest.spec,
        base: ["spec"],
        what: whats[manifest.kind],
        library: true,
      });
      break;
    case "CronWorkflow":
      lintCron(manifest, sink);
      lintWorkflowSpec({
        ...whole,
        spec: manifest.spec.workflowSpec,
        base: ["spec", "workflowSpec"],
        metadata: { ...metadata, ...manifest.spec.workflowMetadata },
        what: "workflow",
        library: false,
      });
      break;
    case "Sensor":
      lintMetadata(manifest, sink);
      lintSensor(manifest, sink, { schemas: options.kinds?.trigger ?? {}, executor, known, namespace });
      break;
    case "EventSource":
      lintMetadata(manifest, sink);
      lintEventSource(manifest, sink, options.kinds?.source ?? {});
      break;
    case "WorkflowEventBinding":
      lintMetadata(manifest, sink);
      lintEventBinding(manifest, sink, { known, namespace });
      break;
    case "EventBus":
    case "ConfigMap":
    case "Secret":
      break;
  }
}

function lintMetadata({ kind, metadata }: Manifest, sink: IssueSink): void {
  if (metadata.name !== undefined) return;
  if (kind === "Workflow") return; // a run without a name is given one
  sink.error("SPEC_FIELD_MISSING", ["metadata", "name"], {
    message: "metadata.name is required",
    hint: "name the object",
  });
}
