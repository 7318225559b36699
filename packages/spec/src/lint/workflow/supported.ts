import type { IssueSink, Path } from "../../issue.ts";
import type { Support } from "../../support/row.ts";
import { type SupportPlace, support } from "../../support/table.ts";
import type { LifecycleHook } from "../../workflow/control.ts";
import type { Arguments, Artifact, Parameter } from "../../workflow/parameter.ts";
import { artifactPathsOf, type InlineTemplate, type Template } from "../../workflow/template.ts";
import type { WorkflowSpec } from "../../workflow/workflow.ts";
import type { ExecutorKind } from "../executor-kind.ts";
import { lintPodPatch } from "../template/pod-patch.ts";
import { callsOf, nameOf, type Placed, type WorkflowLint } from "./context.ts";

interface Report {
  readonly sink: IssueSink;
  readonly executor: ExecutorKind;
}

/** Each use of a field that is not run yet is an error that names it. */
export function lintSupport(lint: WorkflowLint, executor: ExecutorKind): void {
  const report = { sink: lint.sink, executor };
  const { spec, base } = lint;
  checkFields(report, "workflow", spec, base);
  lintPodPatch(lint.sink, spec.podSpecPatch, {
    path: [...base, "podSpecPatch"],
    title: "spec",
    executor,
  });
  checkPodGc(report, spec.podGC, [...base, "podGC"]);
  checkArguments(report, spec.arguments, [...base, "arguments"]);
  checkHooks(report, spec.hooks, [...base, "hooks"]);
  if (spec.templateDefaults !== undefined) {
    checkTemplate(report, { value: spec.templateDefaults, path: [...base, "templateDefaults"] });
  }
  for (const [i, value] of (spec.templates ?? []).entries()) {
    checkTemplate(report, { value, path: [...base, "templates", i] });
  }
}

/** Strategies by which pods of steps that failed, or of a workflow that did, stay. */
const keeping: readonly unknown[] = ["OnPodSuccess", "OnWorkflowSuccess"];

/** A pod goes when its results are stored, whatever is asked: what would have kept it is told. */
function checkPodGc({ sink, executor }: Report, podGC: WorkflowSpec["podGC"], path: Path): void {
  if (executor !== "kubernetes" || podGC === undefined) return;
  const field = podGC["labelSelector"] !== undefined ? "labelSelector" : "strategy";
  if (field === "strategy" && !keeping.includes(podGC["strategy"])) return;
  sink.warn("SPEC_EXECUTOR", [...path, field], {
    message: "no pod is kept: each is deleted once its results and logs are stored",
    hint: "logs, exit codes and outputs stay: `sluice logs` and `sluice get`",
    key: true,
  });
}

function checkTemplate(report: Report, placed: Placed<Template | InlineTemplate>): void {
  const { value, path } = placed;
  checkFields(report, "template", value, path);
  lintPodPatch(report.sink, value.podSpecPatch, {
    path: [...path, "podSpecPatch"],
    title: `templates.${nameOf(value, path)}`,
    executor: report.executor,
  });
  for (const kind of ["container", "script"] as const) {
    if (value[kind] !== undefined) checkFields(report, "container", value[kind], [...path, kind]);
  }
  if (value.retryStrategy !== undefined) {
    checkFields(report, "retryStrategy", value.retryStrategy, [...path, "retryStrategy"]);
  }
  checkArchiveLocation(report, value.archiveLocation, [...path, "archiveLocation"]);
  if (value.data !== undefined) {
    const from = artifactPathsOf(value.data.source);
    const place = [...path, "data", "source", "artifactPaths"];
    if (from.success) checkLocation(report, from.data, place);
    else unsupported(report.sink, "source", [...path, "data", "source"]);
  }
  for (const side of ["inputs", "outputs"] as const) {
    const values = value[side];
    if (values === undefined) continue;
    checkFields(report, side, values, [...path, side]);
    checkParameters(report, values.parameters, [...path, side, "parameters"]);
    checkArtifacts(report, values.artifacts, [...path, side, "artifacts"]);
  }
  if (!("steps" in value) && !("dag" in value)) return;
  for (const call of callsOf({ value: value as Template, path })) {
    checkFields(report, "step", call.step, call.path);
    checkArguments(report, call.step.arguments, [...call.path, "arguments"]);
    checkHooks(report, call.step.hooks, [...call.path, "hooks"]);
    if (call.step.inline !== undefined) {
      checkTemplate(report, { value: call.step.inline, path: [...call.path, "inline"] });
    }
  }
}

