// Operands: literals, paths, brackets, control structures, and what follows them.
import type { Node } from "./ast.ts";
import type { Grammar } from "./grammar.ts";
import { parsePattern } from "./pattern.ts";
import { textNode } from "./text.ts";

const maxLinks = 1_000;

export function parsePostfix(g: Grammar): Node {
  let node = parseTerm(g);
  for (let links = 0; links < maxLinks; links++) {
    const token = g.cursor.peek();
    const { offset } = token;
    if (token.kind === "field") {
      g.cursor.skip();
      node = fieldOf(g, node, token.text, offset);
    } else if (g.cursor.at(".") && followsDot(g)) {
      g.cursor.skip();
      const next = g.cursor.peek();
      if (next.kind === "text") {
        g.cursor.skip();
        node = g.cursor.node({ kind: "index", object: node, key: textNode(g, next, undefined), offset });
      }
    } else if (g.cursor.take("[")) node = parseBracket(g, node, offset);
    else if (g.cursor.take("?")) node = optional(g, node, offset);
    else return node;
  }
  throw g.cursor.source.syntax(`more than ${maxLinks} links in one chain`, g.cursor.peek().offset);
}

/** `?` covers the last link of a chain, or the whole of any other operand. */
export function optional(g: Grammar, node: Node, offset: number): Node {
  if (node.kind === "index" || node.kind === "slice" || node.kind === "iterate")
    return g.cursor.node({ ...node, optional: true });
  return g.cursor.node({ kind: "try", body: node, handler: undefined, offset });
}

/** `.[` and `."text"` go on with a path after an operand. */
function followsDot(g: Grammar): boolean {
  const next = g.cursor.peekAfter();
  return next?.kind === "text" || (next?.kind === "operator" && next.text === "[");
}

const fieldOf = (g: Grammar, object: Node, name: string, offset: number): Node =>
  g.cursor.node({ kind: "index", object, key: { kind: "literal", value: name, offset }, offset });

/** After `[`: `]`, an index, or a slice. */
function parseBracket(g: Grammar, object: Node, offset: number): Node {
  if (g.cursor.take("]")) return g.cursor.node({ kind: "iterate", object, offset });
  let from: Node | undefined;
  if (!g.cursor.at(":")) {
    from = g.pipeline();
    if (g.cursor.take("]")) return g.cursor.node({ kind: "index", object, key: from, offset });
  }
  g.cursor.expect(":");
  const to = g.cursor.at("]") ? undefined : g.pipeline();
  g.cursor.expect("]");
  return g.cursor.node({ kind: "slice", object, from, to, offset });
}

function parseTerm(g: Grammar): Node {
  const token = g.cursor.peek();
  const { offset } = token;
  switch (token.kind) {
    case "number":
      g.cursor.skip();
      return g.cursor.node({ kind: "literal", value: token.value, offset });
    case "text":
      g.cursor.skip();
      return textNode(g, token, undefined);
    case "format":
      return parseFormat(g, token.text, offset);
    case "variable":
      g.cursor.skip();
      return token.text === "__loc__"
        ? locationOf(g, offset)
        : g.cursor.node({ kind: "variable", name: token.text, offset });
    case "field":
      g.cursor.skip();
      return fieldOf(g, { kind: "identity", offset }, token.text, offset);
    case "word":
      return parseWord(g, token.text, offset);
    case "operator":
      return parseOperator(g, token.text, offset);
    case "end":
      throw g.cursor.unexpected("a filter");
  }
}

function locationOf(g: Grammar, offset: number): Node {
  const line = g.cursor.source.text.slice(0, offset).split("\n").length;
  const entry = (key: string, value: string | number): readonly [Node, Node] => [
    { kind: "literal", value: key, offset },
    { kind: "literal", value, offset },
  ];
  return g.cursor.node({
    kind: "object",
    entries: [entry("file", "<top-level>"), entry("line", line)],
    offset,
  });
}

function parseFormat(g: Grammar, name: string, offset: number): Node {
  g.cursor.skip();
  const next = g.cursor.peek();
  if (next.kind !== "text") return g.cursor.node({ kind: "format", name, offset });
  g.cursor.skip();
  return textNode(g, next, name);
}

function parseOperator(g: Grammar, text: string, offset: number): Node {
  if (text === "..") {
    g.cursor.skip();
    return g.cursor.node({ kind: "recurse", offset });
  }
  if (text === ".") {
    g.cursor.skip();
    const next = g.cursor.peek();
    const identity = g.cursor.node({ kind: "identity", offset });
    if (next.kind !== "text") return identity;
    g.cursor.skip();
    return g.cursor.node({ kind: "index", object: identity, key: textNode(g, next, undefined), offset });
  }
  if (text === "(") {
    g.cursor.skip();
    const inner = g.pipeline();
    g.cursor.expect(")");
    return inner;
  }
  if (text === "[") {
    g.cursor.skip();
    const body = g.cursor.at("]") ? undefined : g.pipeline();
    g.cursor.expect("]");
    return g.cursor.node({ kind: "array", body, offset });
  }
  if (text === "{") {
    g.cursor.skip();
    return parseObject(g, offset);
  }
  throw g.cursor.unexpected("a filter");
}

