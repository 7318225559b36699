// What a step's containers mount must be declared: by its template, its workflow, its claims or a patch of its pod.
import { isObject } from "@sluice/base";
import { EngineError } from "../errors.ts";
import type { StepRequest } from "../executor/request.ts";

/** Errors: ENGINE_TEMPLATE_INVALID, in Argo's words. */
export function checkMounts({ work, pod }: Pick<StepRequest, "work" | "pod">): void {
  const declared = new Set(objectsOf(pod["volumes"]).map(({ name }) => name));
  const containers = [
    ...mainContainers(work),
    ...objectsOf(pod["initContainers"]),
    ...objectsOf(pod["sidecars"]),
  ];
  for (const { volumeMounts } of containers)
    for (const { name } of objectsOf(volumeMounts))
      if (!declared.has(name))
        throw EngineError.TEMPLATE_INVALID({ reason: `volume '${String(name)}' not found in workflow spec` });
}

function mainContainers(work: StepRequest["work"]): readonly { readonly volumeMounts?: unknown }[] {
  if (work.kind === "container") return [work.container];
  if (work.kind === "script") return [work.script];
  return work.kind === "containerSet" ? [work.containerSet, ...work.containerSet.containers] : [];
}

const objectsOf = (list: unknown): readonly Readonly<Record<string, unknown>>[] =>
  Array.isArray(list) ? list.filter(isObject) : [];
