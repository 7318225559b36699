import type { Node } from "./ast.ts";
import type { Grammar } from "./grammar.ts";
import type { Token } from "./lexer.ts";

/** A text with the filters that stand in it. */
export function textNode(g: Grammar, token: Token & { kind: "text" }, format: string | undefined): Node {
  const [only] = token.parts;
  if (token.parts.length === 1 && typeof only === "string")
    return g.cursor.node({ kind: "literal", value: only, offset: token.offset });
  const parts = token.parts.map((part) =>
    typeof part === "string" ? part : g.cursor.inside(part, () => g.pipeline()),
  );
  return g.cursor.node({ kind: "text", format, parts, offset: token.offset });
}
