import { compileDepends, type DependsTask } from "@sluice/expr";
import type { Path } from "../../issue.ts";
import { didYouMean } from "../../schema/nearest.ts";
import type { DagTask, Template } from "../../workflow/template.ts";
import { compiled } from "../compiled.ts";
import { callsOf, hasTag, isLooped, type Placed, type WorkflowLint } from "./context.ts";

/** Direct dependencies of each task, by name. */
export type DependencyGraph = ReadonlyMap<string, readonly string[]>;

/** Dependencies that exist and form no circle. Returns the graph for whoever asks what comes before what. */
export function lintDag(lint: WorkflowLint, template: Placed<Template>): DependencyGraph {
  const { dag, name } = template.value;
  const graph = new Map<string, readonly string[]>();
  if (dag === undefined) return graph;
  const title = `templates.${name ?? ""}`;
  const tasks = new Map(dag.tasks.map((task) => [task.name, task]));
  const looped = new Set(
    callsOf(template)
      .filter(isLooped)
      .map((call) => call.step.name),
  );
  lintMixed(lint, dag.tasks, [...template.path, "dag", "tasks"], title);
  for (const [i, task] of dag.tasks.entries()) {
    const path = [...template.path, "dag", "tasks", i];
    const named = dependenciesOf(lint, task, path);
    for (const dependency of named) lintDependency(lint, dependency, { task, path, tasks, looped, title });
    graph.set(
      task.name,
      named.map((dependency) => dependency.name).filter((other) => tasks.has(other)),
    );
    if (task.depends !== undefined && task.continueOn !== undefined) {
      lint.sink.error("SPEC_CONFLICT", [...path, "continueOn"], {
        message: `${title}.tasks.${task.name} cannot use 'continueOn' when using 'depends'. Instead use 'dep-task.Failed'/'dep-task.Errored'`,
        hint: "say it in the depends of the tasks that wait for this one",
        key: true,
      });
    }
  }
  lintCycle(lint, graph, template, title);
  lintTarget(lint, template, tasks, title);
  return graph;
}

function lintMixed({ sink }: WorkflowLint, tasks: readonly DagTask[], path: Path, title: string): void {
  const withDepends = tasks.findIndex((task) => task.depends !== undefined);
  const withDependencies = tasks.findIndex((task) => task.dependencies !== undefined);
  if (withDepends < 0 || withDependencies < 0) return;
  sink.error("SPEC_CONFLICT", [...path, withDepends, "depends"], {
    message: `${title} cannot use both 'depends' and 'dependencies' in the same DAG template`,
    hint: "write 'dependencies: [A, B]' as 'depends: A && B'",
    key: true,
  });
}

function dependenciesOf(lint: WorkflowLint, task: DagTask, path: Path): readonly DependsTask[] {
  if (task.depends === undefined || hasTag(task.depends)) {
    return (task.dependencies ?? []).map((name) => ({ name }));
  }
  const { depends } = task;
  if (depends.trim() === "") return [];
  return (
    compiled(lint.sink, { text: depends, path: [...path, "depends"] }, () => compileDepends(depends))
      ?.tasks ?? []
  );
}

interface DependencyPlace {
  readonly task: DagTask;
  readonly path: Path;
  readonly tasks: ReadonlyMap<string, DagTask>;
  readonly looped: ReadonlySet<string>;
  readonly title: string;
}

function lintDependency({ sink }: WorkflowLint, dependency: DependsTask, place: DependencyPlace): void {
  const { task, tasks, looped, title } = place;
  const field = task.depends === undefined ? "dependencies" : "depends";
  const path = [...place.path, field];
  const text = dependency.name;
  const who = `${title}.tasks.${task.name}`;
  if (!tasks.has(dependency.name)) {
    const message = `${who} dependency '${dependency.name}' not defined`;
    const hint = didYouMean(dependency.name, tasks.keys(), "name a task of this dag");
    sink.error("SPEC_REFERENCE", path, { message, hint, text });
    return;
  }
  const items = dependency.result === "AnySucceeded" || dependency.result === "AllFailed";
  if (items && !looped.has(dependency.name)) {
    sink.error("SPEC_CONFLICT", path, {
      message: `${who} dependency '${dependency.name}' uses an items-based condition such as .AnySucceeded or .AllFailed but does not contain any items`,
      hint: `use '${dependency.name}.${dependency.result === "AllFailed" ? "Failed" : "Succeeded"}', or give the task withItems`,
      text,
    });
  }
}

/** Finds one circle by taking away tasks that wait for nothing until none is left or a circle remains. */
function lintCycle(
  lint: WorkflowLint,
  graph: DependencyGraph,
  template: Placed<Template>,
  title: string,
): void {
  const waiting = new Map([...graph].map(([name, needs]) => [name, new Set(needs).size]));
  const dependants = new Map<string, string[]>();
  for (const [name, needs] of graph) {
    for (const need of new Set(needs)) {
      const known = dependants.get(need);
      if (known === undefined) dependants.set(need, [name]);
      else known.push(name);
    }
  }
  const free = [...waiting].filter(([, count]) => count === 0).map(([name]) => name);
  for (let name = free.pop(); name !== undefined; name = free.pop()) {
    waiting.delete(name);
    for (const next of dependants.get(name) ?? []) {
      const left = (waiting.get(next) ?? 0) - 1;
      waiting.set(next, left);
      if (left === 0) free.push(next);
    }
  }
  const [start] = waiting.keys();
  if (start === undefined) return;
  const cycle = circleFrom(start, graph, waiting);
  const index = template.value.dag?.tasks.findIndex((task) => task.name === cycle[0]) ?? 0;
  lint.sink.error("SPEC_CYCLE", [...template.path, "dag", "tasks", index], {
    message: `${title} dependency cycle detected: ${cycle.join("->")}`,
    hint: cycle.length === 2 ? "a task cannot wait for itself" : "take one of these dependencies out",
  });
}

function circleFrom(
  start: string,
  graph: DependencyGraph,
  waiting: ReadonlyMap<string, number>,
): readonly string[] {
  const trail = [start];
  const seen = new Map([[start, 0]]);
  for (let here = start; ; ) {
    const next = (graph.get(here) ?? []).find((need) => waiting.has(need));
    if (next === undefined) return trail;
    const before = seen.get(next);
    if (before !== undefined) return [...trail.slice(before), next];
    seen.set(next, trail.length);
    trail.push(next);
    here = next;
  }
}

function lintTarget(
  { sink }: WorkflowLint,
  template: Placed<Template>,
  tasks: ReadonlyMap<string, DagTask>,
  title: string,
): void {
  const target = template.value.dag?.target;
  if (target === undefined || hasTag(target)) return;
  for (const name of target.split(/\s+/).filter((word) => word !== "")) {
    if (tasks.has(name)) continue;
    sink.error("SPEC_REFERENCE", [...template.path, "dag", "target"], {
      message: `${title} target '${name}' is not defined`,
      hint: didYouMean(name, tasks.keys(), "name tasks of this dag, with spaces between"),
      text: name,
    });
  }
}
