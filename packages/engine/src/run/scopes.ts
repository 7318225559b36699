import { resolveTemplate } from "../template/resolve.ts";
import { childrenOf } from "../values/children.ts";
import { globalsOf } from "../values/globals.ts";
import { fixed, parameters, Scope } from "../values/scope.ts";
import type { Boundary, Child, Unit } from "./state/frames.ts";
import { podName } from "./state/node.ts";
import type { Run } from "./state/run.ts";

/** What the text of a unit's template sees: inputs, globals, its own names. */
export function unitScope(run: Run, unit: Unit): Scope {
  const pod = podName(run.key.name, unit.shape.name, unit.name);
  const names: Record<string, string> = {
    "node.name": unit.name,
    "pod.name": pod,
    "steps.name": unit.name,
    "tasks.name": unit.name,
    ...unit.extra,
  };
  for (const p of unit.shape.template.outputs?.parameters ?? [])
    if (p.valueFrom?.path !== undefined) names[`outputs.parameters.${p.name}.path`] = p.valueFrom.path;
  return new Scope(run.now, fixed(names), parameters("inputs.parameters", unit.inputs), globalsOf(run));
}

/** What the steps or tasks of a composite template see: their siblings beside what the template itself sees. */
export const boundaryScope = (run: Run, boundary: Boundary): Scope =>
  new Scope(
    run.now,
    childrenOf(boundary, (child, parameter) => outputDefault(run, child, parameter)),
    parameters("inputs.parameters", boundary.unit.inputs),
    globalsOf(run),
    fixed(boundary.unit.extra),
  );

function outputDefault(run: Run, child: Child, parameter: string): string | undefined {
  const declared = resolveTemplate(run, child.use).template.outputs?.parameters;
  return declared?.find((p) => p.name === parameter)?.valueFrom?.default;
}
