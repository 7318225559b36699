import { childTraceparent, isObject, parseGoDuration } from "@sluice/base";
import type { Parameter, Template } from "@sluice/spec";
import { EngineError } from "../errors.ts";
import type { StepRequest, VolumeClaim } from "../executor/request.ts";
import type { Unit } from "../run/state/frames.ts";
import type { Node } from "../run/state/node.ts";
import type { Run } from "../run/state/run.ts";
import type { Step } from "../run/state/step.ts";
import { renderDeep, textWithData } from "../values/language.ts";
import type { Scope } from "../values/scope.ts";
import { stepArtifacts } from "./artifact-request.ts";
import { checkMounts } from "./mounts.ts";
import { patchedStep } from "./pod-patch.ts";
import { awayFrom, hostsToAvoid } from "./retry-affinity.ts";
import { isDaemon } from "./shape.ts";
import { workOf } from "./work.ts";

/** Kubernetes' own default. */
const defaultGraceMs = 30_000;
/** Its scope waits for a daemon's end: one that does not obey is not waited for so long. */
const daemonGraceMs = 10_000;

/** Pod-level fields that a template may set over the workflow's. */
const templatePodFields = [
  "nodeSelector",
  "affinity",
  "tolerations",
  "schedulerName",
  "priorityClassName",
  "priority",
  "resourceClaims",
  "serviceAccountName",
  "automountServiceAccountToken",
  "hostAliases",
  "securityContext",
  "initContainers",
  "sidecars",
] as const;
const workflowPodFields = [
  "serviceAccountName",
  "automountServiceAccountToken",
  "nodeSelector",
  "affinity",
  "tolerations",
  "imagePullSecrets",
  "resourceClaims",
  "hostNetwork",
  "dnsPolicy",
  "dnsConfig",
  "hostAliases",
  "schedulerName",
  "securityContext",
] as const;

/** The step of a container or script unit, with no tag left in it. */
export function stepOf(run: Run, unit: Unit, node: Node, scope: Scope): Step {
  const { template } = unit.shape;
  const timeoutMs = durationOf(template, "timeout", scope);
  const pendingMs = durationOf(template, "pendingTimeout", scope);
  const timeoutAt = earliest([
    timeoutMs === undefined ? undefined : node.startedAt + timeoutMs,
    unit.deadlineAt,
  ]);
  const claims = ownClaims(run, scope);
  const described = {
    work: workOf(template, scope),
    pod: podOf(run, unit, scope, claims),
    graceMs: isDaemon(unit) ? daemonGraceMs : defaultGraceMs,
    activeMs: activeMsOf(template, scope),
  };
  const { activeMs, ...body } = patchedStep(described, patchesOf(run, template, scope));
  checkMounts(body);
  const artifacts = stepArtifacts(run, unit, scope);
  const outputParameters = renderDeep(template.outputs?.parameters ?? [], scope);
  const request = requestOf(run, unit, { node, body, outputParameters, claims }, scope);
  return {
    request: artifacts.request === undefined ? request : { ...request, artifacts: artifacts.request },
    ...(outputParameters.length === 0 ? {} : { outputParameters }),
    ...(artifacts.outputs.length === 0 ? {} : { outputArtifacts: artifacts.outputs }),
    ...(timeoutAt === undefined ? {} : { timeoutAt }),
    ...(pendingMs === undefined ? {} : { pending: { ms: pendingMs, until: node.startedAt + pendingMs } }),
    ...(activeMs === undefined ? {} : { activeMs }),
  };
}

