import type { CST } from "yaml";

type Token = CST.Token;

/**
 * Whether a concrete syntax tree nests deeper than `maxDepth`. It walks with a stack of its own: the composer after it
 * recurses, so that a text of 100,000 `[` would end the process instead of giving an error.
 */
export function deeperThan(token: Token, maxDepth: number): { readonly offset: number } | undefined {
  const stack: { readonly token: Token; readonly depth: number }[] = [{ token, depth: 0 }];
  for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
    if (top.depth > maxDepth) return { offset: "offset" in top.token ? top.token.offset : 0 };
    for (const token of innerTokens(top.token)) {
      stack.push({ token, depth: top.token.type === "document" ? top.depth : top.depth + 1 });
    }
  }
  return undefined;
}

function* innerTokens(token: Token): Iterable<Token> {
  if (token.type === "document") {
    if (token.value !== undefined) yield token.value;
    return;
  }
  if (!("items" in token)) return;
  for (const item of token.items) {
    if (item.key != null) yield item.key;
    if (item.value !== undefined) yield item.value;
  }
}
