import { SourceText } from "../position.ts";
import { evaluateBoolean, namesOf, parseBoolean } from "./boolean.ts";

export const dependsResults = [
  "Succeeded",
  "Failed",
  "Errored",
  "Skipped",
  "Omitted",
  "Daemoned",
  "AnySucceeded",
  "AllFailed",
] as const;
export type DependsResult = (typeof dependsResults)[number];

export interface DependsTask {
  readonly name: string;
  /** Absent for a bare task name. */
  readonly result?: DependsResult;
}

/** A DAG task's `depends`, compiled. */
export interface CompiledDepends {
  readonly text: string;
  /** Each pair once, in order of appearance. */
  readonly tasks: readonly DependsTask[];
  /**
   * `lookup` answers for one task and one result. For a bare name `result` is undefined and the caller decides
   * what counts (Succeeded, Skipped or Daemoned, and what the task's continueOn adds).
   */
  evaluate(lookup: (task: string, result: DependsResult | undefined) => boolean): boolean;
}

/** Parses a `depends` expression. Errors: EXPR_SYNTAX with the place, EXPR_LIMIT. */
export function compileDepends(text: string): CompiledDepends {
  const source = new SourceText("depends", text);
  const tree = parseBoolean(source);
  const byName = new Map<string, DependsTask>();
  for (const { name, offset } of namesOf(tree)) byName.set(name, readTask(source, name, offset));
  return {
    text,
    tasks: [...byName.values()],
    evaluate: (lookup) =>
      evaluateBoolean(tree, (name) => {
        const task = byName.get(name);
        return task !== undefined && lookup(task.name, task.result);
      }),
  };
}

function readTask(source: SourceText, written: string, offset: number): DependsTask {
  const dot = written.lastIndexOf(".");
  if (dot < 0) return { name: written };
  const name = written.slice(0, dot);
  const wanted = written.slice(dot + 1);
  const result = dependsResults.find((known) => known === wanted);
  if (result === undefined || name.includes("."))
    throw source.syntax(
      `'${wanted}' is not a result of a task, wanted one of ${dependsResults.join(", ")}`,
      offset + dot + 1,
    );
  return { name, result };
}