function earliest(times: readonly (number | undefined)[]): number | undefined {
  const known = times.filter((time) => time !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}

function durationOf(
  template: Template,
  field: "timeout" | "pendingTimeout",
  scope: Scope,
): number | undefined {
  const written = template[field];
  if (written === undefined) return undefined;
  const text = renderDeep(written, scope);
  const ms = parseGoDuration(text);
  if (ms === undefined)
    throw EngineError.TEMPLATE_INVALID({ reason: `${field} '${text}' is not a duration such as 30s` });
  return ms;
}

/** The workflow's patch, then the template's; what their tags stand for is data in them. */
const patchesOf = (run: Run, template: Template, scope: Scope) =>
  [run.spec.podSpecPatch, template.podSpecPatch].flatMap((patch) =>
    patch === undefined || patch.trim() === "" ? [] : [textWithData(patch, scope)],
  );

function activeMsOf(template: Template, scope: Scope): number | undefined {
  if (template.activeDeadlineSeconds === undefined) return undefined;
  const text = renderDeep(String(template.activeDeadlineSeconds), scope);
  if (!/^\d{1,9}$/.test(text) || Number(text) === 0)
    throw EngineError.TEMPLATE_INVALID({
      reason: `activeDeadlineSeconds '${text}' must be a positive integer > 0 or an argo variable`,
    });
  return Number(text) * 1_000;
}

interface RequestParts {
  readonly node: Node;
  readonly body: Pick<StepRequest, "work" | "pod" | "graceMs">;
  readonly outputParameters: readonly Parameter[];
  readonly claims: readonly OwnClaim[];
}

/** The run as executors know it. */
export const stepRunOf = ({ key, uid, origin }: Run): StepRequest["run"] => ({
  namespace: key.namespace,
  name: key.name,
  uid,
  ...(origin.uid === uid ? {} : { firstUid: origin.uid }),
});

function requestOf(
  run: Run,
  unit: Unit,
  { node, body, outputParameters, claims }: RequestParts,
  scope: Scope,
): Step["request"] {
  const { template, name } = unit.shape;
  const podMetadata = run.spec.podMetadata;
  return {
    id: stepIdOf(run, node, unit.attempt),
    run: stepRunOf(run),
    node: { id: node.id, name: node.name, template: name, attempt: unit.attempt },
    ...body,
    ...(claims.length === 0 ? {} : { claims: claims.map(({ claim }) => claim) }),
    outputPaths: outputParameters.flatMap((p) =>
      p.valueFrom?.path === undefined ? [] : [{ name: p.name, path: p.valueFrom.path }],
    ),
    captureResult: unit.call.wantsResult,
    ...(isDaemon(unit) ? { daemon: true } : {}),
    traceparent: childTraceparent(run.submitted.traceparent, node.id),
    metadata: {
      labels: renderDeep(
        {
          ...podMetadata?.labels,
          ...template.metadata?.labels,
          "workflows.argoproj.io/workflow": run.key.name,
        },
        scope,
      ),
      annotations: {
        ...renderDeep({ ...podMetadata?.annotations, ...template.metadata?.annotations }, scope),
        "workflows.argoproj.io/node-id": node.id,
        "workflows.argoproj.io/node-name": node.name,
      },
    },
  };
}

/** Run uid + the node's own part of its id + attempt: short enough to name a folder or a container. */
const stepIdOf = (run: Run, node: Node, attempt: number): string =>
  `${run.uid}.${node.id === run.key.name ? "root" : node.id.slice(run.key.name.length + 1)}.${attempt}`;

interface OwnClaim {
  /** Of the volume. */
  readonly name: string;
  readonly claim: VolumeClaim;
}

/** The claims that a run has of its own, by their templates: Argo's names. */
function ownClaims(run: Run, scope: Scope): readonly OwnClaim[] {
  return (run.spec.volumeClaimTemplates ?? []).flatMap((template) => {
    const { metadata, spec } = renderDeep(template, scope);
    const { name, labels, annotations } = isObject(metadata) ? metadata : {};
    if (typeof name !== "string") return [];
    const claim = {
      metadata: {
        name: `${run.key.name}-${name}`,
        ...(isObject(labels) ? { labels: labels as Record<string, string> } : {}),
        ...(isObject(annotations) ? { annotations: annotations as Record<string, string> } : {}),
      },
      spec: isObject(spec) ? spec : {},
    };
    return [{ name, claim }];
  });
}

/** Fields that a pod's spec has under another name. */
const renamedFields = [
  ["podPriorityClassName", "priorityClassName"],
  ["podPriority", "priority"],
  ["podResources", "resources"],
] as const;

/** Where a pod may go: a template that says nothing has it from the one that uses it. */
const placeFields = ["nodeSelector", "affinity", "tolerations"] as const;

function podOf(run: Run, unit: Unit, scope: Scope, claims: readonly OwnClaim[]): Record<string, unknown> {
  const { template } = unit.shape;
  const around = unit.call.boundary?.unit.shape.template;
  const pod: Record<string, unknown> = {};
  for (const field of workflowPodFields) if (run.spec[field] !== undefined) pod[field] = run.spec[field];
  for (const [field, name] of renamedFields) if (run.spec[field] !== undefined) pod[name] = run.spec[field];
  for (const field of placeFields) if (around?.[field] !== undefined) pod[field] = around[field];
  for (const field of templatePodFields) if (template[field] !== undefined) pod[field] = template[field];
  if (template.podResources !== undefined) pod["resources"] = template.podResources;
  const volumes = [
    ...(run.spec.volumes ?? []),
    ...(template.volumes ?? []),
    ...claims.map(({ name, claim }) => ({
      name,
      persistentVolumeClaim: { claimName: claim.metadata.name },
    })),
  ];
  if (volumes.length > 0) pod["volumes"] = volumes;
  if (claims.length > 0) pod["volumeClaims"] = claims.map(({ claim }) => claim.metadata.name);
  const rendered = renderDeep(pod, scope);
  const hosts = hostsToAvoid(unit);
  return hosts.length === 0 ? rendered : { ...rendered, affinity: awayFrom(hosts, rendered["affinity"]) };
}
