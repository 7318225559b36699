// From the nodes of a YAML document to plain JSON.
// Invariants
//   Y1. No value shares the prototype chain with a key of the text: forbidden keys are refused, never written.
//   Y2. What aliases unfold to is counted as if it were written out; the count is bounded.
//   Y3. Equal keys in one map are an error, found in linear time. Under `metadata`, which changes nothing that runs, the
//       last one wins with a warning, as the incumbent has it.
import { isForbiddenKey, isObject, type Json, type JsonObject } from "@sluice/base";
import { type Document, isAlias, isMap, isScalar, isSeq, type Node, type Scalar, type YAMLMap } from "yaml";
import type { IssueCode } from "../issue.ts";
import { numberText } from "../meta.ts";
import type { ParseLimits } from "./limits.ts";

export interface ConvertIssue {
  readonly code: IssueCode;
  readonly message: string;
  readonly hint: string;
  readonly offset: number;
  readonly severity: "error" | "warning";
}

export interface Converted {
  readonly json: Json;
  readonly anchors: ReadonlyMap<string, Node>;
  readonly issues: readonly ConvertIssue[];
}

interface Anchored {
  readonly node: Node;
  readonly json: Json;
  readonly size: number;
  readonly height: number;
}

/** What a value unfolds to, for the bounds. */
interface Built {
  readonly json: Json;
  readonly size: number;
  readonly height: number;
}

class Stop extends Error {}

/** What YAML 1.1, which Kubernetes reads, has for a text of YAML 1.2. `y` and `n` are left out: they are names too often. */
function inYaml11(text: string): boolean | number | undefined {
  if (/^(?:yes|Yes|YES|on|On|ON)$/.test(text)) return true;
  if (/^(?:no|No|NO|off|Off|OFF)$/.test(text)) return false;
  const [, binary] = /^0b([01_]*[01])$/.exec(text) ?? [];
  const digits = binary ?? (/^[1-9]\d*(?:_\d+)+$/.test(text) ? text : undefined);
  if (digits === undefined) return undefined;
  return Number.parseInt(digits.replaceAll("_", ""), binary === undefined ? 10 : 2);
}

/** Turns a document into JSON and says everything that is wrong with it. Never throws on what the text says. */
export function convertDocument(document: Document.Parsed, limits: ParseLimits): Converted {
  const converter = new Converter(limits);
  let json: Json = null;
  try {
    json = converter.value(document.contents, 0).json;
  } catch (error) {
    if (!(error instanceof Stop)) throw error;
  }
  const anchors = new Map([...converter.anchors].map(([name, anchored]) => [name, anchored.node]));
  return { json, anchors, issues: converter.issues };
}

class Converter {
  readonly anchors = new Map<string, Anchored>();
  readonly issues: ConvertIssue[] = [];
  readonly #limits: ParseLimits;
  #nodes = 0;
  #inMetadata = false;

  constructor(limits: ParseLimits) {
    this.#limits = limits;
  }

  value(node: Node | null | undefined, depth: number): Built {
    if (node == null) return { json: null, size: 1, height: 0 };
    if (isAlias(node)) return this.#alias(node.source, node, depth);
    this.#count(1, node);
    const built = this.#plain(node, depth);
    const anchor = "anchor" in node ? node.anchor : undefined;
    if (anchor !== undefined) this.anchors.set(anchor, { node, ...built });
    return built;
  }

  #plain(node: Node, depth: number): Built {
    if (isMap(node)) return this.#map(node, depth);
    if (isSeq(node)) {
      const items: Json[] = [];
      let size = 1;
      let height = 0;
      for (const item of node.items) {
        const built = this.value(item as Node, depth + 1);
        items.push(built.json);
        size += built.size;
        height = Math.max(height, built.height + 1);
      }
      return { json: items, size, height };
    }
    return { json: isScalar(node) ? this.#scalar(node) : null, size: 1, height: 0 };
  }

