import { callsOf, isLooped, type WorkflowLint } from "./context.ts";

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
  // Templates that are left when those that call none of the rest are taken away, again and again, form the circles.
  const callers = new Map<string, string[]>();
  const left = new Map<string, number>();
  for (const [name, called] of sure) {
    const distinct = new Set(called);
    left.set(name, distinct.size);
    for (const other of distinct) {
      const known = callers.get(other);
      if (known === undefined) callers.set(other, [name]);
      else known.push(name);
    }
  }
  const free = [...left].filter(([, count]) => count === 0).map(([name]) => name);
  for (let name = free.pop(); name !== undefined; name = free.pop()) {
    left.delete(name);
    for (const caller of callers.get(name) ?? []) {
      const count = (left.get(caller) ?? 0) - 1;
      left.set(caller, count);
      if (count === 0) free.push(caller);
    }
  }
  const circle = findCircle(sure, left);
  if (circle === undefined) return;
  const first = lint.templates.get(circle[0] ?? "");
  lint.sink.warn("SPEC_CYCLE", first?.path ?? lint.base, {
    message: `templates call each other without end: ${circle.join(" -> ")}`,
    hint: "put a 'when' on one of these steps; a workflow stops at depth 100",
  });
}

function findCircle(
  graph: ReadonlyMap<string, readonly string[]>,
  left: ReadonlyMap<string, number>,
): readonly string[] | undefined {
  const [start] = left.keys();
  if (start === undefined) return undefined;
  const trail: string[] = [];
  const seen = new Map<string, number>();
  for (let here: string | undefined = start; here !== undefined; ) {
    const before = seen.get(here);
    if (before !== undefined) return [...trail.slice(before), here];
    seen.set(here, trail.length);
    trail.push(here);
    here = (graph.get(here) ?? []).find((other) => left.has(other));
  }
  return undefined;
}
