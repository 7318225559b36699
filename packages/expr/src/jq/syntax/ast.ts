/** A destructuring pattern: `$x`, `[$a, {b: $c}]`, `{$d, "e": $f, (expr): $g}`. */
export type Pattern =
  | { readonly kind: "variable"; readonly name: string }
  | { readonly kind: "array"; readonly items: readonly Pattern[] }
  | {
      readonly kind: "object";
      readonly entries: readonly {
        readonly key: Node;
        /** `$name:` binds the member itself too. */
        readonly variable: string | undefined;
        readonly value: Pattern | undefined;
      }[];
    };

/** `def name(params): body;`; a parameter `$x` is a value, `f` a filter. */
export interface Definition {
  readonly name: string;
  readonly params: readonly string[];
  readonly body: Node;
}

/** The tree of a jq filter. `offset` is where errors point. */
export type Node = { readonly offset: number } & (
  | { readonly kind: "identity" }
  | { readonly kind: "recurse" }
  | { readonly kind: "literal"; readonly value: null | boolean | number | string }
  | {
      readonly kind: "text";
      readonly format: string | undefined;
      readonly parts: readonly (string | Node)[];
    }
  | { readonly kind: "format"; readonly name: string }
  | { readonly kind: "variable"; readonly name: string }
  | { readonly kind: "index"; readonly object: Node; readonly key: Node; readonly optional?: true }
  | {
      readonly kind: "slice";
      readonly object: Node;
      readonly from: Node | undefined;
      readonly to: Node | undefined;
      readonly optional?: true;
    }
  /** `optional`, here and above: what cannot be looked into has nothing; errors of the object itself stay errors. */
  | { readonly kind: "iterate"; readonly object: Node; readonly optional?: true }
  | { readonly kind: "try"; readonly body: Node; readonly handler: Node | undefined }
  | { readonly kind: "array"; readonly body: Node | undefined }
  | { readonly kind: "object"; readonly entries: readonly (readonly [Node, Node])[] }
  | { readonly kind: "negate"; readonly inner: Node }
  | { readonly kind: "pipe"; readonly left: Node; readonly right: Node }
  | { readonly kind: "comma"; readonly left: Node; readonly right: Node }
  | { readonly kind: "binary"; readonly operator: BinaryOperator; readonly left: Node; readonly right: Node }
  | { readonly kind: "logic"; readonly operator: "and" | "or"; readonly left: Node; readonly right: Node }
  | { readonly kind: "alternative"; readonly left: Node; readonly right: Node }
  | { readonly kind: "assign"; readonly operator: AssignOperator; readonly left: Node; readonly right: Node }
  | { readonly kind: "if"; readonly test: Node; readonly then: Node; readonly otherwise: Node | undefined }
  | {
      readonly kind: "reduce";
      readonly source: Node;
      readonly pattern: Pattern;
      readonly init: Node;
      readonly update: Node;
    }
  | {
      readonly kind: "foreach";
      readonly source: Node;
      readonly pattern: Pattern;
      readonly init: Node;
      readonly update: Node;
      readonly extract: Node | undefined;
    }
  | {
      readonly kind: "bind";
      readonly source: Node;
      readonly patterns: readonly Pattern[];
      readonly body: Node;
    }
  | { readonly kind: "define"; readonly definition: Definition; readonly body: Node }
  | { readonly kind: "call"; readonly name: string; readonly args: readonly Node[] }
  | { readonly kind: "label"; readonly name: string; readonly body: Node }
  | { readonly kind: "break"; readonly name: string }
);

export type BinaryOperator = "+" | "-" | "*" | "/" | "%" | "==" | "!=" | "<" | "<=" | ">" | ">=";
export type AssignOperator = "=" | "|=" | "+=" | "-=" | "*=" | "/=" | "%=" | "//=";

/** Names that a pattern binds, each once. */
export function namesOf(pattern: Pattern): readonly string[] {
  const found = new Set<string>();
  const visit = (part: Pattern): void => {
    if (part.kind === "variable") found.add(part.name);
    else if (part.kind === "array") part.items.forEach(visit);
    else
      for (const { variable, value } of part.entries) {
        if (variable !== undefined) found.add(variable);
        if (value !== undefined) visit(value);
      }
  };
  visit(pattern);
  return [...found];
}
