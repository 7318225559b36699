import type { Node } from "./ast.ts";
import type { Grammar } from "./cursor.ts";

/** A literal, a name, a pointer, or something in brackets. */
export function parsePrimary(g: Grammar): Node {
  const token = g.cursor.peek();
  const { offset } = token;
  if (token.kind === "end") throw g.cursor.source.syntax("unexpected end of expression", offset);
  if (token.kind === "operator") return parseBracketed(g, token.text, offset);
  g.cursor.skip();
  return token.kind === "literal"
    ? g.cursor.node({ kind: "literal", value: token.value, offset })
    : g.cursor.node({ kind: "name", name: token.text, offset });
}

function parseBracketed(g: Grammar, text: string, offset: number): Node {
  if (text === "::") {
    // A function of the language, whatever the variables are called; a call is always that here.
    g.cursor.skip();
    return g.cursor.node({ kind: "name", name: g.cursor.name(), offset });
  }
  if (text === ".") return g.cursor.node({ kind: "pointer", name: "", offset });
  if (text === "#" || text === "#acc" || text === "#index") {
    g.cursor.skip();
    return g.cursor.node({ kind: "pointer", name: text.slice(1) as "" | "acc" | "index", offset });
  }
  if (text === "(") {
    g.cursor.skip();
    const inner = g.sequence();
    g.cursor.expect(")");
    return inner;
  }
  if (text === "[") {
    g.cursor.skip();
    return g.cursor.node({ kind: "array", items: g.cursor.list("]", () => g.expression(0)), offset });
  }
  if (text === "{") {
    g.cursor.skip();
    return g.cursor.node({ kind: "map", entries: g.cursor.list("}", () => parseEntry(g)), offset });
  }
  throw g.cursor.unexpected("a value");
}

function parseEntry(g: Grammar): readonly [Node, Node] {
  const token = g.cursor.peek();
  let key: Node;
  if (token.kind === "name" || (token.kind === "literal" && token.value !== null)) {
    g.cursor.skip();
    const value = token.kind === "name" ? token.text : String(token.value);
    key = g.cursor.node({ kind: "literal", value, offset: token.offset });
  } else if (token.kind === "operator" && /^\w+$/.test(token.text)) {
    g.cursor.skip();
    key = g.cursor.node({ kind: "literal", value: token.text, offset: token.offset });
  } else {
    g.cursor.expect("(");
    key = g.expression(0);
    g.cursor.expect(")");
  }
  g.cursor.expect(":");
  return [key, g.expression(0)];
}
