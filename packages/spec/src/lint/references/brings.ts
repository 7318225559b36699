import type { WorkflowLint } from "../workflow/context.ts";

/** Names that a workflow brings itself, by group: parameters, labels, annotations. */
export type Brings = ReadonlyMap<string, readonly string[]>;

export function workflowBrings({ spec, metadata }: Pick<WorkflowLint, "spec" | "metadata">): Brings {
  const added = spec.workflowMetadata;
  const keys = (...maps: readonly (object | undefined)[]) => maps.flatMap((map) => Object.keys(map ?? {}));
  return new Map([
    ["parameters", (spec.arguments?.parameters ?? []).map((parameter) => parameter.name)],
    ["labels", keys(metadata.labels, added?.labels, added?.labelsFrom)],
    ["annotations", keys(metadata.annotations, added?.annotations)],
  ]);
}

/** Labels and annotations that the engine gives a run. */
export const isOfTheEngine = (name: string): boolean => name.startsWith("workflows.argoproj.io/");