  #alias(name: string, node: Node, depth: number): Built {
    const target = this.anchors.get(name);
    if (target === undefined) {
      this.#issue(
        "SPEC_YAML",
        node,
        `alias '*${name}' names no anchor before it`,
        `write '&${name}' before the value`,
      );
      return { json: null, size: 1, height: 0 };
    }
    this.#count(target.size, node);
    if (depth + target.height > this.#limits.maxDepth) this.#tooDeep(node);
    return target;
  }

  #map(node: YAMLMap, depth: number): Built {
    const result: Record<string, Json> = {};
    const seen = new Set<string>();
    let size = 1;
    let height = 0;
    for (const pair of node.items) {
      const keyNode = pair.key as Node;
      if (depth === 0) this.#inMetadata = isScalar(keyNode) && keyNode.value === "metadata";
      const built = this.value(pair.value as Node | null, depth + 1);
      size += built.size;
      height = Math.max(height, built.height + 1);
      if (isScalar(keyNode) && keyNode.value === "<<" && keyNode.type === "PLAIN") {
        this.#merge(result, built.json, seen, keyNode);
        continue;
      }
      const key = this.#key(keyNode);
      if (key === undefined) continue;
      if (seen.has(key)) {
        this.#duplicate(key, keyNode);
        if (!this.#inMetadata) continue;
      }
      seen.add(key);
      result[key] = built.json;
    }
    return { json: result, size, height };
  }

  #duplicate(key: string, node: Node): void {
    const message = `key '${key}' stands twice in this map`;
    const hint = this.#inMetadata ? "keep one of the two: the last one wins" : "keep one of the two";
    this.#issue("SPEC_KEY_DUPLICATE", node, message, hint, this.#inMetadata ? "warning" : "error");
  }

  /** `<<`: keys of the merged maps that are not set already; a key set later by the map itself wins. */
  #merge(result: Record<string, Json>, from: Json, seen: ReadonlySet<string>, keyNode: Node): void {
    const sources: readonly Json[] = Array.isArray(from) ? from : [from];
    for (const source of sources) {
      if (!isObject(source)) {
        this.#issue(
          "SPEC_YAML",
          keyNode,
          "'<<' must be given a map or a list of maps",
          "use an alias of a map",
        );
        return;
      }
      for (const [key, value] of Object.entries(source as JsonObject)) {
        if (!seen.has(key) && !Object.hasOwn(result, key)) result[key] = value;
      }
    }
  }

  #key(node: Node | null): string | undefined {
    if (node === null) return "";
    const target = isAlias(node) ? this.anchors.get(node.source)?.node : node;
    if (!isScalar(target)) {
      const hint = isMap(target) ? 'quote it: a text with a tag in front is "{{…}}"' : "quote the key";
      this.#issue("SPEC_YAML", node, "a key must be a plain text, not a list or map", hint);
      return undefined;
    }
    const key = target.source ?? String(target.value ?? "");
    if (!isForbiddenKey(key)) return key;
    this.#issue(
      "SPEC_KEY_FORBIDDEN",
      node,
      `key '${key}' is refused: it could reach into the program`,
      "rename the key",
    );
    return undefined;
  }

  #scalar(node: Scalar): Json {
    const { value } = node;
    if (typeof value === "number") {
      if (!Number.isFinite(value)) {
        this.#issue("SPEC_TYPE", node, `'${node.source}' is not a number that JSON can carry`, "quote it");
        return null;
      }
      if (Number.isInteger(value) && !Number.isSafeInteger(value) && /^[-+]?\d+$/.test(node.source ?? "")) {
        const message = `${node.source} has more digits than a number keeps: it is read as ${numberText(value)}`;
        this.#issue("SPEC_VALUE", node, message, "quote it", "warning");
      }
      // Kubernetes' YAML reads 0755 as octal, as YAML 1.1 did; file modes are written so.
      const octal = node.type === "PLAIN" && node.source !== undefined && /^[-+]?0[0-7]+$/.test(node.source);
      return octal ? Number.parseInt(node.source ?? "", 8) : value;
    }
    if (typeof value === "string" && node.type === "PLAIN" && node.tag === undefined) {
      const old = inYaml11(value);
      if (old !== undefined) {
        const message = `'${value}' without quotes is ${old}, as Kubernetes reads it`;
        this.#issue("SPEC_VALUE", node, message, `write ${old}, or '${value}' for the text`, "warning");
        return old;
      }
    }
    if (typeof value === "string" || typeof value === "boolean" || value === null) return value;
    this.#issue("SPEC_TYPE", node, "only texts, numbers, booleans and null can be read", "quote the value");
    return null;
  }

  #count(size: number, node: Node): void {
    this.#nodes += size;
    if (this.#nodes <= this.#limits.maxNodes) return;
    this.#issue(
      "SPEC_LIMIT",
      node,
      `the document unfolds to more than ${this.#limits.maxNodes} values`,
      "split it, or use fewer aliases",
    );
    throw new Stop();
  }

  #tooDeep(node: Node): void {
    this.#issue(
      "SPEC_LIMIT",
      node,
      `the document nests deeper than ${this.#limits.maxDepth} levels`,
      "flatten it",
    );
    throw new Stop();
  }

  #issue(
    code: IssueCode,
    node: Node | null,
    message: string,
    hint: string,
    severity: ConvertIssue["severity"] = "error",
  ): void {
    this.issues.push({ code, message, hint, severity, offset: node?.range?.[0] ?? 0 });
  }
}
