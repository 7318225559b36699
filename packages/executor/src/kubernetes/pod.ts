// A step as a pod. Pure.
import { isObject } from "@sluice/base";
import { progressAnnotation, progressVariable, type StepRequest } from "@sluice/engine";
import type { KubeObject } from "@sluice/kube";
import type { Container, Script, UserContainer } from "@sluice/spec";
import { KubeExecError } from "./errors.ts";
import {
  progressPath,
  scratchDir,
  scriptMaxBytes,
  scriptVariable,
  stagingDir,
  unexpanded,
  wrapperText,
} from "./logs/wrapper.ts";
import { annotation, label, labelValue, mainContainer, podName, stepLabel } from "./names.ts";
import type { KubernetesExecutorOptions, PodDefaults } from "./options.ts";

export type PodSettings = Pick<KubernetesExecutorOptions, "installId" | "podDefaults" | "entrypoints">;

export interface PodPlace {
  readonly namespace: string;
  /** Begins the lines of the wrapper in the pod's log; not guessable. */
  readonly mark: string;
  /** Epoch ms. */
  readonly now: number;
}

/** Seconds beyond the step's own deadline after which the kubelet ends the pod, should nobody of us be there. */
const deadlineSlackSeconds = 30;

/** Shells that we can wrap with, when a template's own command begins with one. */
const shellPattern = /^(?:\/(?:usr\/)?bin\/)?(?:sh|ash|dash|bash)$/;

/** Images of public examples that rely on their entrypoint; Argo's own settings list them likewise. */
const knownEntrypoints: Readonly<Record<string, readonly string[]>> = {
  "argoproj/argosay:v2": ["/argosay"],
  "quay.io/argoproj/argosay:v2": ["/argosay"],
};

function entrypointOf(image: string, settings: PodSettings): readonly string[] | undefined {
  const known = { ...knownEntrypoints, ...settings.entrypoints };
  return Object.hasOwn(known, image) ? known[image] : undefined;
}

/** Names of the containers that run beside the main one. */
export function sideNames({ pod }: Pick<StepRequest, "pod">): readonly string[] {
  const { sidecars = [] } = pod as PodFields;
  return sidecars.flatMap(({ name }) => (name === undefined ? [] : [name]));
}

/** The one container of a step. Errors: KUBEEXEC_WORK_UNSUPPORTED. */
export function bodyOf({ work, node }: Pick<StepRequest, "work" | "node">): Container | Script {
  if (work.kind === "container") return work.container;
  if (work.kind === "script") return work.script;
  throw KubeExecError.WORK_UNSUPPORTED({ template: node.template, kind: work.kind });
}

/**
 * The pod of a step. Errors: KUBEEXEC_WORK_UNSUPPORTED, KUBEEXEC_NO_IMAGE, KUBEEXEC_NO_COMMAND, KUBEEXEC_SCRIPT_TOO_LARGE, KUBEEXEC_SCRIPT_NUL.
 */
export function buildPod(step: StepRequest, settings: PodSettings, place: PodPlace): KubeObject {
  const defaults = settings.podDefaults ?? {};
  const command = commandOf(step, settings);
  const wrapped = command.wrapped;
  const { sidecars, volumes, initContainers, volumeClaims: _own, ...pod } = step.pod as PodFields;
  const scratch = wrapped ? scratchVolumes(step.work.kind === "script") : [];
  return {
    metadata: {
      name: podName(step),
      namespace: place.namespace,
      labels: {
        ...defaults.labels,
        ...step.metadata.labels,
        [label.install]: settings.installId,
        [label.step]: stepLabel(step.id),
        [label.run]: labelValue(step.run.uid),
        [label.workflow]: labelValue(step.run.name),
        [label.completed]: "false",
      },
      annotations: {
        ...defaults.annotations,
        ...step.metadata.annotations,
        [annotation.stepId]: step.id,
        [annotation.mark]: wrapped ? place.mark : "",
        [annotation.nodeId]: step.node.id,
        [annotation.nodeName]: step.node.name,
      },
    },
    spec: {
      ...accountOf(step, settings),
      ...defaults.spec,
      ...pod,
      ...(initContainers === undefined ? {} : { initContainers: besideMain(step, initContainers, defaults) }),
      restartPolicy: "Never",
      terminationGracePeriodSeconds: graceSeconds(step),
      ...deadlineOf(step, place.now),
      volumes: [...(volumes ?? []), ...scratch.map(({ name }) => ({ name, emptyDir: {} }))],
      containers: [
        mainOf(step, settings, { ...command, mounts: scratch, mark: place.mark }),
        ...besideMain(step, sidecars ?? [], defaults),
      ],
    },
  };
}

interface PodFields {
  readonly volumes?: readonly unknown[];
  /** Claims that the workflow has made for itself. */
  readonly volumeClaims?: readonly string[];
  readonly sidecars?: readonly UserContainer[];
  readonly initContainers?: readonly UserContainer[];
}

/** Argo's `mirrorVolumeMounts` is no field of Kubernetes: the main container's mounts, written out. */
const besideMain = (
  step: StepRequest,
  containers: readonly UserContainer[],
  { imagePullPolicy }: PodDefaults,
): readonly unknown[] =>
  containers.map(({ mirrorVolumeMounts, ...container }) => ({
    ...(imagePullPolicy === undefined ? {} : { imagePullPolicy }),
    ...container,
    securityContext: guarded(container.securityContext),
    volumeMounts: [
      ...(container.volumeMounts ?? []),
      ...((mirrorVolumeMounts === true && bodyOf(step).volumeMounts) || []),
    ],
  }));

