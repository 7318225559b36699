import type { Node, Pattern } from "./ast.ts";
import type { Grammar } from "./grammar.ts";
import { textNode } from "./text.ts";

type Entry = Extract<Pattern, { kind: "object" }>["entries"][number];

export function parsePattern(g: Grammar): Pattern {
  return g.cursor.deeper(() => {
    if (g.cursor.take("[")) {
      const items: Pattern[] = [];
      do items.push(parsePattern(g));
      while (g.cursor.take(","));
      g.cursor.expect("]");
      return { kind: "array", items };
    }
    if (g.cursor.take("{")) {
      const entries: Entry[] = [];
      do entries.push(parseEntry(g));
      while (g.cursor.take(","));
      g.cursor.expect("}");
      return { kind: "object", entries };
    }
    return { kind: "variable", name: g.cursor.variable() };
  });
}

function parseEntry(g: Grammar): Entry {
  const token = g.cursor.peek();
  const { offset } = token;
  if (token.kind === "variable") {
    g.cursor.skip();
    const key: Node = { kind: "literal", value: token.text, offset };
    const value = g.cursor.take(":") ? parsePattern(g) : undefined;
    return { key, variable: token.text, value };
  }
  let key: Node;
  if (token.kind === "word") {
    g.cursor.skip();
    key = { kind: "literal", value: token.text, offset };
  } else if (token.kind === "text") {
    g.cursor.skip();
    key = textNode(g, token, undefined);
  } else {
    g.cursor.expect("(");
    key = g.pipeline();
    g.cursor.expect(")");
  }
  g.cursor.expect(":");
  return { key, variable: undefined, value: parsePattern(g) };
}
