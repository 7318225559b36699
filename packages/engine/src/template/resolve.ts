import { strategicMerge, type Template, type TemplateType, templateMerge, templateTypes } from "@sluice/spec";
import { localScope, scopeOf } from "../definitions/library.ts";
import { hasTags } from "../definitions/reach.ts";
import { EngineError } from "../errors.ts";
import type { Run } from "../run/state/run.ts";
import { renderText } from "../values/language.ts";
import type { Scope } from "../values/scope.ts";
import type { TemplateShape, TemplateUse } from "./shape.ts";

const cached = new WeakMap<Run["templates"], Map<Template, TemplateShape>>();

/**
 * The template that a step, task or hook uses. `around` is the scope of the template in which the use is written: plain
 * names are names of that resource. Errors: ENGINE_TEMPLATE_INVALID.
 */
export function resolveTemplate(run: Run, use: TemplateUse, around: string): TemplateShape {
  const { own, scope } = found(run, use, around);
  if (own === undefined) throw EngineError.TEMPLATE_INVALID({ reason: missingReason(use) });
  const shapes = cached.get(run.templates) ?? new Map<Template, TemplateShape>();
  cached.set(run.templates, shapes);
  const shape =
    shapes.get(own) ?? shapeOf(run, own, { name: use.inline === undefined ? (own.name ?? "") : "", scope });
  shapes.set(own, shape);
  return shape;
}

/** The use with the names of its template made for this step: tags in them are replaced. */
export function renderUse<T extends TemplateUse>(use: T, scope: Scope): T {
  const { template: own, templateRef: ref } = use;
  if (!hasTags(use)) return use;
  if (ref === undefined) return own === undefined ? use : { ...use, template: renderText(own, scope) };
  const { name = "", template = "" } = ref;
  return {
    ...use,
    templateRef: { ...ref, name: renderText(name, scope), template: renderText(template, scope) },
  };
}

function found(run: Run, use: TemplateUse, around: string): { own: Template | undefined; scope: string } {
  if (use.inline !== undefined) return { own: use.inline, scope: around };
  const scope = use.templateRef === undefined ? around : scopeOf(use.templateRef);
  const name = use.templateRef === undefined ? use.template : use.templateRef.template;
  const templates = scope === localScope ? run.templates : run.library.get(scope);
  return { own: name === undefined ? undefined : templates?.get(name), scope };
}

function missingReason(use: TemplateUse): string {
  if (use.templateRef !== undefined)
    return `template reference ${use.templateRef.name ?? ""}.${use.templateRef.template ?? ""} not found`;
  return use.template === undefined
    ? "template name is required"
    : `template name '${use.template}' undefined`;
}

function shapeOf(
  run: Run,
  own: Template,
  at: { readonly name: string; readonly scope: string },
): TemplateShape {
  const type = typeOf(own);
  const template = withDefaults(run, own, type);
  const text = type === "steps" || type === "dag" ? JSON.stringify(template) : "";
  return { template, ...at, type, resultsWanted: resultsWantedIn(text) };
}

function typeOf(template: Template): TemplateType {
  const types = templateTypes.filter((type) => template[type] !== undefined);
  const [type] = types;
  if (type === undefined || types.length > 1)
    throw EngineError.TEMPLATE_INVALID({
      reason: `templates.${template.name ?? "inline"} ${type === undefined ? "template type unspecified" : "multiple template types specified"}. choose one of: ${templateTypes.join(", ")}`,
    });
  return type;
}

/**
 * The workflow's `templateDefaults` under the template, lists by their names as in a pod's patch; of type fields only that
 * of the template's own type counts. Errors: SPEC_PATCH_INVALID for a list's entry without the name.
 */
function withDefaults(run: Run, own: Template, type: TemplateType): Template {
  const { templateDefaults: defaults, retryStrategy } = run.spec;
  let merged = own;
  if (defaults !== undefined) {
    const fitting: Record<string, unknown> = { ...defaults };
    for (const other of templateTypes) if (other !== type) delete fitting[other];
    if (type === "steps" || type === "dag" || type === "suspend")
      for (const leafOnly of ["activeDeadlineSeconds", "timeout"]) delete fitting[leafOnly];
    delete fitting["name"];
    merged = strategicMerge(fitting, own as Record<string, unknown>, templateMerge) as Template;
  }
  return retryStrategy === undefined || merged.retryStrategy !== undefined
    ? merged
    : { ...merged, retryStrategy };
}

/** The outputs of a step or task, but for its parameters and artifacts: dotted or in brackets, quotes escaped as in JSON. */
const resultReference =
  /\b(?:steps|tasks)(?:\.([A-Za-z0-9_-]+)|\[\s*\\?['"]([A-Za-z0-9_-]+)\\?['"]\s*\])\??(?:\.outputs\b|\[\s*\\?['"]outputs\\?['"]\s*\])(?!\??\.?\[?\s*\\?['"]?(?:parameters|artifacts)\b)/g;

/** Results are kept only where some text of the parent refers to them, as in Argo: they would fill the journal. */
function resultsWantedIn(text: string): ReadonlySet<string> {
  const names = new Set<string>();
  for (const match of text.matchAll(resultReference)) names.add(match[1] ?? match[2] ?? "");
  return names;
}
