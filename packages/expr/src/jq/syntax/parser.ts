import type { SourceText } from "../../position.ts";
import type { AssignOperator, BinaryOperator, Definition, Node, Pattern } from "./ast.ts";
import { Cursor } from "./cursor.ts";
import type { Grammar } from "./grammar.ts";
import { tokenize } from "./lexer.ts";
import { parsePattern } from "./pattern.ts";
import { optional, parsePostfix } from "./term.ts";

export function parseFilter(source: SourceText): Node {
  const parser = new Parser(new Cursor(source, tokenize(source)));
  if (parser.cursor.peek().kind === "end") return { kind: "identity", offset: 0 };
  const node = parser.pipeline();
  if (parser.cursor.peek().kind !== "end") throw parser.cursor.unexpected("an operator or the end");
  return node;
}

/** Definitions alone, as the library of filters has them. */
export function parseDefinitions(source: SourceText): readonly Definition[] {
  const parser = new Parser(new Cursor(source, tokenize(source)));
  const made: Definition[] = [];
  while (parser.cursor.peek().kind !== "end") made.push(parser.definition());
  return made;
}

const assigns: readonly string[] = ["=", "|=", "+=", "-=", "*=", "/=", "%=", "//="];
const compares: readonly string[] = ["==", "!=", "<", "<=", ">", ">="];

/** From loose to tight: `|`, `,`, `//` (right), assignment, `or`, `and`, comparison, `+ -`, `* / %`. */
class Parser implements Grammar {
  readonly cursor: Cursor;

  constructor(cursor: Cursor) {
    this.cursor = cursor;
  }

  pipeline(): Node {
    return this.cursor.deeper(() => {
      const { offset } = this.cursor.peek();
      this.#refuseModules();
      if (this.cursor.at("def")) {
        const definition = this.definition();
        return this.cursor.node({ kind: "define", definition, body: this.pipeline(), offset });
      }
      if (this.cursor.at("label") && this.cursor.peekAfter()?.kind === "variable") {
        this.cursor.skip();
        const name = this.cursor.variable();
        this.cursor.expect("|");
        return this.cursor.node({ kind: "label", name, body: this.pipeline(), offset });
      }
      const left = this.#comma();
      const pipe = this.cursor.peek().offset;
      if (!this.cursor.take("|")) return left;
      return this.cursor.node({ kind: "pipe", left, right: this.pipeline(), offset: pipe });
    });
  }

  #refuseModules(): void {
    const token = this.cursor.peek();
    if (token.kind === "word" && ["import", "include", "module"].includes(token.text))
      throw this.cursor.source.syntax(
        `'${token.text}' is not available: a filter reads no files`,
        token.offset,
      );
  }

  /** `source as $x ?// [$y] | body`: the source is the last operand before `as`. */
  #bind(source: Node, offset: number): Node {
    this.cursor.expect("as");
    const patterns: Pattern[] = [parsePattern(this)];
    while (this.cursor.take("?//")) patterns.push(parsePattern(this));
    this.cursor.expect("|");
    return this.cursor.node({ kind: "bind", source, patterns, body: this.pipeline(), offset });
  }

  definition(): Definition {
    this.cursor.expect("def");
    const token = this.cursor.skip();
    if (token.kind !== "word") throw this.cursor.source.syntax("a function's name is wanted", token.offset);
    const params: string[] = [];
    if (this.cursor.take("(")) {
      do {
        const param = this.cursor.skip();
        if (param.kind !== "word" && param.kind !== "variable")
          throw this.cursor.source.syntax("a parameter's name is wanted", param.offset);
        params.push(param.kind === "variable" ? `$${param.text}` : param.text);
      } while (this.cursor.take(";"));
      this.cursor.expect(")");
    }
    this.cursor.expect(":");
    const body = this.pipeline();
    this.cursor.expect(";");
    return { name: token.text, params, body };
  }

  #comma(): Node {
    let left = this.alternative();
    for (;;) {
      const { offset } = this.cursor.peek();
      if (!this.cursor.take(",")) return left;
      left = this.cursor.node({ kind: "comma", left, right: this.alternative(), offset });
    }
  }

  alternative(): Node {
    return this.cursor.deeper(() => {
      const left = this.#assign();
      const { offset } = this.cursor.peek();
      // `.a?//1` is `.a? // 1`; between patterns, where `?//` is a word of its own, no operand ends.
      const tried = this.cursor.take("?//");
      if (!tried && !this.cursor.take("//")) return left;
      const body = tried ? optional(this, left, offset) : left;
      return this.cursor.node({ kind: "alternative", left: body, right: this.alternative(), offset });
    });
  }

  #assign(): Node {
    const left = this.#or();
    const token = this.cursor.peek();
    if (token.kind !== "operator" || !assigns.includes(token.text)) return left;
    this.cursor.skip();
    const operator = token.text as AssignOperator;
    const right = this.alternative();
    return this.cursor.node({ kind: "assign", operator, left, right, offset: token.offset });
  }

  #or(): Node {
    let left = this.#and();
    for (;;) {
      const { offset } = this.cursor.peek();
      if (!this.cursor.take("or")) return left;
      left = this.cursor.node({ kind: "logic", operator: "or", left, right: this.#and(), offset });
    }
  }

  #and(): Node {
    let left = this.#compare();
    for (;;) {
      const { offset } = this.cursor.peek();
      if (!this.cursor.take("and")) return left;
      left = this.cursor.node({ kind: "logic", operator: "and", left, right: this.#compare(), offset });
    }
  }

  #compare(): Node {
    const left = this.#sum();
    const token = this.cursor.peek();
    if (token.kind !== "operator" || !compares.includes(token.text)) return left;
    this.cursor.skip();
    return this.#binary(token, left, this.#sum());
  }

  #sum(): Node {
    let left = this.#product();
    for (;;) {
      const token = this.cursor.peek();
      if (token.kind !== "operator" || !["+", "-"].includes(token.text)) return left;
      this.cursor.skip();
      left = this.#binary(token, left, this.#product());
    }
  }

  #product(): Node {
    let left = this.postfix();
    for (;;) {
      const token = this.cursor.peek();
      if (token.kind !== "operator" || !["*", "/", "%"].includes(token.text)) return left;
      this.cursor.skip();
      left = this.#binary(token, left, this.postfix());
    }
  }

  #binary(token: { readonly text: string; readonly offset: number }, left: Node, right: Node): Node {
    const operator = token.text as BinaryOperator;
    return this.cursor.node({ kind: "binary", operator, left, right, offset: token.offset });
  }

  postfix(): Node {
    const { offset } = this.cursor.peek();
    if (this.cursor.take("-")) return this.cursor.node({ kind: "negate", inner: this.postfix(), offset });
    const node = parsePostfix(this);
    return this.cursor.at("as") ? this.#bind(node, offset) : node;
  }
}
