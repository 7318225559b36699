import { isObject, parseSecondsOrDuration } from "@sluice/base";
import { failureText, renderDeep, renderText } from "../../values/language.ts";
import { textOf } from "../../values/scope.ts";
import { endUnit, makeNode, setGlobal } from "../call.ts";
import { unitScope } from "../scopes.ts";
import type { Unit } from "../state/frames.ts";
import type { Node, NodeOutputs } from "../state/node.ts";
import type { Run } from "../state/run.ts";
import { refusal } from "./leaf.ts";

/** A node that waits for a person, or until its duration is over. */
export function openSuspend(run: Run, unit: Unit): void {
  const node = makeNode(run, unit, "Suspend", "Running");
  const refused = refusal(run, unit);
  if (refused !== undefined) {
    endUnit(run, unit, { phase: "Failed", message: refused });
    return;
  }
  const declared = unit.shape.template.outputs?.parameters;
  offerChoices(node);
  const duration = unit.shape.template.suspend?.duration;
  let durationMs: number | undefined;
  try {
    const scope = unitScope(run, unit);
    if (declared !== undefined) node.outputs = { parameters: renderDeep(declared, scope) };
    if (duration !== undefined) durationMs = parseSecondsOrDuration(renderText(duration, scope));
  } catch (error) {
    endUnit(run, unit, { phase: "Error", message: failureText(error) });
    return;
  }
  if (duration !== undefined) {
    if (durationMs === undefined) {
      endUnit(run, unit, {
        phase: "Error",
        message: `suspend duration '${duration}' is neither seconds nor a duration such as 30s`,
      });
      return;
    }
    run.timers.set({ kind: "suspend-over", at: run.now + durationMs, unit });
  }
  run.suspends.set(node.id, unit);
}

/** Longest input that is looked at for choices, characters. */
const maxChoices = 65_536;

/** An input whose value is a map with an `enum` offers what is in it, as in Argo: choices made by a step before. */
function offerChoices(node: Node): void {
  if (node.inputs === undefined) return;
  node.inputs = node.inputs.map((input) => {
    const choices = choicesIn(input.value ?? "");
    return choices === undefined ? input : { ...input, enum: choices };
  });
}

function choicesIn(text: string): string[] | undefined {
  if (!text.trimStart().startsWith("{") || text.length > maxChoices) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    const choices = isObject(value) ? value["enum"] : undefined;
    return Array.isArray(choices) && choices.length > 0 ? choices.map(textOf) : undefined;
  } catch {
    return undefined;
  }
}

/** Ends a waiting node with the values it has, or those of `given`; false when one is missing. */
export function completeSuspend(
  run: Run,
  unit: Unit,
  given: Readonly<Record<string, string>>,
  message?: string,
): boolean {
  if (unit.node === undefined || !run.suspends.has(unit.node.id)) return false;
  setOutputs(run, unit, given);
  if (missingOutput(unit) !== undefined) return false;
  const parameters = (unit.node.outputs?.parameters ?? []).map((p) => ({
    ...p,
    value: p.value ?? p.valueFrom?.default ?? p.default ?? "",
  }));
  const outputs: NodeOutputs | undefined = parameters.length > 0 ? { parameters } : undefined;
  run.suspends.delete(unit.node.id);
  endUnit(run, unit, { phase: "Succeeded", message, outputs });
  return true;
}

/** Sets declared outputs that have no value yet. */
export function setOutputs(run: Run, unit: Unit, given: Readonly<Record<string, string>>): void {
  for (const p of unit.node?.outputs?.parameters ?? []) {
    const value = Object.hasOwn(given, p.name) ? given[p.name] : undefined;
    if (p.value !== undefined || value === undefined) continue;
    p.value = value;
    if (p.globalName !== undefined) setGlobal(run, p.globalName, value);
  }
}

/** Why a value may not be given to the node; undefined when all may. Argo's words. */
export function refusedOutput(unit: Unit, given: Readonly<Record<string, string>>): string | undefined {
  const names = Object.keys(given);
  const declared = unit.node?.outputs?.parameters ?? [];
  if (names.length > 0 && declared.length === 0)
    return "cannot set output parameters because node is not expecting any raw parameters";
  for (const name of names) {
    const parameter = declared.find((p) => p.name === name);
    if (parameter === undefined) return `node is not expecting output parameter '${name}'`;
    if (parameter.value !== undefined || parameter.valueFrom?.supplied === undefined)
      return `cannot set output parameter '${name}' because it does not use valueFrom.raw or it was already set`;
  }
  return undefined;
}

/** The first output that has neither a value nor a default. */
export function missingOutput(unit: Unit, given: Readonly<Record<string, string>> = {}): string | undefined {
  return unit.node?.outputs?.parameters?.find(
    (p) =>
      p.value === undefined &&
      p.valueFrom?.default === undefined &&
      p.default === undefined &&
      !Object.hasOwn(given, p.name),
  )?.name;
}

export function failSuspend(run: Run, unit: Unit, phase: "Failed" | "Error", message: string): void {
  if (unit.node === undefined || !run.suspends.delete(unit.node.id)) return;
  endUnit(run, unit, { phase, message });
}
