import type { Path } from "../../issue.ts";
import { didYouMean } from "../../schema/nearest.ts";
import type { LifecycleHook } from "../../workflow/control.ts";
import type { Arguments } from "../../workflow/parameter.ts";
import type { InlineTemplate, Template } from "../../workflow/template.ts";
import { referredTemplate } from "../references/known.ts";
import { lintTemplateRef } from "../references/template-ref.ts";
import { hasLocation } from "../template/artifacts.ts";
import { lintArguments } from "./binding.ts";
import {
  type Call,
  calledTemplate,
  callsOf,
  hasTag,
  type Placed,
  templateNamed,
  titleOfCall,
  type WorkflowLint,
} from "./context.ts";

/** Every step and task: its template exists, its inputs get values, its loop is one loop. */
export function lintCalls(lint: WorkflowLint, template: Placed<Template>): void {
  for (const call of callsOf(template)) {
    const title = titleOfCall(template.value.name ?? "", call);
    lintTarget(lint, call, title);
    lintLoop(lint, call, title);
    lintArguments(lint, call.step.arguments, [...call.path, "arguments"], `${title}.arguments`);
    const target = calledTemplate(lint, call);
    if (target !== undefined) {
      lintSupplied(lint, target.value, call.step.arguments, { path: call.path, title });
    }
    lintHooks(lint, call.step.hooks, [...call.path, "hooks"], title);
    const { onExit } = call.step;
    if (onExit !== undefined) lintTemplateName(lint, onExit, [...call.path, "onExit"], title);
  }
}

function lintTarget(lint: WorkflowLint, call: Call, title: string): void {
  const { template, templateRef, inline } = call.step;
  const given = [template, templateRef, inline].filter((value) => value !== undefined).length;
  if (given === 0) {
    lint.sink.error("SPEC_REFERENCE", call.path, {
      message: `${title} template name is required`,
      hint: "name one of the workflow's templates, or write one with 'inline'",
    });
    return;
  }
  if (given > 1) {
    const message =
      template !== undefined && templateRef !== undefined
        ? `${title} template name cannot be specified with templateRef`
        : `${title} has more than one of template, templateRef and inline`;
    lint.sink.error("SPEC_CONFLICT", call.path, { message, hint: "keep one of the three" });
  }
  if (template !== undefined) lintTemplateName(lint, template, [...call.path, "template"], title);
  if (templateRef !== undefined) lintTemplateRef(lint, templateRef, [...call.path, "templateRef"], title);
}

/** The templates of a workflowTemplateRef are not known here. */
const isCompletedElsewhere = ({ spec, inherited }: WorkflowLint): boolean =>
  spec.workflowTemplateRef !== undefined && inherited.size === 0;

/** A template's name must be one of the document's. */
export function lintTemplateName(lint: WorkflowLint, name: string, path: Path, title: string): void {
  if (hasTag(name) || templateNamed(lint, name) !== undefined) return;
  if (isCompletedElsewhere(lint)) return;
  const names = [...lint.templates.keys(), ...lint.inherited.keys()];
  const hint = didYouMean(name, names, `templates here: ${names.slice(0, 12).join(", ")}`);
  lint.sink.error("SPEC_REFERENCE", path, { message: `${title} template name '${name}' undefined`, hint });
}

/** Whether each input without a value of its own gets one from the arguments. */
export function lintSupplied(
  lint: WorkflowLint,
  target: Template | InlineTemplate,
  args: Arguments | undefined,
  place: { readonly path: Path; readonly title: string },
): void {
  const supplied = new Set((args?.parameters ?? []).map((parameter) => parameter.name));
  const inputs = target.inputs?.parameters ?? [];
  for (const input of inputs) {
    if (supplied.has(input.name)) continue;
    if (input.value !== undefined || input.default !== undefined || input.valueFrom !== undefined) continue;
    lint.sink.error("SPEC_ARGUMENT", place.path, {
      message: `${place.title} templates.${target.name ?? "inline"} inputs.parameters.${input.name} was not supplied`,
      hint: didYouMean(
        input.name,
        supplied,
        `add an argument named '${input.name}', or give the input a default`,
      ),
    });
  }
  const artifacts = new Set((args?.artifacts ?? []).map((artifact) => artifact.name));
  for (const input of target.inputs?.artifacts ?? []) {
    const known = artifacts.has(input.name) || input.optional === true || hasLocation(input);
    if (known) continue;
    lint.sink.error("SPEC_ARGUMENT", place.path, {
      message: `${place.title} templates.${target.name ?? "inline"} inputs.artifacts.${input.name} was not supplied`,
      hint: `add an artifact argument named '${input.name}'`,
    });
  }
}

