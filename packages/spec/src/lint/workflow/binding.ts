import type { Path } from "../../issue.ts";
import type { Arguments, Parameter } from "../../workflow/parameter.ts";
import type { InlineTemplate, Template, TemplateType } from "../../workflow/template.ts";
import { lintArtifactArguments, lintGlobalName } from "../template/artifacts.ts";
import { hasTag, nameOf, type Placed, typesOf, typeTitle, type WorkflowLint } from "./context.ts";
import { lintListNames } from "./list-names.ts";

/** Parameters of one list: unique names, an enum that has its value. `place` is what messages call one. */
function lintParameters(
  lint: WorkflowLint,
  parameters: readonly Parameter[],
  path: Path,
  place: (name: string) => string,
): void {
  const { sink } = lint;
  for (const [i, parameter] of parameters.entries()) {
    const title = place(parameter.name);
    const options = parameter.enum;
    if (options === undefined) continue;
    if (options.length === 0) {
      const message = `${title}.enum should contain at least one value`;
      const hint = "list the values, or take 'enum' out";
      sink.error("SPEC_VALUE", [...path, i, "enum"], { message, hint });
    }
    for (const field of ["value", "default"] as const) {
      const value = parameter[field];
      if (value === undefined || hasTag(value) || options.some(hasTag) || options.includes(value)) continue;
      const message = `${title}.${field} should be present in ${title}.enum list`;
      sink.error("SPEC_VALUE", [...path, i, field], {
        message,
        hint: `'${value}' is none of: ${options.join(", ")}`,
      });
    }
  }
}

/** Whether something says where a parameter's value comes from. */
export const hasSource = ({ value, default: otherwise, valueFrom }: Parameter): boolean =>
  value !== undefined || otherwise !== undefined || valueFrom !== undefined;

/** Arguments must give each parameter a value and each artifact a source. */
export function lintArguments(
  lint: WorkflowLint,
  args: Arguments | undefined,
  path: Path,
  title: string,
): void {
  const parameters = args?.parameters ?? [];
  const at = [...path, "parameters"];
  lintListNames(lint, parameters, at, `${title}.parameters`);
  lintParameters(lint, parameters, at, (name) => `${title}.${name}`);
  lintArtifactArguments(lint, args?.artifacts ?? [], [...path, "artifacts"], title);
  for (const [i, parameter] of parameters.entries()) {
    const place = `${title}.${parameter.name}`;
    if (parameter.valueFrom !== undefined)
      lintArgumentSource(lint, parameter, [...at, i, "valueFrom"], place);
    if (hasSource(parameter) || lint.library) continue;
    lint.sink.error("SPEC_ARGUMENT", [...at, i], {
      message: `${place}.value or ${place}.valueFrom is required`,
      hint: path.length <= 3 ? "give it a value, or submit with -p" : "give it a value",
    });
  }
}

const argumentSources = ["configMapKeyRef", "event", "supplied"] as const;

/** What an argument's or an input's value may come from. */
function lintArgumentSource(
  { sink }: WorkflowLint,
  { valueFrom }: Parameter,
  path: Path,
  place: string,
): void {
  const from = valueFrom ?? {};
  const allowed: readonly string[] = ["default", ...argumentSources];
  const other = Object.keys(from).find((key) => !allowed.includes(key));
  if (other === undefined && argumentSources.some((source) => from[source] !== undefined)) return;
  sink.error("SPEC_CONFLICT", other === undefined ? path : [...path, other], {
    message: `${place}.valueFrom only allows: default, configMapKeyRef and supplied`,
    hint:
      other === undefined
        ? "write 'default' beside 'name', not under valueFrom"
        : `'${other}' is for outputs`,
    key: true,
  });
}

/** Inputs and outputs of a template. */
export function lintInputsOutputs(lint: WorkflowLint, placed: Placed<Template | InlineTemplate>): void {
  const { value, path } = placed;
  const title = `templates.${nameOf(value, path)}`;
  const inputs = value.inputs?.parameters ?? [];
  const inputsAt = [...path, "inputs", "parameters"];
  lintListNames(lint, inputs, inputsAt, `${title}.inputs.parameters`);
  lintParameters(lint, inputs, inputsAt, (name) => `${title}.inputs.parameters.${name}`);
  for (const [i, parameter] of inputs.entries()) {
    if (parameter.valueFrom === undefined) continue;
    lintArgumentSource(
      lint,
      parameter,
      [...inputsAt, i, "valueFrom"],
      `${title}.inputs.parameters.${parameter.name}`,
    );
  }
  const outputs = value.outputs?.parameters ?? [];
  const outputsAt = [...path, "outputs", "parameters"];
  lintListNames(lint, outputs, outputsAt, `${title}.outputs.parameters`);
  lintParameters(lint, outputs, outputsAt, (name) => `${title}.outputs.parameters.${name}`);
  const type = typesOf(value)[0];
  for (const [i, parameter] of outputs.entries()) {
    const place = `${title}.outputs.parameters.${parameter.name}`;
    lintOutput(lint, parameter, { path: [...outputsAt, i], place, type });
    lintGlobalName(lint, parameter.globalName, [...outputsAt, i], place);
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
    const message = `${place} has both valueFrom and value specified. Choose one.`;
    sink.error("SPEC_CONFLICT", [...path, "value"], { message, hint: "take one of the two out", key: true });
  }
  const used = sources.filter((source) => from[source] !== undefined && from[source] !== "");
  if (used.length === 0) {
    const message = `${place}.valueFrom type unspecified. choose one of: path, jqFilter, jsonPath, parameter, raw, expression`;
    sink.error("SPEC_ARGUMENT", [...path, "valueFrom"], { message, hint: fitting(type) });
    return;
  }
  if (used.length > 1) {
    const composite =
      (type === "steps" || type === "dag") && used.includes("parameter") && used.includes("expression");
    const both = `; ${place} shouldn't have both \`from\` and \`expression\` specified in \`ValueFrom\` for ${typeTitle(type)} templates`;
    const message = `${place}.valueFrom multiple valueFrom types specified. choose one of: path, jqFilter, jsonPath, parameter, raw${composite ? both : ""}`;
    sink.error("SPEC_CONFLICT", [...path, "valueFrom"], { message, hint: `keep one of: ${used.join(", ")}` });
    return;
  }
  const wrong = misfit(type, used[0] as (typeof sources)[number]);
  if (wrong !== undefined) {
    const message = `${place}${wrong} must be specified for ${typeTitle(type)} templates`;
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
      return used === "jqFilter" || used === "jsonPath" ? undefined : " .jqFilter or jsonPath";
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
