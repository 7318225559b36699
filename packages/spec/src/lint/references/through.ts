// What templates of other resources need from the workflow that uses them.
import type { Path } from "../../issue.ts";
import { listNames } from "../../schema/nearest.ts";
import type { TemplateRef } from "../../workflow/control.ts";
import type { Template, WorkflowStep } from "../../workflow/template.ts";
import type { WorkflowSpec } from "../../workflow/workflow.ts";
import { textsOf } from "../texts.ts";
import type { WorkflowLint } from "../workflow/context.ts";
import { referredSpec } from "./template-ref.ts";

/** Parameters of the workflow are seen from every template, so that one of a library may name what is not there. */
const parameterTag = /\{\{\s*workflow\.parameters\.([-\w]+)\s*\}\}/g;

interface Visited {
  readonly template: Template;
  /** The resource that it is of. */
  readonly spec: WorkflowSpec;
}

/** Each workflow parameter that a referred template, or one behind it, names must be an argument of this workflow. */
export function lintThroughReference(lint: WorkflowLint, ref: TemplateRef | undefined, path: Path): void {
  if (ref === undefined || lint.library || lint.spec.workflowTemplateRef !== undefined) return;
  const given = (lint.spec.arguments?.parameters ?? []).map(({ name }) => name);
  const known = new Set([...given, "json"]);
  for (const [name, template] of namedThrough(lint, ref)) {
    if (known.has(name)) continue;
    lint.sink.error("SPEC_UNRESOLVED", [...path, "templateRef"], {
      message: `failed to resolve {{workflow.parameters.${name}}} of template '${template}', which is used here`,
      hint:
        given.length === 0
          ? `add '${name}' to spec.arguments.parameters`
          : `add '${name}' to spec.arguments.parameters; there are ${listNames(given)}`,
    });
  }
}

/** Names of workflow parameters with the first template in which each stands. */
function namedThrough(lint: WorkflowLint, ref: TemplateRef): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  const seen = new Set<Template>();
  const open: Visited[] = [];
  const visit = (spec: WorkflowSpec | undefined, name: string | undefined): void => {
    const template = spec?.templates?.find((one) => one.name === name);
    if (spec === undefined || template === undefined || seen.has(template)) return;
    seen.add(template);
    open.push({ template, spec });
  };
  visit(referredSpec(lint, ref), ref.template);
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { template, spec } = next;
    for (const name of parametersIn(template)) if (!names.has(name)) names.set(name, template.name ?? "");
    for (const { template: own, templateRef: other } of usesOf(template))
      if (other === undefined) visit(spec, own);
      else visit(referredSpec(lint, other), other.template);
  }
  return names;
}

const parametersIn = (template: Template): readonly string[] =>
  [...textsOf(template, [])].flatMap(({ text }) =>
    [...text.matchAll(parameterTag)].map((tag) => tag[1] ?? ""),
  );

const usesOf = (template: Template): readonly Pick<WorkflowStep, "template" | "templateRef">[] =>
  [...(template.steps ?? []).flat(), ...(template.dag?.tasks ?? [])].flatMap((step) => [
    step,
    ...Object.values(step.hooks ?? {}),
  ]);
