// What a leaf has done, with no tag left in it.
import type { Template } from "@sluice/spec";
import { EngineError } from "../errors.ts";
import type { StepWork } from "../executor/contract.ts";
import { conditionOf, renderDeep } from "../values/language.ts";
import type { Scope } from "../values/scope.ts";

/** The work of a leaf template. Errors: ENGINE_TEMPLATE_INVALID, ENGINE_VALUE_UNRESOLVED, those of expressions. */
export function workOf(template: Template, scope: Scope): StepWork {
  const { container, script, containerSet, http, resource } = template;
  if (script !== undefined) return { kind: "script", script: renderDeep(script, scope) };
  if (container !== undefined) return { kind: "container", container: renderDeep(container, scope) };
  if (containerSet !== undefined)
    return { kind: "containerSet", containerSet: renderDeep(containerSet, scope) };
  if (resource !== undefined) return { kind: "resource", resource: renderDeep(resource, scope) };
  if (http !== undefined) {
    const { successCondition, ...request } = http;
    return {
      kind: "http",
      http: renderDeep(request, scope),
      ...(successCondition === undefined || successCondition === ""
        ? {}
        : { success: conditionOf(successCondition, scope) }),
    };
  }
  throw EngineError.TEMPLATE_INVALID({ reason: `template '${template.name ?? ""}' has nothing to run` });
}
