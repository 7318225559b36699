import { didYouMean, listNames, nearest } from "../../schema/nearest.ts";
import type { InlineTemplate, Template } from "../../workflow/template.ts";
import type { DependencyGraph } from "../graph/dag.ts";
import { type Brings, isOfTheEngine, workflowBrings } from "../references/brings.ts";
import { isDaemon } from "../template/daemon.ts";
import { type Call, calledTemplate, hasTag, isComposite, isLooped, type WorkflowLint } from "./context.ts";

/** Says of a tag's name whether it has a value here: undefined = yes, or a hint why not. */
export type Scope = (name: string) => string | undefined;

/** Names with another beginning are not checked: they may be meant for the shell or another template language. */
const checkedPrefixes = ["item.", "steps.", "tasks.", "inputs.", "outputs.", "pod.", "workflow."];
export const isChecked = (name: string): boolean =>
  name === "item" || checkedPrefixes.some((prefix) => name.startsWith(prefix));

/** The first scope that knows the name decides; the last one's hint is shown when none does. */
export const anyOf =
  (...scopes: readonly Scope[]): Scope =>
  (name) => {
    let hint: string | undefined;
    for (const scope of scopes) {
      const missing = scope(name);
      if (missing === undefined) return undefined;
      if (missing !== "") hint = missing;
    }
    return hint ?? "";
  };

const oneOf = (names: readonly string[]): Scope => {
  const set = new Set(names);
  return (name) => (set.has(name) ? undefined : "");
};

const globalNames = [
  "name",
  "namespace",
  "uid",
  "mainEntrypoint",
  "serviceAccountName",
  "priority",
  "scheduledTime",
  "status",
  "duration",
  "creationTimestamp",
  "parameters",
  "parameters.json",
  "labels",
  "labels.json",
  "annotations",
  "annotations.json",
].map((name) => `workflow.${name}`);

/** Known only when the workflow has ended. */
const finalName = "workflow.failures";

/** `workflow.*`. `ended`: the place runs when the workflow has ended (exit handlers and hooks). */
export function workflowScope(lint: WorkflowLint, ended: boolean): Scope {
  const names = new Set(globalNames);
  const groups = workflowBrings(lint);
  const outputs = globalOutputs(lint);
  const open = lint.library || lint.spec.workflowTemplateRef !== undefined;
  return (name) => {
    if (names.has(name) || name.startsWith("workflow.creationTimestamp.")) return undefined;
    if (!name.startsWith("workflow.")) return "";
    if (name === finalName) {
      return ended ? undefined : "it is known only in exit handlers and hooks, when the workflow has ended";
    }
    const [, group = "", ...rest] = name.split(".");
    const last = rest.join(".");
    if (group === "outputs") {
      const found = outputs.any || outputs.names.has(last);
      return found ? undefined : "no output of this workflow has that globalName";
    }
    // Whoever uses a library brings these; other names are nobody's.
    return open && groups.has(group) ? undefined : inGroup(groups, name, group, last);
  };
}

function inGroup(groups: Brings, name: string, group: string, last: string): string | undefined {
  const known = groups.get(group);
  if (known === undefined)
    return didYouMean(name, [...globalNames, finalName], "there is no such workflow variable");
  if (known.includes(last) || isOfTheEngine(last)) return undefined;
  const where = group === "parameters" ? "spec.arguments.parameters" : `metadata.${group}`;
  return didYouMean(last, known, `add '${last}' to ${where}`);
}

