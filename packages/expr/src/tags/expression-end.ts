/**
 * Where the `}}` that ends an expression tag stands, or -1: the first one outside quotes with all braces of the
 * expression closed, so that map literals and closures may stand in it.
 */
export function expressionEnd(text: string, from: number): number {
  let depth = 0;
  for (let at = from; at < text.length; at++) {
    const character = text[at];
    if (character === '"' || character === "'" || character === "`") {
      at = quoteEnd(text, at, character);
      if (at < 0) break;
    } else if (character === "{") depth++;
    else if (character === "}") {
      if (depth === 0 && text[at + 1] === "}") return at;
      depth--;
      if (depth < 0) break;
    }
  }
  // Unbalanced: the nearest closing ends it, and the expression's own parser says what is wrong with it.
  return text.indexOf("}}", from);
}

function quoteEnd(text: string, open: number, quote: string): number {
  for (let at = open + 1; at < text.length; at++) {
    if (text[at] === "\\" && quote !== "`") at++;
    else if (text[at] === quote) return at;
  }
  return -1;
}
