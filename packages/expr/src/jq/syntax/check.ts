// Every name that a filter uses exists: said when it is compiled, at its place.
import type { SourceText } from "../../position.ts";
import { libraryFunction, libraryNames } from "../builtins/library.ts";
import { isNative, nativeNames } from "../builtins/native.ts";
import { formatNames, isFormat } from "../values/formats.ts";
import { type Node, namesOf, type Pattern } from "./ast.ts";

/** What would reach out of the filter: refused by name. */
const refused: Readonly<Record<string, string>> = {
  "env/0": "a filter does not see the environment",
  "input/0": "there is one input only: '.'",
  "inputs/0": "there is one input only: '.'",
  "input_filename/0": "a filter reads no files",
  "input_line_number/0": "a filter reads no files",
  "get_search_list/0": "a filter reads no files",
  "modulemeta/0": "a filter reads no files",
  "halt/0": "use 'empty' or 'error'",
  "halt_error/0": "use 'error'",
  "halt_error/1": "use 'error'",
};

interface Known {
  readonly variables: ReadonlySet<string>;
  readonly functions: ReadonlySet<string>;
  readonly labels: ReadonlySet<string>;
}

/** Errors: EXPR_SYNTAX at the first name that does not exist. */
export function checkNames(tree: Node, source: SourceText): void {
  visit(tree, source, { variables: new Set(), functions: new Set(), labels: new Set() });
}

function visit(node: Node, source: SourceText, known: Known): void {
  switch (node.kind) {
    case "variable":
      checkVariable(node.name, node.offset, source, known);
      return;
    case "format":
      checkFormat(node.name, node.offset, source);
      return;
    case "break":
      if (!known.labels.has(node.name))
        throw source.syntax(`$*label-${node.name} is not defined`, node.offset);
      return;
    case "label":
      visit(node.body, source, { ...known, labels: new Set([...known.labels, node.name]) });
      return;
    case "call":
      checkCall(node, source, known);
      for (const arg of node.args) visit(arg, source, known);
      return;
    case "define":
      visitDefinition(node, source, known);
      return;
    case "bind":
      visit(node.source, source, known);
      for (const pattern of node.patterns) visitPattern(pattern, source, known);
      visit(node.body, source, withVariables(known, node.patterns));
      return;
    case "reduce":
    case "foreach":
      visitFold(node, source, known);
      return;
    case "text":
      if (node.format !== undefined) checkFormat(node.format, node.offset, source);
      for (const part of node.parts) if (typeof part !== "string") visit(part, source, known);
      return;
    default:
      for (const child of plainChildren(node)) visit(child, source, known);
  }
}

function plainChildren(node: Node): readonly Node[] {
  switch (node.kind) {
    case "index":
      return [node.object, node.key];
    case "slice":
      return [node.object, node.from, node.to].filter((part) => part !== undefined);
    case "iterate":
      return [node.object];
    case "try":
      return node.handler === undefined ? [node.body] : [node.body, node.handler];
    case "array":
      return node.body === undefined ? [] : [node.body];
    case "object":
      return node.entries.flat();
    case "negate":
      return [node.inner];
    case "pipe":
    case "comma":
    case "binary":
    case "logic":
    case "alternative":
    case "assign":
      return [node.left, node.right];
    case "if":
      return node.otherwise === undefined ? [node.test, node.then] : [node.test, node.then, node.otherwise];
    default:
      return [];
  }
}

const withVariables = (known: Known, patterns: readonly Pattern[]): Known => ({
  ...known,
  variables: new Set([...known.variables, ...patterns.flatMap(namesOf)]),
});

function visitFold(node: Node & { kind: "reduce" | "foreach" }, source: SourceText, known: Known): void {
  visit(node.source, source, known);
  visit(node.init, source, known);
  visitPattern(node.pattern, source, known);
  const inside = withVariables(known, [node.pattern]);
  visit(node.update, source, inside);
  if (node.kind === "foreach" && node.extract !== undefined) visit(node.extract, source, inside);
}

function visitPattern(pattern: Pattern, source: SourceText, known: Known): void {
  if (pattern.kind === "array") for (const item of pattern.items) visitPattern(item, source, known);
  if (pattern.kind !== "object") return;
  for (const { key, value } of pattern.entries) {
    visit(key, source, known);
    if (value !== undefined) visitPattern(value, source, known);
  }
}

function visitDefinition(node: Node & { kind: "define" }, source: SourceText, known: Known): void {
  const { name, params, body } = node.definition;
  const functions = new Set([...known.functions, `${name}/${params.length}`]);
  const filters = params.map((param) => `${param.replace("$", "")}/0`);
  const values = params.filter((param) => param.startsWith("$")).map((param) => param.slice(1));
  visit(body, source, {
    variables: new Set([...known.variables, ...values]),
    functions: new Set([...functions, ...filters]),
    labels: known.labels,
  });
  visit(node.body, source, { ...known, functions });
}

function checkVariable(name: string, offset: number, source: SourceText, known: Known): void {
  if (known.variables.has(name)) return;
  const reason = name === "ENV" ? "a filter does not see the environment" : `$${name} is not defined`;
  throw source.syntax(reason, offset);
}

function checkFormat(name: string, offset: number, source: SourceText): void {
  if (!isFormat(name))
    throw source.syntax(`${name} is not a format; there are: ${formatNames().join(", ")}`, offset);
}

function checkCall(node: Node & { kind: "call" }, source: SourceText, known: Known): void {
  const key = `${node.name}/${node.args.length}`;
  if (known.functions.has(key) || isNative(key)) return;
  if (libraryFunction(node.name, node.args.length) !== undefined) return;
  const why = Object.hasOwn(refused, key) ? refused[key] : undefined;
  if (why !== undefined) throw source.syntax(`'${node.name}' is not available: ${why}`, node.offset);
  throw source.syntax(`${key} is not defined${otherArities(node.name, known)}`, node.offset);
}

/** The name with another number of arguments, where there is one. */
function otherArities(name: string, known: Known): string {
  const all = [...known.functions, ...nativeNames(), ...libraryNames()];
  const arities = new Set(all.filter((key) => key.startsWith(`${name}/`)).map((key) => key.split("/")[1]));
  return arities.size === 0 ? "" : `; it takes ${[...arities].sort().join(" or ")} arguments`;
}
