import { type CST, Lexer, Parser } from "yaml";
import type { ParseLimits } from "./limits.ts";

/** The one inner method of the library's lexer that is wrapped, and the state that it reads. */
interface LexerInside {
  indentNext: number;
  parseQuotedScalar: () => Generator<string, unknown>;
}

/** The text is too long or too deep to be worth going on; `offset` is how far it was read. */
export class TextLimit extends Error {
  readonly what: "tokens" | "depth";
  readonly offset: number;

  constructor(what: "tokens" | "depth", offset: number) {
    super(what);
    this.what = what;
    this.offset = offset;
  }
}

/** Open tokens of the deepest text that is taken: each level is one, beside its document and scalar. */
const maxOpen = ({ maxDepth }: Pick<ParseLimits, "maxDepth">): number => maxDepth + 8;

/**
 * Tokens of a text. Throws TextLimit. Quoted texts may go on at any indentation, as libyaml and Go's YAML take them:
 * many published manifests close a `args: ["…` over several lines at the column of its key.
 * (The library has no setting for it; were its inside to change, such texts would be errors again, and a test says so.)
 */
export function* tokensOf(
  text: string,
  onNewLine: (offset: number) => void,
  limits: Pick<ParseLimits, "maxDepth" | "maxTokens">,
): Generator<CST.Token, void> {
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
  onNewLine(0); // the lexer is ours, so the first line is said by us
  const parser = new Parser(onNewLine);
  let count = 0;
  for (const lexeme of lexer.lex(text)) {
    count += 1;
    if (count > limits.maxTokens) throw new TextLimit("tokens", parser.offset);
    if (parser.stack.length > maxOpen(limits)) throw new TextLimit("depth", parser.offset);
    yield* parser.next(lexeme);
  }
  yield* parser.end();
}
