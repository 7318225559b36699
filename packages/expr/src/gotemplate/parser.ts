import { maxDepth, maxNodes } from "../budget.ts";
import { ExprError } from "../errors.ts";
import type { SourceText } from "../position.ts";
import { cutTemplate, type Piece, type Token } from "./lexer.ts";

export type Operand =
  | { readonly kind: "literal"; readonly value: string | number | boolean | null; readonly offset: number }
  | {
      readonly kind: "field";
      readonly root: string;
      readonly names: readonly string[];
      readonly offset: number;
    }
  | { readonly kind: "word"; readonly text: string; readonly offset: number }
  | {
      readonly kind: "group";
      readonly pipe: Pipe;
      readonly names: readonly string[];
      readonly offset: number;
    };

export interface Pipe {
  /** Variables that get the value: `$x :=` declares, `$x =` assigns. */
  readonly variables: readonly string[];
  readonly assigns: boolean;
  readonly commands: readonly (readonly Operand[])[];
  readonly offset: number;
}

export type TemplateNode =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "output"; readonly pipe: Pipe }
  | {
      readonly kind: "if" | "with" | "range";
      readonly pipe: Pipe;
      readonly body: Body;
      readonly otherwise: Body;
    }
  | {
      readonly kind: "template";
      readonly name: string;
      readonly pipe: Pipe | undefined;
      readonly offset: number;
    }
  | { readonly kind: "break" | "continue" };
export type Body = readonly TemplateNode[];

export interface ParsedGoTemplate {
  readonly body: Body;
  readonly defined: ReadonlyMap<string, Body>;
}

export function parseGoTemplate(source: SourceText): ParsedGoTemplate {
  return new TemplateParser(source).whole();
}

/** What ended a body: `end` or an `else` with what stands after it. */
interface Ended {
  readonly body: Body;
  readonly by: "end" | "else" | "text end";
  readonly rest: readonly Token[];
  readonly offset: number;
}

class TemplateParser {
  readonly #source: SourceText;
  readonly #pieces: readonly Piece[];
  readonly #defined = new Map<string, Body>();
  #next = 0;
  #depth = 0;
  /** Loops around this place. */
  #ranges = 0;

