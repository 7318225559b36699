import { didYouMean } from "../../schema/nearest.ts";
import type { InlineTemplate, Template } from "../../workflow/template.ts";
import { circleIn } from "../graph/circle.ts";
import type { Placed, WorkflowLint } from "../workflow/context.ts";

/** The containers of a set: names, dependencies that exist and form no circle, a `main` where values come and go. */
export function lintContainerSet(
  { sink }: WorkflowLint,
  { value, path }: Placed<Template | InlineTemplate>,
  title: string,
): void {
  const { containerSet } = value;
  if (containerSet === undefined) return;
  const place = `${title}.containerSet`;
  const at = [...path, "containerSet", "containers"];
  const names = new Set<string>();
  for (const [i, { name }] of containerSet.containers.entries()) {
    const wrong = names.has(name)
      ? "is not unique"
      : /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(name)
        ? ""
        : "is invalid";
    names.add(name);
    if (wrong === "") continue;
    const message = `${place}.containers[${i}].name '${name}' ${wrong}`;
    sink.error("SPEC_NAME", [...at, i, "name"], {
      message,
      hint: "lower-case letters, digits and '-', each name once",
    });
  }
  const graph = new Map<string, readonly string[]>();
  for (const [i, { name, dependencies = [] }] of containerSet.containers.entries()) {
    graph.set(
      name,
      dependencies.filter((other) => names.has(other)),
    );
    for (const [k, other] of dependencies.entries()) {
      if (names.has(other)) continue;
      const message = `${place}.containers.${name} dependency '${other}' not defined`;
      const hint = didYouMean(other, names, "name a container of this set");
      sink.error("SPEC_REFERENCE", [...at, i, "dependencies", k], { message, hint });
    }
  }
  const circle = circleIn(graph);
  if (circle !== undefined) {
    const message = `${place}.containers dependency cycle detected: ${circle.join("->")}`;
    sink.error("SPEC_CYCLE", at, { message, hint: "take one of these dependencies out" });
  }
  const values = [value.inputs?.artifacts, value.outputs?.parameters, value.outputs?.artifacts];
  if (names.has("main") || values.every((list) => (list ?? []).length === 0)) return;
  const message = `${place}.containers must have a container named "main" for input or output`;
  sink.error("SPEC_CONFLICT", at, { message, hint: "name the container 'main' that has these files" });
}
