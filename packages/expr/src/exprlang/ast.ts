/** One more operand of a chain of comparisons, and how the one before it is compared with it. */
export interface ChainLink {
  readonly operator: string;
  readonly operand: Node;
  readonly offset: number;
}

/** The tree of an expr-lang expression. `offset` is where errors point. */
export type Node = { readonly offset: number } & (
  | { readonly kind: "literal"; readonly value: null | boolean | number | string }
  | { readonly kind: "name"; readonly name: string }
  | { readonly kind: "pointer"; readonly name: "" | "acc" | "index" }
  | { readonly kind: "member"; readonly object: Node; readonly key: Node; readonly optional: boolean }
  | {
      readonly kind: "slice";
      readonly object: Node;
      readonly from: Node | undefined;
      readonly to: Node | undefined;
    }
  | { readonly kind: "call"; readonly callee: Node; readonly args: readonly Node[] }
  | { readonly kind: "unary"; readonly operator: "-" | "+" | "not"; readonly inner: Node }
  | { readonly kind: "binary"; readonly operator: string; readonly left: Node; readonly right: Node }
  | { readonly kind: "chain"; readonly first: Node; readonly links: readonly ChainLink[] }
  | { readonly kind: "conditional"; readonly test: Node; readonly then: Node; readonly otherwise: Node }
  | { readonly kind: "array"; readonly items: readonly Node[] }
  | { readonly kind: "map"; readonly entries: readonly (readonly [Node, Node])[] }
  | { readonly kind: "closure"; readonly body: Node }
  | { readonly kind: "let"; readonly name: string; readonly value: Node; readonly body: Node }
);

export function childrenOf(node: Node): readonly Node[] {
  switch (node.kind) {
    case "literal":
    case "name":
    case "pointer":
      return [];
    case "member":
      return [node.object, node.key];
    case "slice":
      return [node.object, ...(node.from ? [node.from] : []), ...(node.to ? [node.to] : [])];
    case "call":
      return [node.callee, ...node.args];
    case "unary":
      return [node.inner];
    case "binary":
      return [node.left, node.right];
    case "chain":
      return [node.first, ...node.links.map((link) => link.operand)];
    case "conditional":
      return [node.test, node.then, node.otherwise];
    case "array":
      return node.items;
    case "map":
      return node.entries.flat();
    case "closure":
      return [node.body];
    case "let":
      return [node.value, node.body];
  }
}