function globalOutputs(lint: WorkflowLint): { readonly names: ReadonlySet<string>; readonly any: boolean } {
  const names = new Set<string>();
  let any = lint.spec.workflowTemplateRef !== undefined;
  const add = (template: Template | InlineTemplate): void => {
    for (const kind of ["parameters", "artifacts"] as const) {
      for (const output of template.outputs?.[kind] ?? []) {
        if (output.globalName === undefined) continue;
        if (hasTag(output.globalName)) any = true;
        names.add(`${kind}.${output.globalName}`);
      }
    }
  };
  for (const template of lint.spec.templates ?? []) {
    add(template);
    for (const step of [...(template.steps ?? []).flat(), ...(template.dag?.tasks ?? [])]) {
      if (step.inline !== undefined) add(step.inline);
      if (step.templateRef !== undefined) any = true;
    }
  }
  return { names, any };
}

/** `inputs.*` of one template. */
export function inputScope(template: Template | InlineTemplate): Scope {
  const parameters = (template.inputs?.parameters ?? []).map(({ name }) => `inputs.parameters.${name}`);
  const artifacts = (template.inputs?.artifacts ?? []).flatMap(({ name }) => [
    `inputs.artifacts.${name}`,
    `inputs.artifacts.${name}.path`,
  ]);
  const names = new Set(["inputs.parameters", "inputs.artifacts", ...parameters, ...artifacts]);
  return (name) => {
    if (names.has(name)) return undefined;
    if (!name.startsWith("inputs.")) return "";
    const short = name.split(".").slice(2).join(".");
    const [, kind = ""] = name.split(".");
    if (kind !== "parameters" && kind !== "artifacts") {
      const meant = nearest(kind, ["parameters", "artifacts"]);
      return meant === undefined
        ? "inputs are inputs.parameters.NAME and inputs.artifacts.NAME"
        : `did you mean 'inputs.${meant}.${short}'?`;
    }
    const alike = [...names].filter((known) => known.startsWith(`inputs.${kind}.`));
    return didYouMean(name, alike, `add '${short}' to the template's inputs.${kind}`);
  };
}

/** What only the body of a leaf sees: its own node and the places of its outputs. */
export function leafScope(template: Template | InlineTemplate): Scope {
  const outputs = (["parameters", "artifacts"] as const).flatMap((kind) =>
    (template.outputs?.[kind] ?? []).map(({ name }) => `outputs.${kind}.${name}.path`),
  );
  return oneOf([...nodeNames, ...outputs, "outputs.result", "outputs.exitCode"]);
}

const nodeNames = ["pod.name", "node.name", "steps.name", "tasks.name"];
export const nodeScope: Scope = oneOf(nodeNames);

/** `item` and its keys. */
export function itemScope(call: Call): Scope {
  const { withItems, withParam, withSequence } = call.step;
  if (withParam !== undefined)
    return (name) => (name === "item" || name.startsWith("item.") ? undefined : "");
  if (withSequence !== undefined) return oneOf(["item"]);
  if (withItems === undefined) {
    return (name) =>
      name === "item" || name.startsWith("item.") ? "only a step with a loop has an item" : "";
  }
  const names = new Set(["item"]);
  for (const item of withItems) {
    if (typeof item !== "object" || item === null || Array.isArray(item)) continue;
    for (const key of Object.keys(item)) names.add(`item.${key}`);
  }
  return (name) => {
    if (names.has(name)) return undefined;
    return name.startsWith("item.") ? `keys of the items: ${listNames([...names].slice(1))}` : "";
  };
}

/** The steps or tasks of one template; made once, since it is asked for each of them. */
export type CallsByName = ReadonlyMap<string, Call>;

/** Results of the steps in groups before `call` (itself included for its own hooks). */
export function stepsScope(
  lint: WorkflowLint,
  byName: CallsByName,
  at: Call | undefined,
  own = false,
): Scope {
  return (name) => {
    const reference = readReference(name, "steps");
    if (reference === undefined) return "";
    const other = byName.get(reference.node);
    if (other === undefined)
      return didYouMean(reference.node, byName.keys(), `no step '${reference.node}' here`);
    const before = at === undefined || other.group < at.group || (own && other.step.name === at.step.name);
    if (!before) return `step '${reference.node}' is not in a group before this one`;
    return nodeOutput(lint, other, reference.rest);
  };
}

