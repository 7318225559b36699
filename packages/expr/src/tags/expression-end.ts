/** How many looks for a balanced end may fail in one text before the nearest `}}` is taken without looking. */
const maxFailures = 64;
/** Longest expression that is looked through for its end. */
const maxScan = 65_536;

/**
 * Finds the ends of a text's expression tags. Bounds: a look goes at most 65,536 characters far, and 64 of them may
 * fail, so a text of nothing but odd braces costs time in line with its length.
 */
export class ExpressionEnds {
  readonly #text: string;
  #failures = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /**
   * Where the `}}` that ends an expression stands, `nearest` being the next one at all: the first outside quotes with
   * all braces of the expression closed, so that map literals and closures may stand in it.
   */
  endFrom(from: number, nearest: number): number {
    if (nearest < 0 || this.#failures >= maxFailures) return nearest;
    const balanced = balancedEnd(this.#text, from);
    if (balanced >= 0) return balanced;
    this.#failures++;
    // Unbalanced: the nearest closing ends it, and the expression's own parser says what is wrong with it.
    return nearest;
  }
}

function balancedEnd(text: string, from: number): number {
  let depth = 0;
  const last = Math.min(text.length, from + maxScan);
  for (let at = from; at < last; at++) {
    const character = text[at];
    if (character === '"' || character === "'" || character === "`") {
      at = quoteEnd(text, at, character, last);
      if (at < 0) return -1;
    } else if (character === "{") depth++;
    else if (character === "}") {
      if (depth === 0) return text[at + 1] === "}" ? at : -1;
      depth--;
    }
  }
  return -1;
}

function quoteEnd(text: string, open: number, quote: string, last: number): number {
  for (let at = open + 1; at < last; at++) {
    if (text[at] === "\\" && quote !== "`") at++;
    else if (text[at] === quote) return at;
  }
  return -1;
}
