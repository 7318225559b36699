import type { Tag } from "@sluice/expr";
import { type IssueSink, makeIssueSink, type Path } from "../../issue.ts";
import type { InlineTemplate, Template } from "../../workflow/template.ts";
import { lintAlmostTags } from "../almost-tags.ts";
import { lintExpr, listTagsOf } from "../expressions.ts";
import type { DependencyGraph } from "../graph/dag.ts";
import { lintThroughReference } from "../references/through.ts";
import { type PlacedText, textsOf } from "../texts.ts";
import {
  type Call,
  calledTemplate,
  callsOf,
  type Placed,
  titleOfCall,
  type WorkflowLint,
} from "./context.ts";
import { lintReads } from "./reads.ts";
import {
  anyOf,
  type CallsByName,
  inputScope,
  isChecked,
  itemScope,
  leafScope,
  missingDependency,
  nodeScope,
  type Scope,
  stepsScope,
  tasksScope,
  workflowScope,
} from "./scope.ts";

interface Visit {
  readonly template: Placed<Template>;
  /** Reached from an exit handler or hook: the workflow's end is known there. */
  readonly ended: boolean;
}

/** Walks from the entrypoint and the exit handlers through every reachable template and resolves each tag at its place. */
export function lintVariables(lint: WorkflowLint, graphs: ReadonlyMap<string, DependencyGraph>): void {
  const globalsOf: Globals = { running: workflowScope(lint, lint.library), ended: workflowScope(lint, true) };
  const seen = new Set<string>();
  const open: Visit[] = [];
  const visit = (name: string | undefined, ended: boolean): void => {
    const template = name === undefined ? undefined : lint.templates.get(name);
    const key = `${ended ? "e" : "m"}:${name}`;
    if (template === undefined || seen.has(key) || (ended && seen.has(`m:${name}`))) return;
    seen.add(key);
    open.push({ template, ended });
  };
  const { entrypoint, onExit, hooks } = lint.spec;
  if (lint.library) for (const name of lint.templates.keys()) visit(name, false);
  visit(entrypoint, false);
  const walk = (): void => {
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      const graph = graphs.get(next.template.value.name ?? "") ?? new Map();
      resolveTemplate(lint, next, { graph, visit, globals: globalsOf });
    }
  };
  walk();
  visit(onExit, true);
  const globals = globalsOf.ended;
  for (const [name, hook] of Object.entries(hooks ?? {})) {
    visit(hook.template, true);
    resolveTexts(lint.sink, hook.arguments, [...lint.base, "hooks", name, "arguments"], globals);
    const at = [...lint.base, "hooks", name, "expression"];
    if (hook.expression !== undefined) resolveExpression(lint.sink, hook.expression, at, globals);
  }
  walk();
  // What nothing calls is checked too, as anything that it might be called from.
  for (const name of lint.templates.keys()) visit(name, true);
  walk();
}

/** `workflow.*` while it runs (in a library anything may be an exit handler) and when it has ended. */
interface Globals {
  readonly running: Scope;
  readonly ended: Scope;
}

interface Around {
  readonly globals: Globals;
  readonly graph: DependencyGraph;
  readonly visit: (name: string | undefined, ended: boolean) => void;
}

function resolveTemplate(lint: WorkflowLint, { template, ended }: Visit, around: Around): void {
  const { value, path } = template;
  const { globals } = around;
  const outer = anyOf(ended ? globals.ended : globals.running, inputScope(value), nodeScope);
  const calls = callsOf(template);
  const byName = new Map(calls.map((call) => [call.step.name, call]));
  if (value.steps === undefined && value.dag === undefined) {
    resolveLeaf(lint.sink, value, path, outer);
    return;
  }
  for (const call of calls) {
    const title = titleOfCall(value.name ?? "", call);
    resolveCall(lint, { call, title, byName, outer, graph: around.graph, ended: globals.ended });
    lintThroughReference(lint, call.step.templateRef, call.path);
    around.visit(call.step.template, ended);
    around.visit(call.step.onExit, ended);
    for (const hook of Object.values(call.step.hooks ?? {})) around.visit(hook.template, true);
  }
  const all =
    value.dag === undefined
      ? stepsScope(lint, byName, undefined)
      : tasksScope(lint, byName, { at: undefined, graph: around.graph });
  const whole = anyOf(outer, all);
  const skipped = ["steps", "dag", "inputs", "metrics", "hooks"];
  resolveTexts(lint.sink, value, path, whole, skipped);
  resolveTexts(lint.sink, value.dag?.target, [...path, "dag", "target"], outer);
  for (const [i, { valueFrom }] of (value.outputs?.parameters ?? []).entries()) {
    const at = [...path, "outputs", "parameters", i, "valueFrom", "expression"];
    if (valueFrom?.expression !== undefined)
      resolveExpression(lint.sink, valueFrom.expression, at, whole, valueFrom.default !== undefined);
  }
  for (const [i, { fromExpression }] of (value.outputs?.artifacts ?? []).entries()) {
    const at = [...path, "outputs", "artifacts", i, "fromExpression"];
    if (fromExpression !== undefined) resolveExpression(lint.sink, fromExpression, at, whole);
  }
}

