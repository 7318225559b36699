// Spellings of names: camel, snake and kebab case, as huandu/xstrings has them.

/**
 * A capital after each connector, which goes; of several connectors in a row the last one goes, and those at the ends
 * stay. Capitals after capitals become small.
 */
export function camelCase(text: string): string {
  const start = text.search(/[^-_ ]/);
  if (start < 0) return text;
  let end = text.length;
  while (isConnector(text[end - 1])) end--;
  const core = text.slice(start, end);
  let made = "";
  let begins = true;
  let before = "";
  for (const letter of core.matchAll(/[-_ ]+|[\s\S]/gu)) {
    const [piece] = letter;
    if (/^[-_ ]/.test(piece)) {
      made += piece.slice(0, -1);
      begins = true;
    } else {
      made += begins ? piece.toUpperCase() : /\p{Lu}/u.test(before) ? piece.toLowerCase() : piece;
      begins = false;
    }
    before = piece;
  }
  return text.slice(0, start) + made + text.slice(end);
}

const isConnector = (character: string | undefined): boolean =>
  character === "-" || character === "_" || character === " ";

/** Words with `connector` between them; each connector that is there becomes it. Digits go with what they belong to. */
export function delimitedCase(text: string, connector: "_" | "-"): string {
  let made = "";
  let afterWord = false;
  for (const [piece] of text.matchAll(pieces)) {
    const isWord = /^[\p{L}\d]/u.test(piece);
    if (/^[-_\s]$/.test(piece)) made += connector;
    else made += (isWord && afterWord ? connector : "") + piece.toLowerCase();
    afterWord = isWord;
  }
  return made;
}

/** `HTTP20`, `Floor`, `3rd`, and single characters of all else. */
const pieces =
  /(?:\p{Lu}+(?!\p{Ll})|\p{Lu}?\p{Ll}+)(?:\d+(?![\d\p{Ll}]))?|\d+(?:\p{Ll}[\p{Ll}\d]*)?|[\s\S]/gu;
