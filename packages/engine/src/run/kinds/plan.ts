import { compileDepends } from "@sluice/expr";
import type { DagTask } from "@sluice/spec";
import { EngineError } from "../../errors.ts";
import { noHooks, type TaskState } from "../state/frames.ts";

/** The tasks that the targets need, wired to each other. Errors: ENGINE_TEMPLATE_INVALID for unknown names and cycles. */
export function planTasks(
  tasks: readonly DagTask[],
  targetText: string,
): { readonly tasks: ReadonlyMap<string, TaskState>; readonly targets: readonly string[] } {
  const all = new Map(tasks.map((task) => [task.name, stateOf(task)]));
  const named = targetText.split(/\s+/).filter((name) => name !== "");
  for (const name of named) if (!all.has(name)) throw invalid(`target '${name}' is not defined`);
  const needed = named.length === 0 ? all : reachable(all, named);
  for (const state of needed.values()) wire(needed, state);
  refuseCycle(needed);
  const leaves = [...needed.values()].filter((s) => s.dependants.length === 0).map((s) => s.task.name);
  // By name, as in Argo: of several that failed the first one decides.
  const targets = named.length > 0 ? named : leaves.sort();
  return { tasks: needed, targets };
}

const invalid = (reason: string) => EngineError.TEMPLATE_INVALID({ reason });

function stateOf(task: DagTask): TaskState {
  const base = {
    task,
    child: { name: task.name, use: task },
    dependants: [],
    waitingFor: 0,
    remaining: 0,
    hookState: noHooks(),
    done: false,
    branch: "Succeeded" as const,
  };
  if (task.depends !== undefined && task.depends.trim() !== "") {
    const compiled = compileDepends(task.depends);
    const dependsOn = [...new Set(compiled.tasks.map((t) => t.name))];
    return { ...base, dependsOn, holds: (look) => compiled.evaluate(look) };
  }
  const dependsOn = [...new Set(task.dependencies ?? [])];
  return { ...base, dependsOn, holds: (look) => dependsOn.every((name) => look(name, undefined)) };
}

function reachable(all: ReadonlyMap<string, TaskState>, from: readonly string[]): Map<string, TaskState> {
  const seen = new Set<string>();
  const open = [...from];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (seen.has(name)) continue;
    seen.add(name);
    open.push(...(all.get(name)?.dependsOn ?? []));
  }
  return new Map([...all].filter(([name]) => seen.has(name)));
}

function wire(tasks: ReadonlyMap<string, TaskState>, state: TaskState): void {
  for (const name of state.dependsOn) {
    const dependency = tasks.get(name);
    if (dependency === undefined) throw invalid(`task '${state.task.name}' dependency '${name}' not defined`);
    dependency.dependants.push(state.task.name);
  }
  state.waitingFor = state.dependsOn.length;
}

/** A cycle would wait for ever. */
function refuseCycle(tasks: ReadonlyMap<string, TaskState>): void {
  const left = new Map([...tasks].map(([name, state]) => [name, state.dependsOn.length]));
  const free = [...left].filter(([, count]) => count === 0).map(([name]) => name);
  for (let name = free.pop(); name !== undefined; name = free.pop()) {
    left.delete(name);
    for (const next of tasks.get(name)?.dependants ?? []) {
      const count = (left.get(next) ?? 0) - 1;
      left.set(next, count);
      if (count === 0) free.push(next);
    }
  }
  if (left.size > 0)
    throw invalid(`dependency cycle detected among ${[...left.keys()].slice(0, 5).join(", ")}`);
}