/** The variables of a field that is an expression as a whole; that it compiles is said elsewhere. */
/** `guarded`: something stands in for an expression that has no value. */
function resolveExpression(sink: IssueSink, text: string, path: Path, scope: Scope, guarded = false): void {
  const unheard = makeIssueSink({});
  const reads = lintExpr(unheard, text, path).map((read) => (guarded ? { ...read, guarded } : read));
  lintReads(sink, reads, { path, text, offset: 0, scope });
}

/** The body of a leaf; metrics have variables of their own. */
function resolveLeaf(sink: IssueSink, value: Template | InlineTemplate, path: Path, outer: Scope): void {
  resolveTexts(sink, value, path, anyOf(outer, leafScope(value)), ["metrics", "inputs"]);
  resolveTexts(sink, value.inputs, [...path, "inputs"], anyOf(outer, leafScope(value)));
}

interface CallPlace {
  readonly call: Call;
  readonly title: string;
  readonly byName: CallsByName;
  readonly outer: Scope;
  readonly graph: DependencyGraph;
  /** `workflow.*` for hooks. */
  readonly ended: Scope;
}

function resolveCall(lint: WorkflowLint, place: CallPlace): void {
  const { call, byName, outer, graph, ended } = place;
  const { step, path } = call;
  const siblings = (own: boolean): Scope =>
    call.kind === "steps"
      ? stepsScope(lint, byName, call, own)
      : tasksScope(lint, byName, { at: call, graph, own });
  const before = anyOf(outer, siblings(false));
  const inLoop = anyOf(before, itemScope(call));
  for (const field of ["withItems", "withParam", "withSequence"] as const) {
    resolveTexts(lint.sink, step[field], [...path, field], before);
  }
  resolveTexts(lint.sink, step, path, inLoop, [
    "withItems",
    "withParam",
    "withSequence",
    "inline",
    "hooks",
    "name",
    "arguments",
  ]);
  resolveArguments(lint.sink, place, inLoop);
  if (step.inline !== undefined) {
    const inside = anyOf(inLoop, inputScope(step.inline));
    resolveLeaf(lint.sink, step.inline, [...path, "inline"], inside);
  }
  if (step.hooks === undefined) return;
  const after = anyOf(outer, siblings(true), itemScope(call), ended, ownOutputs(lint, call));
  resolveTexts(lint.sink, step.hooks, [...path, "hooks"], after);
  for (const [name, { expression }] of Object.entries(step.hooks)) {
    if (expression !== undefined)
      resolveExpression(lint.sink, expression, [...path, "hooks", name, "expression"], after);
  }
}

/** Arguments one by one, so that a finding can name the one that it is about. */
function resolveArguments(sink: IssueSink, { call, title }: CallPlace, scope: Scope): void {
  for (const kind of ["parameters", "artifacts"] as const) {
    for (const [i, argument] of (call.step.arguments?.[kind] ?? []).entries()) {
      const one = `for ${kind.slice(0, -1)} '${argument.name}'`;
      const named: Scope = (name) => {
        const hint = scope(name);
        return hint?.startsWith(missingDependency) === true ? `${title} ${hint} ${one}` : hint;
      };
      resolveTexts(sink, argument, [...call.path, "arguments", kind, i], named, ["name"]);
    }
  }
}

/** An exit hook may name its node's outputs as `outputs.…`. */
function ownOutputs(lint: WorkflowLint, call: Call): Scope {
  const target = calledTemplate(lint, call)?.value;
  return target === undefined ? () => "" : leafScope(target);
}

function resolveTexts(
  sink: IssueSink,
  value: unknown,
  path: Path,
  scope: Scope,
  skip: readonly string[] = [],
): void {
  for (const placed of textsOf(value, path, skip)) {
    if (!placed.text.includes("{{")) continue;
    const tags = listTagsOf(sink, placed.text, placed.path);
    for (const tag of tags) resolveTag(sink, tag, placed, scope);
    lintAlmostTags(sink, tags, placed);
  }
}

function resolveTag(sink: IssueSink, tag: Tag, { text, path }: PlacedText, scope: Scope): void {
  const raw = text.slice(tag.start, tag.end);
  if (tag.kind === "expression") {
    const reads = lintExpr(sink, tag.text, path);
    const offset = raw.indexOf(tag.text);
    lintReads(sink, reads, { path, text: raw, offset: Math.max(0, offset), scope });
    return;
  }
  if (tag.dynamic || !isChecked(tag.text)) return;
  const hint = scope(tag.text);
  if (hint === undefined) return;
  // As it was written: spaces in a tag are a part of what was looked for.
  const unresolved = `failed to resolve ${raw}`;
  const dependency = absentDependency.exec(hint)?.[1];
  sink.error("SPEC_UNRESOLVED", path, {
    message: dependency === undefined ? unresolved : `${hint}: ${unresolved}`,
    hint:
      dependency !== undefined
        ? `add '${dependency}' to the depends of this task`
        : hint === ""
          ? "no such variable at this place"
          : hint,
    text: raw,
  });
}

const absentDependency = new RegExp(`${missingDependency} '([^']*)'`);
