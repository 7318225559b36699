import { compileDepends, type DependsTask, dependsResults } from "@sluice/expr";
import type { Path } from "../../issue.ts";
import { didYouMean } from "../../schema/nearest.ts";
import type { DagTask, Template } from "../../workflow/template.ts";
import { compiled } from "../compiled.ts";
import { callsOf, hasTag, isLooped, type Placed, type WorkflowLint } from "../workflow/context.ts";
import { circleIn, type Graph } from "./circle.ts";

/** Direct dependencies of each task, by name. */
export type DependencyGraph = Graph;

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
  const usesDepends = dag.tasks.some((task) => (task.depends ?? "") !== "");
  lintMixed(lint, dag.tasks, [...template.path, "dag", "tasks"], title);
  for (const [i, task] of dag.tasks.entries()) {
    const path = [...template.path, "dag", "tasks", i];
    const named = dependenciesOf(lint, task, path);
    for (const dependency of named) lintDependency(lint, dependency, { task, path, tasks, looped, title });
    graph.set(
      task.name,
      named.map((dependency) => dependency.name).filter((other) => tasks.has(other)),
    );
    if (usesDepends && task.continueOn !== undefined) {
      lint.sink.error("SPEC_CONFLICT", [...path, "continueOn"], {
        message: `${title}.tasks.${task.name}: ${title} cannot use 'continueOn' when using 'depends'. Instead use 'dep-task.Failed'/'dep-task.Errored'`,
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
  if (!hasOnlyResults(lint, task, depends, [...path, "depends"])) return [];
  return (
    compiled(lint.sink, { text: depends, path: [...path, "depends"] }, () => compileDepends(depends))
      ?.tasks ?? []
  );
}

/** `task.Result`. A name is looked at from its start alone, so that a long one costs its length. */
const resultOf = /(?<![-\w])([A-Za-z0-9_][-\w]*)\.([A-Za-z]\w*)/g;

/** Results that no task has, said in the incumbent's words. */
function hasOnlyResults({ sink }: WorkflowLint, task: DagTask, depends: string, path: Path): boolean {
  let all = true;
  for (const [text, name, result = ""] of depends.matchAll(resultOf)) {
    if ((dependsResults as readonly string[]).includes(result)) continue;
    all = false;
    sink.error("SPEC_VALUE", path, {
      message: `task result '${result}' for task '${name}' is invalid`,
      hint: didYouMean(
        result,
        dependsResults,
        `results: ${dependsResults.join(", ")} (in the depends of '${task.name}')`,
      ),
      text,
    });
  }
  return all;
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

function lintCycle(
  lint: WorkflowLint,
  graph: DependencyGraph,
  template: Placed<Template>,
  title: string,
): void {
  const circle = circleIn(graph);
  if (circle === undefined) return;
  const index = template.value.dag?.tasks.findIndex((task) => task.name === circle[0]) ?? 0;
  lint.sink.error("SPEC_CYCLE", [...template.path, "dag", "tasks", index], {
    message: `${title} sorting failed: dependency cycle detected: ${circle.join("->")}`,
    hint: circle.length === 2 ? "a task cannot wait for itself" : "take one of these dependencies out",
  });
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
      message: `${title}.targets: target '${name}' is not defined`,
      hint: didYouMean(name, tasks.keys(), "name tasks of this dag, with spaces between"),
      text: name,
    });
  }
}
