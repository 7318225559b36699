import { maxDepth, maxNodes } from "../budget.ts";
import { ExprError } from "../errors.ts";
import type { SourceText } from "../position.ts";

/** A condition over names: the common tree of `depends` and of trigger conditions. */
export type BooleanNode =
  | { readonly kind: "name"; readonly name: string; readonly offset: number }
  | { readonly kind: "not"; readonly inner: BooleanNode; readonly offset: number }
  | { readonly kind: "and" | "or"; readonly items: readonly BooleanNode[] };

interface Token {
  readonly text: string;
  readonly offset: number;
}

const tokenPattern = /\s*(?:(&&|\|\||[!()])|([A-Za-z0-9_][A-Za-z0-9_.-]*)|(\S))/gy;

/** Parses `&& || ! ( )` over names of letters, digits, `_`, `-` and `.`. */
export function parseBoolean(source: SourceText): BooleanNode {
  const parser = new BooleanParser(source, tokenize(source));
  return parser.whole();
}

function tokenize(source: SourceText): readonly Token[] {
  const tokens: Token[] = [];
  for (const match of source.text.trimEnd().matchAll(tokenPattern)) {
    const text = match[1] ?? match[2] ?? match[3] ?? "";
    const offset = match.index + match[0].length - text.length;
    if (match[3] !== undefined)
      throw source.syntax(`unexpected '${text}', wanted a name, '&&', '||', '!' or a parenthesis`, offset);
    tokens.push({ text, offset });
  }
  if (tokens.length > maxNodes)
    throw ExprError.LIMIT({ language: source.language, what: "words and operators", max: maxNodes });
  return tokens;
}

class BooleanParser {
  readonly #source: SourceText;
  readonly #tokens: readonly Token[];
  #next = 0;
  #depth = 0;

  constructor(source: SourceText, tokens: readonly Token[]) {
    this.#source = source;
    this.#tokens = tokens;
  }

  whole(): BooleanNode {
    const node = this.#or();
    const left = this.#tokens[this.#next];
    if (left !== undefined)
      throw this.#source.syntax(`unexpected '${left.text}', wanted '&&', '||' or the end`, left.offset);
    return node;
  }

  #or(): BooleanNode {
    return this.#chain("or", "||", () => this.#chain("and", "&&", () => this.#unary()));
  }

  #chain(kind: "and" | "or", operator: string, operand: () => BooleanNode): BooleanNode {
    const items = [operand()];
    while (this.#tokens[this.#next]?.text === operator) {
      this.#next++;
      items.push(operand());
    }
    return items.length === 1 ? (items[0] as BooleanNode) : { kind, items };
  }

  #unary(): BooleanNode {
    const token = this.#tokens[this.#next];
    if (token === undefined)
      throw this.#source.syntax("the expression ends where a name is wanted", this.#source.text.length);
    this.#next++;
    if (token.text === "!")
      return { kind: "not", inner: this.#deeper(() => this.#unary()), offset: token.offset };
    if (token.text === "(") return this.#group(token);
    if (/^[&|)]/.test(token.text))
      throw this.#source.syntax(`unexpected '${token.text}', wanted a name`, token.offset);
    return { kind: "name", name: token.text, offset: token.offset };
  }

  #group(open: Token): BooleanNode {
    const inner = this.#deeper(() => this.#or());
    if (this.#tokens[this.#next]?.text !== ")")
      throw this.#source.syntax("this '(' is never closed", open.offset);
    this.#next++;
    return inner;
  }

  #deeper(parse: () => BooleanNode): BooleanNode {
    if (++this.#depth > maxDepth)
      throw ExprError.LIMIT({ language: this.#source.language, what: "nested levels", max: maxDepth });
    const node = parse();
    this.#depth--;
    return node;
  }
}

export function namesOf(node: BooleanNode): readonly { readonly name: string; readonly offset: number }[] {
  switch (node.kind) {
    case "name":
      return [node];
    case "not":
      return namesOf(node.inner);
    case "and":
    case "or":
      return node.items.flatMap(namesOf);
  }
}

/** `truth` gets the name as written. */
export function evaluateBoolean(node: BooleanNode, truth: (name: string) => boolean): boolean {
  switch (node.kind) {
    case "name":
      return truth(node.name);
    case "not":
      return !evaluateBoolean(node.inner, truth);
    case "and":
      return node.items.every((item) => evaluateBoolean(item, truth));
    case "or":
      return node.items.some((item) => evaluateBoolean(item, truth));
  }
}