function checkArguments(report: Report, args: Arguments | undefined, path: Path): void {
  checkParameters(report, args?.parameters, [...path, "parameters"]);
  checkArtifacts(report, args?.artifacts, [...path, "artifacts"]);
}

function checkParameters(report: Report, parameters: readonly Parameter[] | undefined, path: Path): void {
  for (const [i, parameter] of (parameters ?? []).entries()) {
    if (parameter.valueFrom === undefined) continue;
    checkFields(report, "valueFrom", parameter.valueFrom, [...path, i, "valueFrom"]);
  }
}

/** The field of each location that may stand alone: then it is a key in the default repository. */
const keyFields: Readonly<Record<string, string>> = { s3: "key", gcs: "key", oss: "key", azure: "blob" };

function checkArtifacts(report: Report, artifacts: readonly Artifact[] | undefined, path: Path): void {
  for (const [i, artifact] of (artifacts ?? []).entries()) {
    checkLocation(report, artifact, [...path, i]);
  }
  if ((artifacts ?? []).length > 0 && report.executor === "kubernetes")
    report.sink.error("SPEC_UNSUPPORTED", path, {
      message: "artifacts are not run on Kubernetes by this version of Sluice",
      hint: "run the workflow on the local executor, or pass small values as parameters",
      key: true,
    });
}

function checkLocation(report: Report, artifact: Partial<Artifact>, path: Path): void {
  checkFields(report, "artifact", artifact, path);
  for (const [kind, key] of Object.entries(keyFields)) {
    const location = artifact[kind as keyof Artifact];
    for (const field of Object.keys((location as object | undefined) ?? {}))
      if (field !== key) unsupported(report.sink, `${kind}.${field}`, [...path, kind, field]);
  }
}

/** Logs are kept anyway; a place for them, or for a step's artifacts, is not chosen so here. */
function checkArchiveLocation(report: Report, location: object | undefined, path: Path): void {
  for (const field of Object.keys(location ?? {}))
    if (field !== "archiveLogs") unsupported(report.sink, `archiveLocation.${field}`, [...path, field]);
}

function checkHooks(
  report: Report,
  hooks: Readonly<Record<string, LifecycleHook>> | undefined,
  path: Path,
): void {
  for (const [name, hook] of Object.entries(hooks ?? {})) {
    checkFields(report, "hook", hook, [...path, name]);
    checkArguments(report, hook.arguments, [...path, name, "arguments"]);
  }
}

/** The rows of one place of the table against the fields that are used. */
export function checkFields(report: Report, place: SupportPlace, value: object, path: Path): void {
  const rows = support[place] as Readonly<Record<string, Support>>;
  for (const [field, used] of Object.entries(value)) {
    if (used === undefined || isUnused(used)) continue;
    const verdict = Object.hasOwn(rows, field) ? rows[field] : "later";
    if (verdict === "later") unsupported(report.sink, field, [...path, field]);
    else if (verdict === "pod" && report.executor === "local") {
      report.sink.warn("SPEC_EXECUTOR", [...path, field], {
        message: `'${field}' has no effect on the local executor`,
        hint: "run it with --executor kubernetes where it matters",
        key: true,
      });
    }
  }
}

/** Written, but saying nothing: an empty list, or `false`. */
const isUnused = (value: unknown): boolean => value === false || (Array.isArray(value) && value.length === 0);

export function unsupported(sink: IssueSink, field: string, path: Path): void {
  sink.error("SPEC_UNSUPPORTED", path, {
    message: `'${field}' is not run by this version of Sluice`,
    hint: "take it out, or keep this manifest for a version that runs it",
    key: true,
  });
}
