import { isObject, type Json } from "@sluice/base";
import { compileConditions } from "@sluice/expr";
import type { z } from "zod";
import type { Sensor, Trigger, TriggerParameter } from "../../events/sensor.ts";
import { triggerKinds } from "../../events/sensor.ts";
import type { IssueSink, Path } from "../../issue.ts";
import { checkShape } from "../../schema/check.ts";
import { didYouMean } from "../../schema/nearest.ts";
import { Workflow } from "../../workflow/workflow.ts";
import { compiled } from "../compiled.ts";
import type { ExecutorKind } from "../executor-kind.ts";
import { lintGjson, lintGoTemplate } from "../expressions.ts";
import type { KnownTemplates } from "../references/known.ts";
import { checkFields } from "../workflow/supported.ts";
import { lintWorkflowSpec } from "../workflow/workflow.ts";
import { lintTriggerBackoff } from "./backoff.ts";
import { lintDependency } from "./dependency.ts";
import { knownTriggerFields, lintKnownFields } from "./kind-fields.ts";

type TriggerSchemas = Readonly<Record<string, z.ZodType>>;

export interface SensorLintOptions {
  readonly schemas: TriggerSchemas;
  readonly executor: ExecutorKind;
  /** Templates of other resources, and the sensor's namespace. */
  readonly known: KnownTemplates;
  readonly namespace: string;
}

interface SensorLint extends SensorLintOptions {
  readonly sink: IssueSink;
  readonly dependencies: ReadonlySet<string>;
}

/** Names, conditions, filters, parameters and kinds of a Sensor. */
export function lintSensor(sensor: Sensor, sink: IssueSink, options: SensorLintOptions): void {
  const { spec } = sensor;
  checkFields({ sink, executor: undefined }, "sensor", spec, ["spec"]);
  const dependencies = new Set<string>();
  for (const [i, dependency] of spec.dependencies.entries()) {
    const path = ["spec", "dependencies", i];
    if (dependencies.has(dependency.name)) {
      sink.error("SPEC_NAME", [...path, "name"], {
        message: `duplicate dependency name: ${dependency.name}`,
        hint: "rename one of the two: conditions and parameters name dependencies",
      });
    }
    dependencies.add(dependency.name);
    lintDependency(dependency, sink, path);
  }
  const lint: SensorLint = { sink, dependencies, ...options };
  const names = new Set<string>();
  for (const [i, trigger] of spec.triggers.entries()) {
    const path = ["spec", "triggers", i];
    const { name } = trigger.template;
    if (names.has(name)) {
      sink.error("SPEC_NAME", [...path, "template", "name"], {
        message: `duplicate trigger name: ${name}`,
        hint: "rename one of the two: state and records are kept by the trigger's name",
      });
    }
    names.add(name);
    lintTrigger(lint, trigger, path);
  }
}

function lintTrigger(lint: SensorLint, trigger: Trigger, path: Path): void {
  const { sink } = lint;
  checkFields({ sink, executor: undefined }, "trigger", trigger, path);
  checkFields({ sink, executor: undefined }, "triggerTemplate", trigger.template, [...path, "template"]);
  lintConditions(lint, trigger.template.conditions, [...path, "template", "conditions"]);
  lintTriggerKind(lint, trigger, path);
  lintParameters(lint, trigger.parameters ?? [], [...path, "parameters"]);
  if (trigger.policy !== undefined) {
    checkFields({ sink, executor: undefined }, "policy", trigger.policy, [...path, "policy"]);
  }
  if (trigger.retryStrategy !== undefined) {
    lintTriggerBackoff(trigger.retryStrategy, sink, [...path, "retryStrategy"]);
  }
}

function lintConditions({ sink, dependencies }: SensorLint, text: string | undefined, path: Path): void {
  if (text === undefined || text.trim() === "") return;
  const conditions = compiled(sink, { text, path }, () => compileConditions(text));
  for (const name of conditions?.names ?? []) {
    if (dependencies.has(name)) continue;
    sink.error("SPEC_REFERENCE", path, {
      message: `conditions name '${name}', which is no dependency of this sensor`,
      hint: didYouMean(name, dependencies, `dependencies: ${[...dependencies].slice(0, 12).join(", ")}`),
      text: name,
    });
  }
}