function parseObject(g: Grammar, offset: number): Node {
  const entries: (readonly [Node, Node])[] = [];
  while (!g.cursor.take("}")) {
    if (entries.length > 0) {
      g.cursor.expect(",");
      if (g.cursor.take("}")) break;
    }
    entries.push(parseEntry(g));
  }
  return g.cursor.node({ kind: "object", entries, offset });
}

function parseEntry(g: Grammar): readonly [Node, Node] {
  const token = g.cursor.peek();
  const { offset } = token;
  const short = (key: Node): Node =>
    g.cursor.node({ kind: "index", object: { kind: "identity", offset }, key, offset });
  if (token.kind === "variable") {
    const key: Node = { kind: "literal", value: token.text, offset };
    return [key, parseTerm(g)];
  }
  let key: Node;
  if (token.kind === "word" || token.kind === "number") {
    g.cursor.skip();
    key = { kind: "literal", value: token.kind === "word" ? token.text : String(token.value), offset };
    if (token.kind === "number" && !g.cursor.at(":")) throw g.cursor.unexpected("':'");
  } else if (token.kind === "text") {
    g.cursor.skip();
    key = textNode(g, token, undefined);
  } else if (token.kind === "format") {
    key = parseFormat(g, token.text, offset);
  } else {
    g.cursor.expect("(");
    key = g.pipeline();
    g.cursor.expect(")");
    g.cursor.expect(":");
    return [key, parseEntryValue(g)];
  }
  return g.cursor.take(":") ? [key, parseEntryValue(g)] : [key, short(key)];
}

/** Values of an object take `|` between operands, but no comma. */
function parseEntryValue(g: Grammar): Node {
  return g.cursor.deeper(() => {
    const left = g.alternative();
    const { offset } = g.cursor.peek();
    if (!g.cursor.take("|")) return left;
    return g.cursor.node({ kind: "pipe", left, right: parseEntryValue(g), offset });
  });
}

function parseWord(g: Grammar, word: string, offset: number): Node {
  g.cursor.skip();
  switch (word) {
    case "if":
      return parseIf(g, offset);
    case "try":
      return parseTry(g, offset);
    case "reduce":
      return parseFold(g, "reduce", offset);
    case "foreach":
      return parseFold(g, "foreach", offset);
    case "break":
      return g.cursor.node({ kind: "break", name: g.cursor.variable(), offset });
    case "def": {
      throw g.cursor.source.syntax("a definition stands at the start of a filter or of its brackets", offset);
    }
    case "then":
    case "elif":
    case "else":
    case "end":
    case "as":
    case "and":
    case "or":
    case "catch":
      throw g.cursor.source.syntax(`unexpected '${word}'`, offset);
    case "true":
    case "false":
      return g.cursor.node({ kind: "literal", value: word === "true", offset });
    case "null":
      return g.cursor.node({ kind: "literal", value: null, offset });
    default:
      return parseCall(g, word, offset);
  }
}

function parseCall(g: Grammar, name: string, offset: number): Node {
  const args: Node[] = [];
  if (g.cursor.take("(")) {
    do args.push(g.pipeline());
    while (g.cursor.take(";"));
    g.cursor.expect(")");
  }
  return g.cursor.node({ kind: "call", name, args, offset });
}

function parseIf(g: Grammar, offset: number): Node {
  return g.cursor.deeper(() => {
    const test = g.pipeline();
    g.cursor.expect("then");
    const then = g.pipeline();
    const next = g.cursor.peek().offset;
    if (g.cursor.take("elif")) {
      return g.cursor.node({ kind: "if", test, then, otherwise: parseIf(g, next), offset });
    }
    const otherwise = g.cursor.take("else") ? g.pipeline() : undefined;
    g.cursor.expect("end");
    return g.cursor.node({ kind: "if", test, then, otherwise, offset });
  });
}

function parseTry(g: Grammar, offset: number): Node {
  return g.cursor.deeper(() => {
    const body = g.postfix();
    const handler = g.cursor.take("catch") ? g.postfix() : undefined;
    return g.cursor.node({ kind: "try", body, handler, offset });
  });
}

function parseFold(g: Grammar, kind: "reduce" | "foreach", offset: number): Node {
  return g.cursor.deeper(() => {
    const source = parsePostfix(g);
    g.cursor.expect("as");
    const pattern = parsePattern(g);
    g.cursor.expect("(");
    const init = g.pipeline();
    g.cursor.expect(";");
    const update = g.pipeline();
    const extract = kind === "foreach" && g.cursor.take(";") ? g.pipeline() : undefined;
    g.cursor.expect(")");
    return kind === "reduce"
      ? g.cursor.node({ kind, source, pattern, init, update, offset })
      : g.cursor.node({ kind, source, pattern, init, update, extract, offset });
  });
}
