import { isAlias, isMap, isScalar, isSeq, type LineCounter, type Node, type Pair } from "yaml";
import type { Inside, Locate, Path, Position } from "../issue.ts";

export interface LocateSource {
  readonly root: Node | null;
  readonly anchors: ReadonlyMap<string, Node>;
  readonly text: string;
  readonly lines: LineCounter;
}

/** Makes the finder of one document. A path that is not in the text is placed at its nearest ancestor that is. */
export function makeLocate(source: LocateSource): Locate {
  const index = new WeakMap<Node, ReadonlyMap<string, Pair>>();
  const pairsOf = (node: Node): ReadonlyMap<string, Pair> => {
    let pairs = index.get(node);
    if (pairs === undefined) {
      pairs = indexPairs(node);
      index.set(node, pairs);
    }
    return pairs;
  };
  const follow = (node: Node | null | undefined): Node | undefined =>
    isAlias(node) ? source.anchors.get(node.source) : (node ?? undefined);

  return (path, what = "value", inside) => {
    let node = follow(source.root);
    let key: Node | undefined;
    for (const step of path) {
      const found: { node: Node | undefined; key: Node | undefined } | undefined = stepInto(node, step);
      if (found === undefined) return at(source, what === "key" ? (key ?? node) : (node ?? key), undefined);
      node = follow(found.node);
      // An item of a list has no key: what lacks something in it begins where the item does.
      key = found.key ?? (node === undefined ? key : undefined);
    }
    return at(source, what === "key" ? (key ?? node) : (node ?? key), inside);
  };

  function stepInto(node: Node | undefined, step: Path[number]) {
    if (isMap(node)) {
      const pair = pairsOf(node).get(String(step));
      return pair === undefined
        ? undefined
        : { node: (pair.value ?? undefined) as Node | undefined, key: pair.key as Node };
    }
    if (isSeq(node) && typeof step === "number") {
      const item = node.items[step] as Node | undefined;
      return item === undefined ? undefined : { node: item, key: undefined };
    }
    return undefined;
  }
}

function indexPairs(node: Node): ReadonlyMap<string, Pair> {
  const pairs = new Map<string, Pair>();
  if (!isMap(node)) return pairs;
  for (const pair of node.items) {
    const key = isScalar(pair.key) ? (pair.key.source ?? String(pair.key.value ?? "")) : undefined;
    if (key !== undefined && !pairs.has(key)) pairs.set(key, pair);
  }
  return pairs;
}

function at(source: LocateSource, node: Node | undefined, inside: Inside | undefined): Position | undefined {
  const range = node?.range;
  if (range == null) return undefined;
  const found = inside === undefined ? -1 : indexOfWord(source.text.slice(range[0], range[1]), inside.text);
  const place = found < 0 ? 0 : Math.min(found + (inside?.offset ?? 0), range[1] - range[0]);
  const { line, col } = source.lines.linePos(range[0] + place);
  return { line: Math.max(1, line), col: Math.max(1, col) };
}

/** Where a text stands by itself, not as a part of a longer name; else where it stands at all. */
function indexOfWord(source: string, text: string): number {
  const partOfName = /[\w-]/;
  for (let at = source.indexOf(text); at >= 0; at = source.indexOf(text, at + 1)) {
    const before = source[at - 1] ?? " ";
    const after = source[at + text.length] ?? " ";
    if (!partOfName.test(before) && !partOfName.test(after)) return at;
  }
  return source.indexOf(text);
}
