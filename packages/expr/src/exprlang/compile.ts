import { SourceText } from "../position.ts";
import { childrenOf, type Node } from "./ast.ts";
import type { ResolveTag } from "./lexer.ts";
import { parse } from "./parser.ts";

/** An expr-lang expression, ready to be evaluated any number of times. */
export interface CompiledExpr {
  readonly text: string;
  /** Dotted paths of what the expression reads from its environment (`steps.x.outputs`), each once. */
  readonly references: readonly string[];
  readonly source: SourceText;
  readonly tree: Node;
}

/**
 * Compiles an expression. With `tag`, a simple tag `{{key}}` inside it becomes a literal: text inside quotes, else a
 * number, a truth value or a text; never code. Errors: EXPR_SYNTAX with the place, EXPR_LIMIT, EXPR_UNRESOLVED.
 */
export function compileExpr(text: string, tag?: ResolveTag): CompiledExpr {
  const source = new SourceText("expr", text);
  const tree = parse(source, tag);
  const found = new Set<string>();
  collect(tree, new Set(), found);
  return { text, references: [...found], source, tree };
}

function collect(node: Node, bound: ReadonlySet<string>, found: Set<string>): void {
  const path = pathOf(node);
  if (path !== undefined) {
    if (!bound.has(path[0] ?? "")) found.add(path.join("."));
    return;
  }
  if (node.kind === "let") {
    collect(node.value, bound, found);
    collect(node.body, new Set([...bound, node.name]), found);
    return;
  }
  // A called name is a function, and what follows a call is read from its result.
  const children = node.kind === "call" ? [...calledOn(node.callee), ...node.args] : childrenOf(node);
  for (const child of children) collect(child, bound, found);
}

/** What a method is called on; a function and the `sprig` namespace are no data. */
function calledOn(callee: Node): readonly Node[] {
  if (callee.kind === "name") return [];
  if (callee.kind !== "member") return [callee];
  return callee.object.kind === "name" && callee.object.name === "sprig" ? [] : [callee.object];
}

function pathOf(node: Node): readonly string[] | undefined {
  if (node.kind === "name") return [node.name];
  if (node.kind !== "member" || node.key.kind !== "literal") return undefined;
  const object = pathOf(node.object);
  return object && [...object, String(node.key.value)];
}
