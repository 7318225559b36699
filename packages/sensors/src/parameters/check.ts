import type { Json, JsonObject } from "@sluice/base";
import { isObject } from "@sluice/base";
import type { Trigger, TriggerKind } from "@sluice/spec";
import type { SensorIssue } from "../errors.ts";
import { checkTemplate } from "./template.ts";

/** Keys of a kind's config that hold lists of parameters. */
export const parameterKeys = ["parameters", "payload", "dynamicHeaders"] as const;

const operations = ["", "overwrite", "append", "prepend"];
const sourceTexts = ["contextKey", "contextTemplate", "dataKey", "dataTemplate"] as const;

/** Where checks look names up and put what they find. */
export interface ParameterCheck {
  /** The sensor's dependencies. */
  readonly names: readonly string[];
  /** Of what is checked, in the manifest. */
  readonly path: string;
  readonly issues: SensorIssue[];
}

/** Checks every parameter of a trigger: its shape, the dependency it names, its templates. */
export function checkParameters(trigger: Trigger, kind: TriggerKind, check: ParameterCheck): void {
  (trigger.parameters ?? []).forEach((p, i) => {
    checkOne(p as unknown as Json, { ...check, path: `${check.path}.parameters[${i}]` });
  });
  checkLists((trigger.template[kind] ?? {}) as JsonObject, kind, {
    ...check,
    path: `${check.path}.template`,
  });
}

/** Checks the lists of parameters in a kind's config. */
export function checkLists(config: JsonObject, kind: string, check: ParameterCheck): void {
  for (const key of parameterKeys) {
    const list = config[key];
    if (list === undefined) continue;
    const path = `${check.path}.${kind}.${key}`;
    if (Array.isArray(list))
      list.forEach((p: Json, i) => {
        checkOne(p, { ...check, path: `${path}[${i}]` }, key === "payload");
      });
    else check.issues.push({ path, message: "must be a list of parameters" });
  }
}

function checkOne(parameter: Json, { names, path, issues }: ParameterCheck, mayLackDest = false): void {
  if (!isObject(parameter) || !isObject(parameter["src"])) {
    issues.push({ path, message: "must be a map with 'src' and 'dest'" });
    return;
  }
  const { src, dest, operation } = parameter;
  if ((typeof dest !== "string" || dest === "") && !(mayLackDest && (dest === undefined || dest === "")))
    issues.push({
      path: `${path}.dest`,
      message: "must be a path in the document, such as spec.arguments.parameters.0.value",
    });
  if (operation !== undefined && !operations.includes(String(operation)))
    issues.push({
      path: `${path}.operation`,
      message: `'${String(operation)}' is none of overwrite, append, prepend`,
    });
  const name = src["dependencyName"];
  if (typeof name !== "string" || !names.includes(name))
    issues.push({
      path: `${path}.src.dependencyName`,
      message: `no dependency '${String(name)}'; there are: ${names.join(", ")}`,
    });
  for (const key of sourceTexts) {
    const text = src[key];
    if (text === undefined) continue;
    if (typeof text !== "string") issues.push({ path: `${path}.src.${key}`, message: "must be a text" });
    else if (key.endsWith("Template")) checkTemplate(text, `${path}.src.${key}`, issues);
  }
}