  constructor(source: SourceText) {
    this.#source = source;
    this.#pieces = cutTemplate(source);
    if (this.#pieces.length > maxNodes)
      throw ExprError.LIMIT({ language: "gotemplate", what: "actions and texts", max: maxNodes });
  }

  whole(): ParsedGoTemplate {
    const { body, by, offset } = this.#body();
    if (by !== "text end") throw this.#source.syntax(`unexpected {{${by}}}`, offset);
    return { body, defined: this.#defined };
  }

  #body(): Ended {
    if (++this.#depth > maxDepth)
      throw ExprError.LIMIT({ language: "gotemplate", what: "nested actions", max: maxDepth });
    const ended = this.#pieceByPiece();
    this.#depth--;
    return ended;
  }

  #pieceByPiece(): Ended {
    const body: TemplateNode[] = [];
    for (;;) {
      const piece = this.#pieces[this.#next++];
      if (piece === undefined) return { body, by: "text end", rest: [], offset: this.#source.text.length };
      if (piece.kind === "text") {
        body.push(piece);
        continue;
      }
      const [first, ...rest] = piece.tokens;
      const word = first?.kind === "word" ? first.text : "";
      if (word === "end" || word === "else") return { body, by: word, rest, offset: piece.offset };
      const node = this.#action(word, piece.tokens, piece.offset);
      if (node !== undefined) body.push(node);
    }
  }

  #action(word: string, tokens: readonly Token[], offset: number): TemplateNode | undefined {
    const rest = tokens.slice(1);
    switch (word) {
      case "if":
      case "with":
      case "range":
        return this.#branch(word, rest, offset);
      case "define":
        this.#defined.set(this.#name(rest, offset), this.#until(offset));
        return undefined;
      case "block": {
        const name = this.#name(rest, offset);
        this.#defined.set(name, this.#until(offset));
        return { kind: "template", name, pipe: this.#optionalPipe(rest.slice(1), offset), offset };
      }
      case "template":
        return {
          kind: "template",
          name: this.#name(rest, offset),
          pipe: this.#optionalPipe(rest.slice(1), offset),
          offset,
        };
      case "break":
      case "continue":
        if (this.#ranges === 0) throw this.#source.syntax(`{{${word}}} outside {{range}}`, offset);
        return { kind: word };
      default:
        return { kind: "output", pipe: readPipe(this.#source, tokens, offset) };
    }
  }

  #branch(kind: "if" | "with" | "range", tokens: readonly Token[], offset: number): TemplateNode {
    const pipe = readPipe(this.#source, tokens, offset);
    const inRange = kind === "range" ? 1 : 0;
    this.#ranges += inRange;
    const ended = this.#body();
    this.#ranges -= inRange;
    if (ended.by === "text end") throw this.#source.syntax(`{{${kind}}} has no {{end}}`, offset);
    const otherwise = ended.by === "else" ? this.#otherwise(ended, offset) : [];
    return { kind, pipe, body: ended.body, otherwise };
  }

  #otherwise({ rest, offset }: Ended, opened: number): Body {
    const [first, ...tokens] = rest;
    if (first === undefined) return this.#until(opened);
    const word = first.kind === "word" ? first.text : "";
    if (word !== "if" && word !== "with")
      throw this.#source.syntax("only 'if' or 'with' may follow 'else'", offset);
    if (++this.#depth > maxDepth)
      throw ExprError.LIMIT({ language: "gotemplate", what: "branches of one action", max: maxDepth });
    const branch = this.#branch(word, tokens, offset);
    this.#depth--;
    return [branch];
  }

  #until(opened: number): Body {
    const { body, by } = this.#body();
    if (by !== "end") throw this.#source.syntax("this action has no {{end}}", opened);
    return body;
  }

  #name(tokens: readonly Token[], offset: number): string {
    const [first] = tokens;
    if (first?.kind === "literal" && typeof first.value === "string") return first.value;
    throw this.#source.syntax("the name of a template in quotes is wanted", offset);
  }

  #optionalPipe(tokens: readonly Token[], offset: number): Pipe | undefined {
    return tokens.length === 0 ? undefined : readPipe(this.#source, tokens, offset);
  }
}

/** Reads a whole pipeline; the tokens must end with it. */
function readPipe(source: SourceText, tokens: readonly Token[], offset: number): Pipe {
  const reader = { source, tokens, next: 0, depth: 0 };
  const pipe = pipeline(reader, offset);
  const left = tokens[reader.next];
  if (left !== undefined) throw source.syntax("unexpected end of a pipeline", left.offset);
  return pipe;
}

interface Reader {
  readonly source: SourceText;
  readonly tokens: readonly Token[];
  next: number;
  depth: number;
}

const isMark = (token: Token | undefined, text: string): boolean =>
  token?.kind === "mark" && token.text === text;

function pipeline(reader: Reader, offset: number): Pipe {
  const { variables, assigns } = declaration(reader);
  const commands: (readonly Operand[])[] = [];
  for (;;) {
    const command: Operand[] = [];
    for (let token = reader.tokens[reader.next]; token !== undefined; token = reader.tokens[reader.next]) {
      if (isMark(token, "|") || isMark(token, ")")) break;
      command.push(operand(reader, token));
    }
    if (command.length === 0)
      throw reader.source.syntax("a value is missing here", reader.tokens[reader.next]?.offset ?? offset);
    commands.push(command);
    if (!isMark(reader.tokens[reader.next], "|")) return { variables, assigns, commands, offset };
    reader.next++;
  }
}

function declaration(reader: Reader): Pick<Pipe, "variables" | "assigns"> {
  const named = (token: Token | undefined): string | undefined =>
    token?.kind === "field" && token.root.startsWith("$") && token.names.length === 0
      ? token.root
      : undefined;
  const [first, second, third, fourth] = reader.tokens.slice(reader.next, reader.next + 4);
  const one = named(first);
  if (one === undefined) return { variables: [], assigns: false };
  if (isMark(second, ":=") || isMark(second, "=")) {
    reader.next += 2;
    return { variables: [one], assigns: isMark(second, "=") };
  }
  const two = named(third);
  if (two === undefined || !isMark(second, ",") || !isMark(fourth, ":="))
    return { variables: [], assigns: false };
  reader.next += 4;
  return { variables: [one, two], assigns: false };
}

function operand(reader: Reader, token: Token): Operand {
  reader.next++;
  if (token.kind === "field") {
    if (token.root !== "" && !token.root.startsWith("$"))
      throw reader.source.syntax(`function "${token.root}" has no fields`, token.offset);
    return token;
  }
  if (token.kind !== "mark") return token;
  if (token.text !== "(") throw reader.source.syntax(`unexpected '${token.text}' in an action`, token.offset);
  if (++reader.depth > maxDepth)
    throw ExprError.LIMIT({ language: "gotemplate", what: "nested parentheses", max: maxDepth });
  const pipe = pipeline(reader, token.offset);
  reader.depth--;
  const close = reader.tokens[reader.next++];
  if (!isMark(close, ")")) throw reader.source.syntax("this '(' is never closed", token.offset);
  const after = reader.tokens[reader.next];
  const fielded = after?.kind === "field" && after.root === "" && after.offset === (close?.offset ?? 0) + 1;
  if (fielded) reader.next++;
  return { kind: "group", pipe, names: fielded ? after.names : [], offset: token.offset };
}
