import { type Artifact, argumentsAnnotation, type Parameter, type WorkflowSpec } from "@sluice/spec";
import { type ConfigValue, configValue, renderConfigKey } from "../definitions/config-maps.ts";
import { globalsOf } from "../values/globals.ts";
import { failureText, renderEarly } from "../values/language.ts";
import { Scope } from "../values/scope.ts";
import type { Run } from "./state/run.ts";

/**
 * Workflow arguments. Their values may name the run (`{{workflow.name}}`) and each other, in any order; what is put in is
 * data. Those of a run that a trigger or a step asked for carry their data: nothing in them is ever taken for a tag.
 */
export function bindParameters(run: Run): ReadonlyMap<string, string> {
  const written = new Map<string, string>();
  for (const p of run.spec.arguments?.parameters ?? []) {
    const value = p.value ?? configuredOrDefault(run, p);
    if (value !== undefined) written.set(p.name, value);
  }
  const made = new Map<string, string>();
  const scope = new Scope(run.now, globalsOf({ ...run, parameters: made }));
  const plain = plainNames(run);
  const open = new Set<string>();
  const bind = (name: string): void => {
    const text = written.get(name);
    // One that is already open names itself in the end: the tag that closes the circle stays as it is.
    if (text === undefined || made.has(name) || open.has(name)) return;
    open.add(name);
    const isData = plain.has(name) || !text.includes("{{");
    if (!isData) for (const other of namedIn(text)) bind(other);
    made.set(name, isData ? text : renderEarly(text, scope));
  };
  for (const name of written.keys()) bind(name);
  return new Map([...written.keys()].map((name) => [name, made.get(name) ?? ""]));
}

/** Arguments that a text names, dotted or in brackets. */
const namedIn = (text: string): readonly string[] =>
  [...text.matchAll(/workflow\.parameters(?:\.|\[\s*['"`])([\w-]+)/g)].map(([, name = ""]) => name);

/** Those of the run's own arguments that a trigger or a step filled; what a template adds to them is none of their data. */
function plainNames({ submitted, annotations }: Run): ReadonlySet<string> {
  if (annotations[argumentsAnnotation] !== "data") return new Set();
  return new Set((submitted.workflow.spec.arguments?.parameters ?? []).map((p) => p.name));
}

function configuredOrDefault(run: Run, parameter: Parameter): string | undefined {
  const found = configured(run, parameter);
  if (found?.kind === "value") return found.value;
  return found?.isAbsent === false ? undefined : (parameter.default ?? parameter.valueFrom?.default);
}

function configured(run: Run, parameter: Parameter): ConfigValue | undefined {
  const ref = parameter.valueFrom?.configMapKeyRef;
  if (ref === undefined) return undefined;
  try {
    const isPlain = plainNames(run).has(parameter.name);
    const key = isPlain
      ? { name: ref.name ?? "", key: ref.key }
      : renderConfigKey(ref, new Scope(run.now, globalsOf(run)));
    return configValue(run.configMaps, key);
  } catch (error) {
    return { kind: "none", isAbsent: false, reason: failureText(error) };
  }
}

export const artifactsOf = (spec: WorkflowSpec): ReadonlyMap<string, Artifact> =>
  new Map((spec.arguments?.artifacts ?? []).map((artifact) => [artifact.name, artifact]));

/** Arguments come from manifests, people and events: what lint could not know is checked here, in Argo's words. */
export function invalidArgument(run: Run): string | undefined {
  for (const parameter of run.spec.arguments?.parameters ?? []) {
    const { name, enum: options } = parameter;
    const place = `spec.arguments.${name}`;
    const value = run.parameters.get(name);
    if (value === undefined)
      return unfilled(run, parameter) ?? `invalid spec: ${place}.value or ${place}.valueFrom is required`;
    if (options === undefined) continue;
    if (options.length === 0) return `invalid spec: ${place}.enum should contain at least one value`;
    if (!options.includes(value))
      return `invalid spec: ${place}.value should be present in ${place}.enum list`;
  }
  return undefined;
}

function unfilled(run: Run, parameter: Parameter): string | undefined {
  const ref = parameter.valueFrom?.configMapKeyRef;
  const found = configured(run, parameter);
  if (ref === undefined || found === undefined || found.kind === "value") return undefined;
  const from = `from configmap with name ${ref.name ?? ""} and key ${ref.key}`;
  return `failed to set global parameter ${parameter.name} ${from}: ${found.reason}`;
}
