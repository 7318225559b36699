// What expressions read: each variable must be able to have a value where the expression stands.
import type { ExprRead } from "@sluice/expr";
import type { IssueSink, Path } from "../../issue.ts";
import { didYouMean } from "../../schema/nearest.ts";
import { cronHint } from "../almost-tags.ts";
import type { Scope } from "./scope.ts";

/** Roots that any expression of a workflow may name; some have a value only when it runs. */
const roots = [
  "item",
  "steps",
  "tasks",
  "inputs",
  "outputs",
  "pod",
  "node",
  "workflow",
  "retries",
  "lastRetry",
  "status",
  "duration",
  "exitCode",
  "resourcesDuration",
] as const;

interface ReadPlace {
  readonly path: Path;
  /** The text in which the expression stands, and where in it. */
  readonly text: string;
  readonly offset: number;
  readonly scope: Scope;
}

/** An unguarded read that can never have a value is an error; with `??` or `?.` around it a warning. */
export function lintReads(sink: IssueSink, reads: readonly ExprRead[], place: ReadPlace): void {
  for (const read of reads) {
    const hint = missingHint(read.path, place.scope);
    if (hint === undefined) continue;
    const words = {
      message: `'${read.path}' has no value at this place`,
      hint: hint === "" ? "no such variable at this place" : hint,
      text: place.text,
      offset: place.offset + read.offset,
    };
    if (read.guarded) sink.warn("SPEC_UNRESOLVED", place.path, words);
    else sink.error("SPEC_UNRESOLVED", place.path, words);
  }
}

/** Why a read can have no value; undefined where it can, or where that is not known. */
function missingHint(path: string, scope: Scope): string | undefined {
  const steps = path.split(".");
  const [root = "", group = "", third = "", fourth = ""] = steps;
  if (!(roots as readonly string[]).includes(root)) {
    if (root === "cronworkflow") return cronHint;
    return didYouMean(root, roots, `variables begin with one of: ${roots.join(", ")}`);
  }
  if (root === "inputs" && (group === "parameters" || group === "artifacts") && third !== "")
    return scope(`inputs.${group}.${third}`);
  if (root === "workflow" && group === "parameters" && third !== "")
    return scope(`workflow.parameters.${third}`);
  if (root === "item" && group !== "" && steps.length === 2) return scope(path);
  if ((root === "steps" || root === "tasks") && group !== "" && group !== "name")
    return nodeHint(
      scope,
      `${root}.${group}`,
      third === "outputs" ? [third, fourth, steps[4] ?? ""] : [third],
    );
  return undefined;
}

function nodeHint(scope: Scope, node: string, rest: readonly string[]): string | undefined {
  const [field = "", kind = "", name = ""] = rest;
  if (field === "" || (field === "outputs" && (kind === "" || (kind !== "result" && name === ""))))
    return scope(`${node}.id`);
  return scope(
    field !== "outputs" || kind === "result"
      ? `${node}.${[field, kind].filter((part) => part !== "").join(".")}`
      : `${node}.outputs.${kind}.${name}`,
  );
}
