import type { Path } from "../../issue.ts";
import type { Arguments, Parameter } from "../../workflow/parameter.ts";
import type { InlineTemplate, Template, TemplateType } from "../../workflow/template.ts";
import { hasTag, nameOf, type Placed, typesOf, type WorkflowLint } from "./context.ts";

/** Parameters of one list: unique names, an enum that has its value. */
function lintParameters(
  { sink }: WorkflowLint,
  parameters: readonly Parameter[],
  path: Path,
  title: string,
): void {
  const seen = new Set<string>();
  for (const [i, parameter] of parameters.entries()) {
    const place = `${title}.parameters.${parameter.name}`;
    if (seen.has(parameter.name)) {
      const message = `${place} name '${parameter.name}' is not unique`;
      sink.error("SPEC_NAME", [...path, i, "name"], { message, hint: "rename one of the two" });
    }
    seen.add(parameter.name);
    const options = parameter.enum;
    if (options === undefined) continue;
    if (options.length === 0) {
      const message = `${place}.enum should contain at least one value`;
      sink.error("SPEC_VALUE", [...path, i, "enum"], {
        message,
        hint: "list the values, or take 'enum' out",
      });
    }
    const { value } = parameter;
    if (value !== undefined && !hasTag(value) && !options.some(hasTag) && !options.includes(value)) {
      const message = `${place}.value should be present in ${place}.enum list`;
      sink.error("SPEC_VALUE", [...path, i, "value"], { message, hint: `use one of: ${options.join(", ")}` });
    }
  }
}

/** Arguments must give each parameter a value. */
export function lintArguments(
  lint: WorkflowLint,
  args: Arguments | undefined,
  path: Path,
  title: string,
): void {
  const parameters = args?.parameters ?? [];
  lintParameters(lint, parameters, [...path, "parameters"], title);
  for (const [i, parameter] of parameters.entries()) {
    if (
      parameter.value !== undefined ||
      parameter.default !== undefined ||
      parameter.valueFrom !== undefined
    ) {
      continue;
    }
    if (lint.library) continue;
    lint.sink.error("SPEC_ARGUMENT", [...path, "parameters", i], {
      message: `${title}.parameters.${parameter.name}.value or ${title}.parameters.${parameter.name}.valueFrom is required`,
      hint:
        path.at(-1) === "arguments" && path.length <= 3
          ? "give it a value, or submit with -p"
          : "give it a value",
    });
  }
}

/** Inputs and outputs of a template. */
export function lintInputsOutputs(lint: WorkflowLint, placed: Placed<Template | InlineTemplate>): void {
  const { value, path } = placed;
  const title = `templates.${nameOf(value, path)}`;
  const inputs = value.inputs?.parameters ?? [];
  lintParameters(lint, inputs, [...path, "inputs", "parameters"], `${title}.inputs`);
  for (const [i, parameter] of inputs.entries()) {
    const from = parameter.valueFrom;
    if (from === undefined) continue;
    const allowed = ["default", "configMapKeyRef", "supplied"];
    const other = Object.keys(from).find((key) => !allowed.includes(key));
    if (other === undefined) continue;
    lint.sink.error("SPEC_CONFLICT", [...path, "inputs", "parameters", i, "valueFrom", other], {
      message: `${title}.inputs.parameters.${parameter.name}.valueFrom only allows: default, configMapKeyRef and supplied`,
      hint: `'${other}' is for outputs`,
      key: true,
    });
  }
  const outputs = value.outputs?.parameters ?? [];
  lintParameters(lint, outputs, [...path, "outputs", "parameters"], `${title}.outputs`);
  const type = typesOf(value)[0];
  for (const [i, parameter] of outputs.entries()) {
    lintOutput(lint, parameter, {
      path: [...path, "outputs", "parameters", i],
      place: `${title}.outputs.parameters.${parameter.name}`,
      type,
    });
  }
}

const sources = [
  "path",
  "jqFilter",
  "jsonPath",
  "parameter",
  "event",
  "expression",
  "supplied",
  "configMapKeyRef",
] as const;

interface OutputPlace {
  readonly path: Path;
  readonly place: string;
  readonly type: TemplateType | undefined;
}

function lintOutput({ sink }: WorkflowLint, parameter: Parameter, { path, place, type }: OutputPlace): void {
  const from = parameter.valueFrom;
  if (from === undefined) {
    if (parameter.value !== undefined) return;
    const message = `${place} does not have valueFrom or value specified`;
    sink.error("SPEC_ARGUMENT", path, {
      message,
      hint: "say where it comes from, for example valueFrom.path",
    });
    return;
  }
  if (parameter.value !== undefined) {
    const message = `${place} has both valueFrom and value specified, choose one`;
    sink.error("SPEC_CONFLICT", [...path, "value"], { message, hint: "take one of the two out", key: true });
  }
  const used = sources.filter((source) => from[source] !== undefined);
  if (used.length === 0) {
    const message = `${place}.valueFrom type unspecified. choose one of: path, jqFilter, jsonPath, parameter, raw, expression`;
    sink.error("SPEC_ARGUMENT", [...path, "valueFrom"], { message, hint: fitting(type) });
    return;
  }
  if (used.length > 1) {
    const message = `${place}.valueFrom multiple valueFrom types specified. choose one of: path, jqFilter, jsonPath, parameter, raw`;
    sink.error("SPEC_CONFLICT", [...path, "valueFrom"], { message, hint: `keep one of: ${used.join(", ")}` });
    return;
  }
  const wrong = misfit(type, used[0] as (typeof sources)[number]);
  if (wrong !== undefined) {
    const message = `${place}.valueFrom${wrong} must be specified for ${type} templates`;
    sink.error("SPEC_CONFLICT", [...path, "valueFrom", used[0] ?? ""], {
      message,
      hint: fitting(type),
      key: true,
    });
  }
}

/** What the type's outputs must come from, when `used` is something else. */
function misfit(type: TemplateType | undefined, used: (typeof sources)[number]): string | undefined {
  switch (type) {
    case "container":
    case "script":
    case "containerSet":
    case "data":
      return used === "path" ? undefined : ".path";
    case "resource":
      return used === "jqFilter" || used === "jsonPath" ? undefined : ".jqFilter or jsonPath";
    case "steps":
    case "dag":
      return used === "parameter" || used === "expression" ? undefined : ".parameter or expression";
    case "suspend":
      return used === "supplied" ? undefined : ".supplied";
    default:
      return undefined;
  }
}

function fitting(type: TemplateType | undefined): string {
  switch (type) {
    case "steps":
    case "dag":
      return `take it from a ${type === "dag" ? "task" : "step"}: valueFrom.parameter: "{{${type === "dag" ? "tasks" : "steps"}.NAME.outputs.parameters.P}}"`;
    case "resource":
      return "use valueFrom.jsonPath";
    case "suspend":
      return "use valueFrom.supplied: {}";
    default:
      return "write the value to a file in the step and use valueFrom.path";
  }
}
