// `podSpecPatch`: merged into the pod that a step's request describes, so that whatever runs the step sees only the
// outcome. The workflow's patch comes first, then the template's. Pure.
import { isAppError, isObject, type Json } from "@sluice/base";
import { composeYaml, PodContainer, podSpecMerge, strategicMerge, type TextWithData } from "@sluice/spec";
import { EngineError } from "../errors.ts";
import type { StepRequest } from "../executor/request.ts";
import type { StepWork } from "../executor/work.ts";
import { failureText } from "../values/language.ts";

/** What of a step a patch may change. Times in ms. */
export interface PatchedStep {
  readonly work: StepWork;
  readonly pod: StepRequest["pod"];
  readonly graceMs: number;
  readonly activeMs: number | undefined;
}

/** The main container's name in a pod; a container set has names of its own. */
const mainName = "main";
/** Containers that the incumbent adds to each pod: what a patch says of them has nothing to act on here. */
const foreign = new Set(["init", "wait", "supervisor"]);

/** Errors: ENGINE_TEMPLATE_INVALID, in the incumbent's words. */
export function patchedStep(step: PatchedStep, patches: readonly TextWithData[]): PatchedStep {
  const members = membersOf(step);
  if (members === undefined || patches.length === 0) return step;
  let pod = described(step, members);
  for (const patch of patches) pod = patchedPod(pod, patch);
  return taken(step, pod);
}

/** The containers that are the step itself; undefined for work that has no pod. */
function membersOf({ work }: Pick<PatchedStep, "work">): readonly object[] | undefined {
  switch (work.kind) {
    case "container":
      return [{ ...work.container, name: mainName }];
    case "script":
      return [{ ...work.script, name: mainName }];
    case "containerSet":
      return work.containerSet.containers;
    case "http":
    case "resource":
    case "data":
      return undefined;
  }
}

type Pod = Readonly<Record<string, unknown>>;

function described({ work, pod, graceMs, activeMs }: PatchedStep, members: readonly object[]): Pod {
  const { sidecars = [], initContainers, ...fields } = pod;
  const [main = {}] = work.kind === "containerSet" ? [] : members;
  const shown = (list: unknown): readonly unknown[] =>
    Array.isArray(list) ? list.map((container: unknown) => mirrored(container, main)) : [];
  return {
    ...fields,
    ...(initContainers === undefined ? {} : { initContainers: shown(initContainers) }),
    containers: [...members, ...shown(sidecars)],
    terminationGracePeriodSeconds: Math.ceil(graceMs / 1_000),
    ...(activeMs === undefined ? {} : { activeDeadlineSeconds: activeMs / 1_000 }),
  };
}

/** `mirrorVolumeMounts` written out, as the incumbent does before it patches. */
function mirrored(container: unknown, main: object): unknown {
  if (!isObject(container)) return container;
  const { mirrorVolumeMounts, ...rest } = container;
  if (mirrorVolumeMounts !== true) return rest;
  const mounts = "volumeMounts" in main && Array.isArray(main.volumeMounts) ? main.volumeMounts : [];
  return { ...rest, volumeMounts: [...((rest["volumeMounts"] as unknown[] | undefined) ?? []), ...mounts] };
}

function patchedPod(pod: Pod, patch: TextWithData): Pod {
  const composed = composedPatch(patch);
  if (composed === null) return pod;
  if (!isObject(composed)) throw invalid(patch, "it is no map of fields of a pod");
  try {
    return strategicMerge(pod, composed, podSpecMerge);
  } catch (error) {
    if (isAppError(error)) throw invalid(patch, String(error.details["reason"] ?? error.message));
    throw error;
  }
}

function composedPatch(patch: TextWithData): Json {
  try {
    return composeYaml(patch, "podSpecPatch");
  } catch (error) {
    throw invalid(patch, failureText(error));
  }
}

/** The request's own parts out of the pod that the patches made. */
function taken(step: PatchedStep, pod: Pod): PatchedStep {
  const { containers, initContainers, terminationGracePeriodSeconds, activeDeadlineSeconds, ...fields } = pod;
  const all = checked(containers, "containers");
  const names = new Set((membersOf(step) ?? []).map((member) => "name" in member && member.name));
  const own = all.filter(({ name }) => names.has(name));
  const others = all.filter(({ name }) => !names.has(name));
  const inits = checked(initContainers, "initContainers");
  return {
    work: workWith(step.work, own, others),
    pod: {
      ...fields,
      ...(inits.length === 0 ? {} : { initContainers: inits }),
      ...(others.length === 0 ? {} : { sidecars: others }),
    },
    graceMs: (secondsOf(terminationGracePeriodSeconds, "terminationGracePeriodSeconds") ?? 30) * 1_000,
    activeMs: msOf(secondsOf(activeDeadlineSeconds, "activeDeadlineSeconds")),
  };
}

function workWith(work: StepWork, own: readonly PodContainer[], others: readonly PodContainer[]): StepWork {
  const [main] = own;
  if (main === undefined) throw refused(`it takes the container '${mainName}' away`);
  switch (work.kind) {
    case "container":
      return { ...work, container: main };
    case "script":
      return { ...work, script: { ...main, source: work.script.source } };
    case "containerSet": {
      const [other] = others;
      if (other !== undefined) throw refused(`a container set has no container '${other.name}'`);
      return { ...work, containerSet: { ...work.containerSet, containers: own } as typeof work.containerSet };
    }
    default:
      return work;
  }
}

/** What the incumbent's own containers would be changed to has nothing to act on here. */
function checked(list: unknown, field: string): readonly PodContainer[] {
  if (list === undefined) return [];
  if (!Array.isArray(list)) throw refused(`${field} is no list`);
  return list
    .filter((one) => !(isObject(one) && foreign.has(String(one["name"])) && one["image"] === undefined))
    .map((one, index) => {
      const read = PodContainer.safeParse(one);
      if (read.success) return read.data;
      const [issue] = read.error.issues;
      throw refused(
        `${[field, index, ...(issue?.path ?? [])].join(".")}: ${issue?.message ?? "it is not valid"}`,
      );
    });
}

const maxSeconds = 1e9;

function secondsOf(value: unknown, field: string): number | undefined {
  if (value === undefined) return undefined;
  if (typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= maxSeconds) return value;
  throw refused(`${field} must be a whole number of seconds`);
}

const msOf = (seconds: number | undefined): number | undefined =>
  seconds === undefined ? undefined : seconds * 1_000;

const maxShown = 500;

function invalid({ text, tags }: TextWithData, reason: string) {
  const shown = text
    .replace(/\{\{(_value\d+)\}\}/g, (all, name: string) => tags[name] ?? all)
    .slice(0, maxShown);
  return EngineError.TEMPLATE_INVALID({
    reason: `Error applying PodSpecPatch: invalid podSpecPatch ${JSON.stringify(shown)}: ${reason}`,
  });
}

const refused = (reason: string) =>
  EngineError.TEMPLATE_INVALID({ reason: `Error applying PodSpecPatch: ${reason}` });
