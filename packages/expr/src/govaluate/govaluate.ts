import { isForbiddenKey } from "@sluice/base";
import { ExprError } from "../errors.ts";
import { SourceText } from "../position.ts";
import { type Evaluation, evaluateTree } from "./evaluate.ts";
import { type Node, parse } from "./parser.ts";

/** A sensor's `exprs` entry, compiled. */
export interface CompiledGovaluate {
  readonly text: string;
  /** Every variable the expression names, once each. */
  readonly references: readonly string[];
  /**
   * Variables are looked up as own properties. Errors: EXPR_EVALUATION (missing variable, values of a wrong type),
   * EXPR_REGEX, EXPR_LIMIT.
   */
  evaluate(variables: Readonly<Record<string, unknown>>): Evaluation;
}

/** Compiles a govaluate expression with real variables (`a`, `a.b`, `[any name]`). Errors: EXPR_SYNTAX, EXPR_LIMIT. */
export function compileGovaluate(text: string): CompiledGovaluate {
  const source = new SourceText("govaluate", text);
  const tree = parse(source);
  return {
    text,
    references: [...new Set(namesOf(tree))],
    evaluate: (variables) =>
      evaluateTree(source, tree, { name: (name, offset) => readVariable(source, variables, name, offset) }),
  };
}

function readVariable(
  source: SourceText,
  variables: Readonly<Record<string, unknown>>,
  name: string,
  offset: number,
): unknown {
  if (Object.hasOwn(variables, name)) return variables[name];
  let value: unknown = variables;
  for (const key of name.split(".")) {
    if (isForbiddenKey(key)) throw ExprError.FORBIDDEN_KEY({ key });
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key))
      throw source.evaluation(`No parameter '${name}' found`, offset);
    value = (value as Record<string, unknown>)[key];
  }
  return value;
}

function namesOf(node: Node): readonly string[] {
  switch (node.kind) {
    case "literal":
    case "tagged":
      return [];
    case "name":
      return [node.name];
    case "unary":
      return namesOf(node.inner);
    case "binary":
      return [...namesOf(node.left), ...namesOf(node.right)];
    case "ternary":
      return [node.test, node.then, ...(node.otherwise ? [node.otherwise] : [])].flatMap(namesOf);
    case "list":
      return node.items.flatMap(namesOf);
  }
}
