import { type CST, Lexer, Parser } from "yaml";
import type { ParseLimits } from "./limits.ts";

/** The one inner method of the library's lexer that is wrapped, and the state that it reads. */
interface LexerInside {
  indentNext: number;
  parseQuotedScalar: () => Generator<string, unknown>;
}

export type TextBound = "maxTokens" | "maxMarks" | "maxDepth";

/** The text is not worth going on; `offset` is how far it was read. */
export class TextLimit extends Error {
  readonly what: TextBound;
  readonly offset: number;

  constructor(what: TextBound, offset: number) {
    super(what);
    this.what = what;
    this.offset = offset;
  }
}

/** Open tokens of the deepest text that is taken: each level is one, beside its document and scalar. */
const maxOpen = ({ maxDepth }: Pick<ParseLimits, "maxDepth">): number => maxDepth + 8;

/** Tokens of a text. Throws TextLimit. */
export function* tokensOf(
  text: string,
  onNewLine: (offset: number) => void,
  limits: Pick<ParseLimits, TextBound>,
): Generator<CST.Token, void> {
  onNewLine(0); // the lexer is ours, so the first line is said by us
  const parser = new Parser(onNewLine);
  for (const lexeme of lexemesOf(text, limits)) {
    if (parser.stack.length > maxOpen(limits)) throw new TextLimit("maxDepth", parser.offset);
    yield* parser.next(lexeme);
  }
  yield* parser.end();
}

/** The whole text's pieces, counted before any is parsed: the lexer alone costs a fifth of all that follows. */
function lexemesOf(text: string, limits: Pick<ParseLimits, TextBound>): readonly string[] {
  const lexemes: string[] = [];
  let offset = 0;
  let marks = 0;
  let inScalar = false;
  for (const lexeme of makeLexer().lex(text)) {
    lexemes.push(lexeme);
    if (lexemes.length > limits.maxTokens) throw new TextLimit("maxTokens", offset);
    if (!inScalar && /^[&*!]/.test(lexeme) && ++marks > limits.maxMarks)
      throw new TextLimit("maxMarks", offset);
    inScalar = lexeme === scalarAhead;
    if (!controls.has(lexeme)) offset += lexeme.length;
  }
  return lexemes;
}

const scalarAhead = "\u001f";
/** What the lexer says besides pieces of the text: byte order mark, document, end of a flow, scalar. */
const controls: ReadonlySet<string> = new Set(["\u0002", "\u0018", scalarAhead]);

/**
 * Quoted texts may go on at any indentation, as libyaml and Go's YAML take them: many published manifests close a
 * `args: ["…` over several lines at the column of its key.
 * (The library has no setting for it; were its inside to change, such texts would be errors again, and a test says so.)
 */
function makeLexer(): Lexer {
  const lexer = new Lexer();
  const inside = lexer as unknown as LexerInside;
  const quoted = inside.parseQuotedScalar?.bind(lexer);
  if (quoted !== undefined) {
    inside.parseQuotedScalar = function* () {
      const indent = inside.indentNext;
      inside.indentNext = 0;
      const next = yield* quoted();
      inside.indentNext = indent;
      return next;
    };
  }
  return lexer;
}
