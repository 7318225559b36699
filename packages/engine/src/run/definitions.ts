// What the run's spec names outside of it becomes part of the run, before it starts.
import { mergeSpecs, type Template } from "@sluice/spec";
import { localScope } from "../definitions/library.ts";

import { type NameOf, reachOf } from "../definitions/reach.ts";
import type { DefinitionsFixed } from "../facts.ts";
import { globalsOf } from "../values/globals.ts";
import { renderText } from "../values/language.ts";
import { itemPart, Scope } from "../values/scope.ts";
import { artifactsOf, bindParameters } from "./arguments.ts";
import type { Run } from "./state/run.ts";

const byName = (templates: readonly Template[]): ReadonlyMap<string, Template> =>
  new Map(templates.map((template) => [template.name ?? "", template]));

/** Takes what was found. It counts once, and only while the run has not started. */
export function takeDefinitions(run: Run, fact: DefinitionsFixed): void {
  run.definitions = fact;
  run.library = new Map(
    Object.entries(fact.templates ?? {}).map(([scope, templates]) => [scope, byName(templates)]),
  );
  run.configMaps = new Map(Object.entries(fact.configMaps ?? {}));
  if (fact.base !== undefined) {
    const { workflow, defaults } = run.submitted;
    const spec = mergeSpecs(workflow.spec, fact.base);
    run.spec = defaults?.spec === undefined ? spec : mergeSpecs(spec, defaults.spec);
    run.templates = byName(run.spec.templates ?? []);
    run.artifacts = artifactsOf(run.spec);
  }
  run.parameters = bindParameters(run);
}

/** Names of templates that are made of what the run knows from its start: its parameters, and items of the manifest. */
export const nameIn =
  (run: Run): NameOf =>
  (text, item) => {
    const scope = new Scope(run.now, ...(item === undefined ? [] : [itemPart(item)]), globalsOf(run));
    try {
      const name = renderText(text, scope);
      return name.includes("{{") ? undefined : name;
    } catch {
      return undefined;
    }
  };

/** Why a run with these definitions cannot start, as Argo says it. */
export function missingDefinition(run: Run): { phase: "Failed" | "Error"; message: string } | undefined {
  const { definitions: found, spec } = run;
  if (found === "wanted") return undefined;
  if (found === "none") return missingEntrypoint(run);
  if (found.problem !== undefined) return { phase: "Error", message: found.problem };
  const base = spec.workflowTemplateRef;
  if (base !== undefined && found.base === undefined) {
    const kind = base.clusterScope === true ? "clusterworkflowtemplates" : "workflowtemplates";
    return { phase: "Error", message: `${kind}.argoproj.io "${base.name}" not found` };
  }
  const [unknown] = reachOf(spec, run.library, nameIn(run)).unknown;
  if (unknown === undefined) return missingEntrypoint(run);
  const { place, ref } = unknown;
  const message = `invalid spec: ${place} template reference ${ref.name ?? ""}.${ref.template ?? ""} not found`;
  return { phase: "Failed", message };
}

/** What lint cannot see before the template of a workflowTemplateRef is there, and what was never linted. */
function missingEntrypoint({ spec, templates }: Run): { phase: "Failed"; message: string } | undefined {
  if ((spec.entrypoint ?? "") === "")
    return { phase: "Failed", message: "invalid spec: spec.entrypoint is required" };
  if (templates.has(spec.entrypoint ?? "")) return undefined;
  return {
    phase: "Failed",
    message: `invalid spec: template name '${spec.entrypoint}' undefined`,
  };
}

/** The scope in which a call of this run resolves its names: that of the template that it is written in. */
export const scopeAround = (
  boundary: { readonly unit: { readonly shape: { readonly scope: string } } } | undefined,
): string => boundary?.unit.shape.scope ?? localScope;
