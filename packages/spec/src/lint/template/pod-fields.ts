import { parseGoDuration } from "@sluice/base";
import type { InlineTemplate, Template } from "../../workflow/template.ts";
import { hasTag, type Placed, typesOf, typeTitle, type WorkflowLint } from "../workflow/context.ts";

/** Types that run in a pod of their own. */
const podTypes: readonly string[] = ["container", "containerSet", "script", "resource", "data"];
/** Names that a step's pod has already. */
const reserved: readonly string[] = ["init", "wait", "main"];

/** Fields of pods, where there is a pod; init containers and sidecars with names of their own. */
export function lintPodFields(
  { sink }: WorkflowLint,
  { value, path }: Placed<Template | InlineTemplate>,
  title: string,
): void {
  const type = typesOf(value)[0];
  const refuse = (field: "podResources" | "resourceClaims", why: string): void =>
    sink.error("SPEC_CONFLICT", [...path, field], {
      message: `${title}.${field} is not supported for ${typeTitle(type)} templates${why}`,
      hint: "move it to the templates that run containers",
      key: true,
    });
  if (type !== undefined && !podTypes.includes(type)) {
    if (value.podResources !== undefined) refuse("podResources", "");
    if (value.resourceClaims !== undefined) refuse("resourceClaims", ", which do not create a pod");
    if (value.pendingTimeout !== undefined) {
      const message = `${typeTitle(type)} template doesn't support pendingTimeout field.`;
      sink.error("SPEC_CONFLICT", [...path, "pendingTimeout"], { message, hint: "take it out", key: true });
    }
  }
  const { pendingTimeout } = value;
  if (
    pendingTimeout !== undefined &&
    !hasTag(pendingTimeout) &&
    parseGoDuration(pendingTimeout) === undefined
  ) {
    const message = `${title} has invalid duration format in pendingTimeout.`;
    const hint = `got '${pendingTimeout}'; write a unit: "30s", "5m"`;
    sink.error("SPEC_VALUE", [...path, "pendingTimeout"], { message, hint });
  }
  for (const field of ["initContainers", "sidecars"] as const) {
    for (const [i, { name = "" }] of (value[field] ?? []).entries()) {
      const at = [...path, field, i, "name"];
      if (name === "") {
        const message = `${field} must all have container name`;
        sink.error("SPEC_FIELD_MISSING", at, { message, hint: "give each a name of its own" });
      } else if (reserved.includes(name)) {
        const message = `"${name}" is a reserved Argo container name`;
        sink.error("SPEC_NAME", at, { message, hint: `not one of: ${reserved.join(", ")}` });
      }
    }
  }
}