export const graceSeconds = (step: StepRequest): number => Math.max(1, Math.ceil(step.graceMs / 1_000));

interface Command {
  readonly wrapped: boolean;
  readonly command?: readonly string[] | undefined;
  readonly args?: readonly string[] | undefined;
  readonly shell: string;
}

function commandOf(step: StepRequest, settings: PodSettings): Command {
  const body = bodyOf(step);
  const template = step.node.template;
  if (body.image === undefined || body.image === "") throw KubeExecError.NO_IMAGE({ template });
  const first = body.command?.[0];
  const ownShell = first !== undefined && shellPattern.test(first) ? first : undefined;
  const why =
    step.work.kind === "script"
      ? "its script is handed to it as a file"
      : step.outputPaths.length > 0
        ? "its output files are read after it ended"
        : undefined;
  // Stdout apart from stderr needs the wrapper; that is worth it only where a shell is surely there.
  const known = body.command ?? entrypointOf(body.image, settings);
  const wrapped =
    why !== undefined ||
    (step.captureResult && ownShell !== undefined) ||
    (saysProgress(step) && known !== undefined && known.length > 0);
  if (!wrapped) return { wrapped, command: body.command, args: body.args, shell: "" };
  if (known === undefined || known.length === 0)
    throw KubeExecError.NO_COMMAND({ template, image: body.image, why: why ?? "its result is kept" });
  return { wrapped, command: known, args: body.args, shell: ownShell ?? "/bin/sh" };
}

/** Whether it may say how far it is: its template names the file, or says it itself before. */
const saysProgress = ({ work, metadata }: StepRequest): boolean =>
  metadata.annotations[progressAnnotation] !== undefined || JSON.stringify(work).includes(progressVariable);

type Mounts = readonly { readonly name: string; readonly mountPath: string }[];

function mainOf(
  step: StepRequest,
  settings: PodSettings,
  how: Command & { readonly mounts: Mounts; readonly mark: string },
): Record<string, unknown> {
  const { source, ...container } = { source: undefined, ...bodyOf(step) };
  const defaults = settings.podDefaults ?? {};
  return {
    ...(defaults.resources === undefined ? {} : { resources: defaults.resources }),
    ...(defaults.imagePullPolicy === undefined ? {} : { imagePullPolicy: defaults.imagePullPolicy }),
    ...container,
    name: mainContainer,
    ...(how.wrapped ? wrap(step, how) : {}),
    env: [
      ...envOf(step, how.wrapped ? source : undefined),
      ...(how.wrapped && saysProgress(step) ? [{ name: progressVariable, value: progressPath }] : []),
    ],
    securityContext: guarded(container.securityContext),
    volumeMounts: [...(container.volumeMounts ?? []), ...how.mounts],
  };
}

function wrap(step: StepRequest, how: Command & { readonly mark: string }): Record<string, unknown> {
  const text = wrapperText({
    mark: how.mark,
    script: step.work.kind === "script",
    captureResult: step.captureResult,
    progress: saysProgress(step),
    outputPaths: step.outputPaths.map((output) => output.path),
  });
  return {
    command: [how.shell, "-c", unexpanded(text), "sluice"],
    args: [...(how.command ?? []), ...(how.args ?? [])],
  };
}

function envOf(step: StepRequest, source: string | undefined): unknown[] {
  const env = bodyOf(step).env ?? [];
  const has = (name: string) => env.some((entry) => entry.name === name);
  return [
    ...env,
    ...(has("TRACEPARENT") ? [] : [{ name: "TRACEPARENT", value: step.traceparent }]),
    ...(source === undefined
      ? []
      : [{ name: scriptVariable, value: unexpanded(checkedScript(step, source)) }]),
  ];
}

function checkedScript(step: StepRequest, source: string): string {
  const template = step.node.template;
  const bytes = Buffer.byteLength(source);
  if (bytes > scriptMaxBytes)
    throw KubeExecError.SCRIPT_TOO_LARGE({ template, bytes, maxBytes: scriptMaxBytes });
  if (source.includes("\0")) throw KubeExecError.SCRIPT_NUL({ template });
  return source;
}

const scratchVolumes = (script: boolean): Mounts => [
  { name: "sluice-scratch", mountPath: scratchDir },
  ...(script ? [{ name: "sluice-staging", mountPath: stagingDir }] : []),
];

/** No API token in a pod that names no account: most steps never speak to Kubernetes. */
function accountOf(step: StepRequest, settings: PodSettings): Record<string, unknown> {
  if (step.pod["serviceAccountName"] !== undefined) return {};
  const account = settings.podDefaults?.serviceAccountName;
  return account === undefined ? { automountServiceAccountToken: false } : { serviceAccountName: account };
}

/** No gain of privileges, unless the manifest says otherwise or asks for what implies it. */
function guarded(given: unknown): Record<string, unknown> {
  const context = isObject(given) ? given : {};
  const implied =
    context["privileged"] === true || JSON.stringify(context["capabilities"] ?? "").includes("SYS_ADMIN");
  return implied ? context : { allowPrivilegeEscalation: false, ...context };
}

function deadlineOf(step: StepRequest, now: number): Record<string, unknown> {
  if (step.deadlineAt === undefined) return {};
  const seconds = Math.ceil((step.deadlineAt - now) / 1_000);
  return { activeDeadlineSeconds: Math.max(1, seconds) + graceSeconds(step) + deadlineSlackSeconds };
}
