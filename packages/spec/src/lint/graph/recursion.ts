import { callsOf, isLooped, type WorkflowLint } from "../workflow/context.ts";
import { circleIn } from "./circle.ts";

/** Warns of templates that call themselves with nothing on the way that could ever stop it. */
export function lintRecursion(lint: WorkflowLint): void {
  const sure = new Map<string, readonly string[]>();
  for (const [name, template] of lint.templates) {
    const calls = callsOf(template).filter((call) => {
      const { when } = call.step;
      const depends = "depends" in call.step ? call.step.depends : undefined;
      return when === undefined && !isLooped(call) && !(depends ?? "").includes(".");
    });
    const called = calls.flatMap((call) => call.step.template ?? []);
    sure.set(
      name,
      called.filter((other) => lint.templates.has(other)),
    );
  }
  const circle = circleIn(sure);
  if (circle === undefined) return;
  const first = lint.templates.get(circle[0] ?? "");
  lint.sink.warn("SPEC_CYCLE", first?.path ?? lint.base, {
    message: `templates call each other without end: ${circle.join(" -> ")}`,
    hint: "put a 'when' on one of these steps; a workflow stops at depth 100",
  });
}