function lintLoop({ sink }: WorkflowLint, call: Call, title: string): void {
  const { withItems, withParam, withSequence } = call.step;
  const loops = [withItems, withParam, withSequence].filter((loop) => loop !== undefined).length;
  if (loops > 1) {
    const message = `${title} only one of withItems, withParam, withSequence can be specified`;
    sink.error("SPEC_CONFLICT", call.path, { message, hint: "keep one of them" });
  }
  for (const [i, item] of (withItems ?? []).entries()) {
    if (item !== null) continue;
    const message = `${title} unsupported withItems type: null`;
    sink.error("SPEC_VALUE", [...call.path, "withItems", i], {
      message,
      hint: "use texts, numbers, booleans, lists or maps",
    });
  }
  if (withSequence === undefined) return;
  const path = [...call.path, "withSequence"];
  if (withSequence.count !== undefined && withSequence.end !== undefined) {
    const message = `${title} only one of count or end can be defined in withSequence`;
    sink.error("SPEC_CONFLICT", path, { message, hint: "'end' is the last number, 'count' how many" });
  }
  if (withSequence.count === undefined && withSequence.end === undefined) {
    const message = `${title} must have at least one of count or end in withSequence`;
    sink.error("SPEC_FIELD_MISSING", path, { message, hint: "'end' is the last number, 'count' how many" });
  }
  for (const field of ["count", "start", "end"] as const) {
    const value = withSequence[field];
    if (typeof value !== "string" || hasTag(value) || /^-?\d+$/.test(value)) continue;
    const message = `${title} withSequence.${field} must be a whole number, got '${value}'`;
    sink.error("SPEC_VALUE", [...path, field], { message, hint: "write a whole number or a tag" });
  }
  const { format } = withSequence;
  if (format === undefined || hasTag(format) || oneNumber.test(format)) return;
  sink.error("SPEC_VALUE", [...path, "format"], {
    message: `${title} withSequence.format '${format}' has no single %d, %x or %o`,
    hint: "for example 'user%02d'",
  });
}

/** A printf text for one whole number. */
const oneNumber = /^(?:[^%]|%%)*%[-0+ ]*\d{0,3}[dxXob](?:[^%]|%%)*$/;

/** Hooks name templates that exist; all but `exit` need an expression that says when. */
export function lintHooks(
  lint: WorkflowLint,
  hooks: Readonly<Record<string, LifecycleHook>> | undefined,
  path: Path,
  title: string,
): void {
  for (const [name, hook] of Object.entries(hooks ?? {})) {
    const place = title === "spec" ? `spec.hooks.${name}` : `${title}.${name}`;
    if (hook.template !== undefined)
      lintTemplateName(lint, hook.template, [...path, name, "template"], place);
    else if (hook.templateRef !== undefined)
      lintTemplateRef(lint, hook.templateRef, [...path, name, "templateRef"], place);
    else {
      lint.sink.error("SPEC_REFERENCE", [...path, name], {
        message: `${place} template name is required`,
        hint: "name one of the workflow's templates",
      });
    }
    if (name !== "exit" && hook.expression === undefined) {
      lint.sink.error("SPEC_FIELD_MISSING", [...path, name], {
        message: `${place} Expression required`,
        hint: "say when the hook runs, or name it 'exit'",
      });
    }
    const target =
      hook.template === undefined
        ? referredTemplate(lint, hook.templateRef)
        : templateNamed(lint, hook.template);
    if (target !== undefined) {
      lintSupplied(lint, target, hook.arguments, { path: [...path, name], title: place });
    }
  }
}
