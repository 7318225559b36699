import type { Artifact, Parameter, WorkflowSpec } from "@sluice/spec";
import { type ConfigValue, configValue, renderConfigKey } from "../definitions/config-maps.ts";
import { globalsOf } from "../values/globals.ts";
import { failureText, renderNamed } from "../values/language.ts";
import { Scope } from "../values/scope.ts";
import type { Run } from "./state/run.ts";

/**
 * Workflow arguments. Their values may name the run (`{{workflow.name}}`), but never each other; those of a run that a
 * trigger asked for carry event data, so nothing in them is ever taken for a tag.
 */
export function bindParameters(run: Run): ReadonlyMap<string, string> {
  const parameters = new Map<string, string>();
  const scope = new Scope(run.now, globalsOf(run));
  const plain = plainNames(run);
  for (const p of run.spec.arguments?.parameters ?? []) {
    const value = p.value ?? configuredOrDefault(run, p);
    if (value !== undefined) parameters.set(p.name, plain.has(p.name) ? value : renderNamed(value, scope));
  }
  return parameters;
}

/** Those of the run's own arguments that a trigger filled; what a template adds to them is no event data. */
function plainNames({ submitted }: Run): ReadonlySet<string> {
  if (submitted.by.kind !== "trigger") return new Set();
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
