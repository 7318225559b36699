import { type CST, Lexer, Parser } from "yaml";

/** The one inner method of the library's lexer that is wrapped, and the state that it reads. */
interface LexerInside {
  indentNext: number;
  parseQuotedScalar: () => Generator<string, unknown>;
}

/**
 * Tokens of a text. Quoted texts may go on at any indentation, as libyaml and Go's YAML take them:
 * many published manifests close a `args: ["…` over several lines at the column of its key.
 * (The library has no setting for it; were its inside to change, such texts would be errors again, and a test says so.)
 */
export function* tokensOf(text: string, onNewLine: (offset: number) => void): Generator<CST.Token, void> {
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
  for (const lexeme of lexer.lex(text)) yield* parser.next(lexeme);
  yield* parser.end();
}
