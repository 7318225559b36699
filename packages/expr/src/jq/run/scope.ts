import type { Definition, Node } from "../syntax/ast.ts";
import type { PathLink } from "../values/paths.ts";

/** Not a place in the input: a value that the filter made. */
export const noPlace = Symbol("no place");

/** A value on its way through a filter, and where it stands in the input when paths are asked for. */
export interface Item {
  readonly value: unknown;
  /** `undefined`: paths are not asked for. `root`: the input itself. */
  readonly path: PathOf | undefined;
}
export const root = Symbol("root");

/** Where an item stands: a path, the input itself, or no place of the input. */
export type PathOf = PathLink | typeof noPlace | typeof root;

/** Names that a filter sees, innermost first. */
export type Scope =
  | {
      readonly kind: "value";
      readonly name: string;
      readonly value: unknown;
      readonly next: Scope | undefined;
    }
  | {
      readonly kind: "filter";
      readonly name: string;
      readonly node: Node;
      readonly scope: Scope | undefined;
      readonly next: Scope | undefined;
    }
  | { readonly kind: "function"; readonly definition: Definition; readonly next: Scope | undefined }
  | { readonly kind: "label"; readonly name: string; readonly id: symbol; readonly next: Scope | undefined };

export function variableOf(scope: Scope | undefined, name: string): unknown {
  for (let here = scope; here !== undefined; here = here.next)
    if (here.kind === "value" && here.name === name) return here.value;
  return undefined;
}

export function labelOf(scope: Scope | undefined, name: string): symbol | undefined {
  for (let here = scope; here !== undefined; here = here.next)
    if (here.kind === "label" && here.name === name) return here.id;
  return undefined;
}

/** The function or filter argument of this name and number of arguments. */
export function calleeOf(
  scope: Scope | undefined,
  name: string,
  arity: number,
): Extract<Scope, { kind: "function" | "filter" }> | undefined {
  for (let here = scope; here !== undefined; here = here.next) {
    if (here.kind === "filter" && arity === 0 && here.name === name) return here;
    if (here.kind === "function" && here.definition.name === name && here.definition.params.length === arity)
      return here;
  }
  return undefined;
}
