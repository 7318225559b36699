// What follows an operand: members, indexes, slices and calls.
import type { Node } from "./ast.ts";
import type { Grammar } from "./cursor.ts";

/** Built-ins whose argument at this index is a predicate, with or without its braces. */
export const predicateArgument: ReadonlyMap<string, number> = new Map(
  "all any none one map filter find findIndex findLast findLastIndex count groupBy countBy sortBy reduce sum"
    .split(" ")
    .map((name) => [name, 1] as const),
);

export function parsePostfix(g: Grammar, start: Node): Node {
  let node = start;
  for (let links = 0; ; links++) {
    g.cursor.bound(links);
    const { offset } = g.cursor.peek();
    if (g.cursor.take(".")) node = parseMember(g, node, offset);
    else if (g.cursor.take("?.")) node = parseOptional(g, node, offset);
    else if (g.cursor.take("[")) node = parseIndexed(g, node, offset);
    else if (g.cursor.take("(")) node = parseCall(g, node, offset, []);
    else return node;
  }
}

export function parseMember(g: Grammar, object: Node, offset: number, optional = false): Node {
  const token = g.cursor.peek();
  g.cursor.skip();
  if (
    token.kind === "end" ||
    (token.kind === "operator" && !/^\w+$/.test(token.text)) ||
    token.kind === "literal"
  )
    throw g.cursor.source.syntax("a name is wanted after '.'", token.offset);
  const key = g.cursor.node({ kind: "literal", value: token.text, offset: token.offset });
  return g.cursor.node({ kind: "member", object, key, optional, offset });
}

function parseOptional(g: Grammar, object: Node, offset: number): Node {
  if (!g.cursor.take("[")) return parseMember(g, object, offset, true);
  const key = g.expression(0);
  g.cursor.expect("]");
  return g.cursor.node({ kind: "member", object, key, optional: true, offset });
}

function parseIndexed(g: Grammar, object: Node, offset: number): Node {
  let from: Node | undefined;
  if (!g.cursor.at(":")) {
    from = g.expression(0);
    if (g.cursor.take("]"))
      return g.cursor.node({ kind: "member", object, key: from, optional: false, offset });
  }
  g.cursor.expect(":");
  const to = g.cursor.at("]") ? undefined : g.expression(0);
  g.cursor.expect("]");
  return g.cursor.node({ kind: "slice", object, from, to, offset });
}

export function parseCall(g: Grammar, callee: Node, offset: number, first: readonly Node[]): Node {
  const predicate = callee.kind === "name" ? predicateArgument.get(callee.name) : undefined;
  let index = first.length;
  const rest = g.cursor.list(")", () => parseArgument(g, index++ === predicate));
  return g.cursor.node({ kind: "call", callee, args: [...first, ...rest], offset });
}

function parseArgument(g: Grammar, predicate: boolean): Node {
  if (!predicate) return g.expression(0);
  const { offset } = g.cursor.peek();
  const braced = g.cursor.take("{");
  const body = g.sequence();
  if (braced) g.cursor.expect("}");
  return g.cursor.node({ kind: "closure", body, offset });
}
