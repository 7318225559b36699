import { hasTags } from "../definitions/reach.ts";
import { resolveTemplate } from "../template/resolve.ts";
import { childrenOf } from "../values/children.ts";
import { globalsOf } from "../values/globals.ts";
import { renderText } from "../values/language.ts";
import { fixed, inputArtifacts, itemPart, parameters, placeOf, Scope } from "../values/scope.ts";
import type { Boundary, Child, Hooked, Unit } from "./state/frames.ts";
import { displayName, podName } from "./state/node.ts";
import type { Run } from "./state/run.ts";

/** What the text of a unit's template sees: inputs, globals, its own names. */
export function unitScope(run: Run, unit: Unit): Scope {
  const pod = podName(run.key.name, unit.shape.name, unit.name);
  const names = { "pod.name": pod, ...namesOf(unit), ...unit.extra };
  const scope = new Scope(
    run.now,
    fixed(names),
    parameters("inputs.parameters", unit.inputs),
    inputArtifacts(unit.call.artifacts),
    globalsOf(run),
    placeOf(unit.name),
  );
  return scope.with(fixed(outputPaths(unit, scope)));
}

/** As the step or task is called by its siblings, an item's place with it: `hello(0:x)`. */
function namesOf({ name, call }: Unit): Record<string, string> {
  const own = displayName(call.name, call.boundary?.node.name);
  return { "node.name": name, "steps.name": own, "tasks.name": own };
}

/** Where the outputs of a leaf are to be written; a path may itself be made of inputs. */
function outputPaths({ shape }: Unit, scope: Scope): Record<string, string> {
  const { outputs } = shape.template;
  const paths: Record<string, string> = {};
  for (const { name, path } of outputs?.artifacts ?? [])
    if (path !== undefined) paths[`outputs.artifacts.${name}.path`] = renderText(path, scope);
  for (const { name, valueFrom } of outputs?.parameters ?? [])
    if (valueFrom?.path !== undefined)
      paths[`outputs.parameters.${name}.path`] = renderText(valueFrom.path, scope);
  return paths;
}

/** What the steps or tasks of a composite template see: their siblings beside what the template itself sees. */
export const boundaryScope = (run: Run, boundary: Boundary, own?: Child): Scope =>
  new Scope(
    run.now,
    childrenOf(boundary, (child, parameter) => outputDefault(run, boundary, child, parameter), own),
    parameters("inputs.parameters", boundary.unit.inputs),
    inputArtifacts(boundary.unit.call.artifacts),
    globalsOf(run),
    fixed({ ...namesOf(boundary.unit), ...boundary.unit.extra }),
    placeOf(boundary.node.name),
  );

/** What a workflow's own hooks see. */
export const globalsScope = (run: Run): Scope => new Scope(run.now, globalsOf(run));

/** What the hooks of a step or task see: its siblings, itself under its name (an item of a loop too), and its item. */
export function hookScope(run: Run, boundary: Boundary, of: Hooked): Scope {
  if (of.kind !== "call" || of.call.item === undefined) return boundaryScope(run, boundary);
  const { item, node, owner } = of.call;
  const looped =
    owner.kind === "group" ? owner.child : owner.kind === "task-item" ? owner.task.child : undefined;
  if (looped === undefined) return boundaryScope(run, boundary);
  const own: Child = { name: looped.name, use: looped.use, ...(node === undefined ? {} : { node }) };
  return boundaryScope(run, boundary, own).with(itemPart(item.value));
}

function outputDefault(run: Run, boundary: Boundary, child: Child, parameter: string): string | undefined {
  // Which template a skipped step would have used is not known when its name has tags.
  if (hasTags(child.use)) return undefined;
  const declared = resolveTemplate(run, child.use, boundary.unit.shape.scope).template.outputs?.parameters;
  return declared?.find((p) => p.name === parameter)?.valueFrom?.default;
}