/** How a hint begins that says which task is not waited for. */
export const missingDependency = "missing dependency";

/** Results of the tasks that `call` waits for (itself included for its own hooks). */
export function tasksScope(
  lint: WorkflowLint,
  byName: CallsByName,
  place: { readonly at: Call | undefined; readonly graph: DependencyGraph; readonly own?: boolean },
): Scope {
  const { at, graph, own } = place;
  return (name) => {
    const reference = readReference(name, "tasks");
    if (reference === undefined) return "";
    const other = byName.get(reference.node);
    if (other === undefined)
      return didYouMean(reference.node, byName.keys(), `no task '${reference.node}' here`);
    const self = own === true && other.step.name === at?.step.name;
    if (at !== undefined && !self && !waitsFor(graph, at.step.name, reference.node)) {
      return `${missingDependency} '${reference.node}'`;
    }
    return nodeOutput(lint, other, reference.rest);
  };
}

function readReference(
  name: string,
  prefix: string,
): { readonly node: string; readonly rest: string } | undefined {
  const [head, node, ...rest] = name.split(".");
  if (head !== prefix || node === undefined || rest.length === 0) return undefined;
  return { node, rest: rest.join(".") };
}

function waitsFor(graph: DependencyGraph, from: string, to: string): boolean {
  if (graph.get(from)?.includes(to) === true) return true;
  const seen = new Set<string>([from]);
  const open = [from];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    for (const next of graph.get(name) ?? []) {
      if (next === to) return true;
      if (seen.has(next)) continue;
      seen.add(next);
      open.push(next);
    }
  }
  return false;
}

const nodeFields = ["id", "startedAt", "finishedAt", "hostNodeName", "status", "exitCode", "ip"];

/** Templates whose node says what it printed and how it ended. */
const hasResult = (template: Template | InlineTemplate): boolean =>
  [template.container, template.script, template.data, template.http, template.plugin].some(
    (body) => body !== undefined,
  ) ||
  (template.containerSet?.containers.some(({ name }) => name === "main") ?? false);

/** Fields that only some nodes have. */
function missingField(name: string, template: Template | InlineTemplate, rest: string): string | undefined {
  if (rest === "ip" && !isDaemon(template))
    return `only a daemon has an ip: add 'daemon: true' to '${template.name ?? name}'`;
  if (rest === "exitCode" && !hasResult(template) && template.resource === undefined)
    return `'${name}' has no exit code: only what runs a program has one`;
  return undefined;
}

/** Whether a node of this call has `rest` (`outputs.parameters.p`, `status` …). */
function nodeOutput(lint: WorkflowLint, call: Call, rest: string): string | undefined {
  const target = calledTemplate(lint, call)?.value;
  if (nodeFields.includes(rest)) return target && missingField(call.step.name, target, rest);
  if (target === undefined) return undefined; // elsewhere, or already an issue of its own
  if (rest === "outputs.result") {
    if (hasResult(target) || (isLooped(call) && !isComposite(target))) return undefined;
    return `'${call.step.name}' has no result: containers, scripts, http and data have one`;
  }
  if (rest === "outputs.parameters" || rest === "outputs.artifacts") return undefined;
  for (const kind of ["parameters", "artifacts"] as const) {
    const prefix = `outputs.${kind}.`;
    if (!rest.startsWith(prefix)) continue;
    const wanted = rest.slice(prefix.length);
    const names = (target.outputs?.[kind] ?? []).map((output) => output.name);
    if (names.some((name) => wanted === name || wanted.startsWith(`${name}.`))) return undefined;
    const hint = `template '${target.name ?? call.step.name}' has no output '${wanted}'`;
    return didYouMean(wanted, names, hint);
  }
  return didYouMean(rest, [...nodeFields, "outputs.result", "outputs.parameters"], "no such field of a node");
}
