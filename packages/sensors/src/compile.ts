import { hashId, isAppError, type Json, type JsonObject, messageOf, stableJson } from "@sluice/base";
import type { Resource } from "@sluice/bus";
import { compileConditions } from "@sluice/expr";
import type { Dependency, Sensor, StoredEvent, Trigger, TriggerKind, TriggerParameter } from "@sluice/spec";
import { parseObject, triggerKinds } from "@sluice/spec";
import type { SensorIssue } from "./errors.ts";
import { compileFilters } from "./filter/compile.ts";
import type { Verdict } from "./filter/verdict.ts";
import type { JoinPlan } from "./match/reduce.ts";
import { checkParameters } from "./parameters/check.ts";

export interface CompiledDependency {
  readonly name: string;
  /** The EventSource object and the event in it. */
  readonly source: string;
  readonly event: string;
  /** Hash of the whole definition: filters that changed ask again about what waits. */
  readonly definition: string;
  test(event: StoredEvent): Verdict;
}

export interface CompiledTrigger {
  readonly name: string;
  readonly kind: TriggerKind;
  /** As in the manifest. */
  readonly trigger: Trigger;
  /** All dependencies of the sensor. */
  readonly names: readonly string[];
  readonly expression: string;
  readonly plan: JoinPlan;
  /** Any one of its dependencies is enough: nothing ever waits, so no state is kept. */
  readonly stateless: boolean;
}

export interface CompiledSensor {
  readonly namespace: string;
  readonly name: string;
  readonly generation: number;
  /** Epoch ms. */
  readonly appliedAt: number;
  readonly dependencies: readonly CompiledDependency[];
  readonly triggers: readonly CompiledTrigger[];
}

export type Compiled =
  | { readonly kind: "valid"; readonly sensor: CompiledSensor }
  | { readonly kind: "invalid"; readonly issues: readonly SensorIssue[] };

/** Makes a stored Sensor ready to run, or says all that is wrong with it. */
export function compileSensor(resource: Resource): Compiled {
  const read = parseObject("Sensor", resource.manifest);
  if (read.value === undefined)
    return { kind: "invalid", issues: read.issues.map(({ path, message }) => ({ path, message })) };
  const { spec } = read.value as Sensor;
  const issues: SensorIssue[] = [];
  const dependencies = spec.dependencies.map((d, i) =>
    compileDependency(d, `spec.dependencies[${i}]`, issues),
  );
  checkUnique(
    spec.dependencies.map((d) => d.name),
    "spec.dependencies",
    issues,
  );
  checkUnique(
    spec.triggers.map((t) => t.template.name),
    "spec.triggers",
    issues,
  );
  const names = dependencies.map((d) => d.name);
  const triggers = spec.triggers.flatMap(
    (t, i) => compileTrigger(t, names, `spec.triggers[${i}]`, issues) ?? [],
  );
  if (issues.length > 0) return { kind: "invalid", issues };
  const { namespace, name, generation, appliedAt } = resource;
  return { kind: "valid", sensor: { namespace, name, generation, appliedAt, dependencies, triggers } };
}

function checkUnique(names: readonly string[], path: string, issues: SensorIssue[]): void {
  names.forEach((name, i) => {
    if (names.indexOf(name) !== i)
      issues.push({ path: `${path}[${i}].name`, message: `'${name}' is used twice` });
  });
}

function compileDependency(dependency: Dependency, path: string, issues: SensorIssue[]): CompiledDependency {
  if (dependency.transform !== undefined)
    issues.push({
      path: `${path}.transform`,
      message: "transforms are not supported yet: take the value by a parameter's key",
    });
  return {
    name: dependency.name,
    source: dependency.eventSourceName,
    event: dependency.eventName,
    definition: hashId(stableJson(dependency)).slice(0, 16),
    test: compileFilters(dependency, `${path}.filters`, issues),
  };
}

function compileTrigger(
  trigger: Trigger,
  names: readonly string[],
  path: string,
  issues: SensorIssue[],
): CompiledTrigger | undefined {
  const { template } = trigger;
  const unsupported = (field: string) =>
    issues.push({ path: `${path}.${field}`, message: "not supported yet" });
  if (trigger.dlqTrigger !== undefined) unsupported("dlqTrigger");
  if (trigger.policy?.k8s !== undefined) unsupported("policy.k8s");
  if (template.conditionsReset !== undefined) unsupported("template.conditionsReset");
  const kinds = triggerKinds.filter((kind) => template[kind] !== undefined);
  const [kind] = kinds;
  if (kind === undefined || kinds.length > 1) {
    const message =
      kind === undefined
        ? "no action: name one, such as argoWorkflow or http"
        : `one action a trigger, not ${kinds.join(" and ")}`;
    issues.push({ path: `${path}.template`, message });
    return undefined;
  }
  checkParameters(trigger, kind, { names, path, issues });
  const condition = compileCondition(template.conditions, names, `${path}.template.conditions`, issues);
  return condition === undefined ? undefined : { name: template.name, kind, trigger, names, ...condition };
}

function compileCondition(
  text: string | undefined,
  names: readonly string[],
  path: string,
  issues: SensorIssue[],
): Pick<CompiledTrigger, "expression" | "plan" | "stateless"> | undefined {
  if (text === undefined || text.trim() === "") {
    const plan: JoinPlan = {
      dependencies: [...names].sort(),
      satisfied: (filled) => names.every((name) => filled.has(name)),
    };
    return { expression: names.join(" && "), plan, stateless: names.length === 1 };
  }
  try {
    const compiled = compileConditions(text);
    const unknown = compiled.names.filter((name) => !names.includes(name));
    for (const name of unknown)
      issues.push({ path, message: `no dependency '${name}'; there are: ${names.join(", ")}` });
    const plan: JoinPlan = {
      dependencies: [...compiled.names].sort(),
      satisfied: (filled) => compiled.evaluate(filled),
    };
    const stateless = compiled.names.every((name) => compiled.evaluate(new Set([name])));
    return { expression: text, plan, stateless };
  } catch (error) {
    issues.push({ path, message: isAppError(error) ? error.message : messageOf(error) });
    return undefined;
  }
}

/** The list of parameters under a key of a kind's config, empty when there is none. Its shape was checked. */
export function parameterList(config: JsonObject, key: string): readonly TriggerParameter[] {
  const list = Object.hasOwn(config, key) ? config[key] : undefined;
  return Array.isArray(list) ? (list as readonly Json[] as unknown as readonly TriggerParameter[]) : [];
}