function lintTriggerKind(lint: SensorLint, trigger: Trigger, path: Path): void {
  const { sink, schemas } = lint;
  const at = [...path, "template"];
  const kinds = triggerKinds.filter((kind) => trigger.template[kind] !== undefined);
  const [kind, second] = kinds;
  if (kind === undefined) {
    sink.error("SPEC_CONFLICT", at, {
      message: `trigger '${trigger.template.name}' has no kind`,
      hint: `give it one of: ${triggerKinds.join(", ")}`,
    });
    return;
  }
  if (second !== undefined) {
    sink.error("SPEC_CONFLICT", [...at, second], {
      message: `trigger '${trigger.template.name}' has ${kinds.length} kinds: ${kinds.join(", ")}`,
      hint: "keep one; write a second trigger for the other",
      key: true,
    });
  }
  for (const used of kinds) {
    const config = trigger.template[used];
    if (config === undefined) continue;
    const rewritten = new Set((trigger.parameters ?? []).map((parameter) => parameter.dest));
    lintNestedParameters(lint, config, {
      path: [...at, used],
      kind: used,
      rewritten,
    });
    const schema = Object.hasOwn(schemas, used) ? schemas[used] : undefined;
    if (schema === undefined) lintKnownFields(knownTriggerFields[used], config, sink, [...at, used]);
    else checkShape(schema, config, sink, [...at, used]);
    lintEmbedded(lint, config, [...at, used]);
  }
}

/**
 * A workflow written into the trigger: what is wrong with it is said now, not when the first event comes. Parameters
 * may still change any part of it, so the findings of lint are warnings.
 */
function lintEmbedded(
  { sink, executor, known, namespace }: SensorLint,
  config: Readonly<Record<string, Json>>,
  path: Path,
): void {
  const source = config["source"];
  const resource = isObject(source) ? source["resource"] : undefined;
  if (!isObject(resource) || resource["kind"] !== "Workflow") return;
  const at = [...path, "source", "resource"];
  const workflow = checkShape(Workflow, resource as Json, sink, at);
  if (workflow === undefined) return;
  lintWorkflowSpec({
    what: "workflow",
    sink: softened(sink),
    executor,
    spec: workflow.spec,
    base: [...at, "spec"],
    metadata: workflow.metadata,
    metadataPath: [...at, "metadata"],
    known,
    namespace: workflow.metadata.namespace ?? namespace,
    library: true, // the trigger's parameters may give what is missing
  });
}

const softened = (sink: IssueSink): IssueSink => ({
  ...sink,
  error: (code, path, words) =>
    code === "SPEC_UNSUPPORTED" ? sink.error(code, path, words) : sink.warn(code, path, words),
});

interface NestedPlace {
  readonly path: Path;
  readonly kind: string;
  /** What the trigger's own parameters write to: a name there is replaced before it is read. */
  readonly rewritten: ReadonlySet<string>;
}

/** `parameters`, `payload` and `dynamicHeaders` of a kind's config name dependencies too. */
function lintNestedParameters(
  lint: SensorLint,
  config: Readonly<Record<string, unknown>>,
  place: NestedPlace,
): void {
  for (const field of ["parameters", "payload", "dynamicHeaders"]) {
    const list = config[field];
    if (!Array.isArray(list)) continue;
    const kept = (list as readonly Partial<TriggerParameter>[]).map((parameter, i) =>
      place.rewritten.has(`${place.kind}.${field}.${i}.src.dependencyName`) ? {} : parameter,
    );
    lintParameters(lint, kept, [...place.path, field]);
  }
}

function lintParameters(lint: SensorLint, list: readonly Partial<TriggerParameter>[], path: Path): void {
  for (const [i, parameter] of list.entries()) {
    // Kinds without a schema of ours hold their parameters as free JSON.
    if (isObject(parameter?.src)) lintParameterSource(lint, parameter.src, [...path, i, "src"]);
  }
}

function lintParameterSource(
  { sink, dependencies }: SensorLint,
  src: Readonly<Record<string, unknown>>,
  path: Path,
): void {
  const { dependencyName: name, dataKey, contextKey } = src;
  if (typeof name === "string" && !dependencies.has(name)) {
    sink.error("SPEC_REFERENCE", [...path, "dependencyName"], {
      message: `parameter names '${name}', which is no dependency of this sensor`,
      hint: didYouMean(name, dependencies, `dependencies: ${[...dependencies].slice(0, 12).join(", ")}`),
    });
  }
  for (const field of ["dataTemplate", "contextTemplate"]) {
    const template = src[field];
    if (typeof template === "string") lintGoTemplate(sink, template, [...path, field]);
  }
  if (typeof dataKey === "string") lintGjson(sink, dataKey, [...path, "dataKey"]);
  if (typeof contextKey === "string") lintGjson(sink, contextKey, [...path, "contextKey"]);
  if (contextKey !== undefined && dataKey !== undefined) {
    sink.warn("SPEC_NEVER", [...path, "contextKey"], {
      message: "'contextKey' is not looked at when 'dataKey' is given",
      hint: "keep one of the two",
      key: true,
    });
  }
}
