import { SourceText } from "../position.ts";
import { type BooleanNode, evaluateBoolean, namesOf, parseBoolean } from "./boolean.ts";

/** A trigger's `conditions` over dependency names, compiled. */
export interface CompiledConditions {
  readonly text: string;
  /** Each name once, in order of appearance. */
  readonly names: readonly string[];
  /** Whether some way of holding takes more than one dependency (there is an `&&`): such a trigger keeps state. */
  readonly needsAll: boolean;
  /** Whether the condition holds when exactly these dependencies have an event. */
  evaluate(present: ReadonlySet<string>): boolean;
}

/** Parses trigger conditions. Errors: EXPR_SYNTAX with the place (also for `!`, which events cannot mean), EXPR_LIMIT. */
export function compileConditions(text: string): CompiledConditions {
  const source = new SourceText("conditions", text);
  const tree = parseBoolean(source);
  refuseNot(source, tree);
  const names = [...new Set(namesOf(tree).map(({ name }) => name))];
  return {
    text,
    names,
    needsAll: hasAnd(tree),
    evaluate: (present) => evaluateBoolean(tree, (name) => present.has(name)),
  };
}

function refuseNot(source: SourceText, node: BooleanNode): void {
  if (node.kind === "not")
    throw source.syntax("'!' cannot be used here: an event that has not come can still come", node.offset);
  if (node.kind === "and" || node.kind === "or") for (const item of node.items) refuseNot(source, item);
}

function hasAnd(node: BooleanNode): boolean {
  if (node.kind === "and") return true;
  return node.kind === "or" && node.items.some(hasAnd);
}
