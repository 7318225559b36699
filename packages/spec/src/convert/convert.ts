// Manifests in old spellings as they are written now. The text is edited, not made anew: comments and order stay.
import type { Json } from "@sluice/base";
import {
  type Document,
  isMap,
  isPair,
  isScalar,
  isSeq,
  type Pair,
  parseAllDocuments,
  type YAMLMap,
  YAMLSeq,
} from "yaml";
import { SpecError } from "../errors.ts";
import { hasErrors } from "../issue.ts";
import { parseManifests } from "../yaml/parse.ts";

export interface Conversion {
  /** YAML, as it was but for the changes. */
  readonly text: string;
  readonly documents: readonly Json[];
  /** What was changed, by the place: `spec.schedule`. */
  readonly changes: readonly Change[];
}

export interface Change {
  readonly path: string;
  readonly what: string;
}

const plurals: Readonly<Record<string, string>> = { mutex: "mutexes", semaphore: "semaphores" };

/**
 * `schedule` → `schedules`, `mutex` and `semaphore` → lists, wherever a workflow is written; `podPriority`, which is gone,
 * is left out. Errors: SPEC_INVALID for a text that is no YAML or over the bounds of manifests.
 */
export function convertManifests(text: string, file?: string): Conversion {
  const { issues } = parseManifests(text, { file });
  if (hasErrors(issues)) throw SpecError.INVALID({ issues });
  const changes: Change[] = [];
  const documents = parseAllDocuments(text.startsWith("\uFEFF") ? text.slice(1) : text);
  const found = (Array.isArray(documents) ? documents : []).filter((document) => document.contents !== null);
  for (const document of found) convertDocument(document, changes);
  return {
    text: found.map((document) => document.toString({ lineWidth: 0 }).replace(/^---\n/, "")).join("---\n"),
    documents: found.map((document) => document.toJS({ maxAliasCount: 100 }) as Json),
    changes,
  };
}

function convertDocument(document: Document.Parsed, changes: Change[]): void {
  walk(document.contents, [], (pair, map, path) => {
    const key = keyOf(pair);
    const parent = path.at(-2);
    const plural = key === undefined || !Object.hasOwn(plurals, key) ? undefined : plurals[key];
    if (parent === "synchronization" && plural !== undefined) pluralize(pair, { map, plural, path, changes });
    else if (key === "schedule" && path.length === 2 && parent === "spec" && isCron(document))
      pluralize(pair, { map, plural: "schedules", path, changes });
    else if (key === "podPriority" && parent !== "parameters" && path[0] === "spec") {
      map.delete(pair.key);
      changes.push({ path: path.join("."), what: "left out: set podPriorityClassName" });
    }
  });
}

const isCron = (document: Document.Parsed): boolean => document.get("kind") === "CronWorkflow";

interface Place {
  readonly map: YAMLMap;
  readonly plural: string;
  readonly path: readonly string[];
  readonly changes: Change[];
}

/** The value becomes the list's only entry, or its last one where there is a list already. An empty text is none. */
function pluralize(pair: Pair, { map, plural, path, changes }: Place): void {
  const list = map.get(plural, true) as unknown;
  const isEmpty = isScalar(pair.value) && (pair.value.value === "" || pair.value.value === null);
  if (isSeq(list)) {
    if (!isEmpty) list.add(pair.value);
    map.delete(pair.key);
  } else if (isEmpty) map.delete(pair.key);
  else {
    if (isScalar(pair.key)) pair.key.value = plural;
    const made = new YAMLSeq();
    made.add(pair.value);
    pair.value = made;
  }
  changes.push({ path: path.join("."), what: isEmpty ? "left out: it is empty" : `now in ${plural}` });
}

const keyOf = (pair: Pair): string | undefined =>
  isScalar(pair.key) && typeof pair.key.value === "string" ? pair.key.value : undefined;

/** Every pair of every map, from the outside in. */
function walk(
  node: unknown,
  path: readonly string[],
  visit: (pair: Pair, map: YAMLMap, path: readonly string[]) => void,
): void {
  if (isMap(node))
    for (const pair of [...node.items]) {
      if (!isPair(pair)) continue;
      const inner = [...path, keyOf(pair) ?? "?"];
      visit(pair, node, inner);
      walk(pair.value, inner, visit);
    }
  else if (isSeq(node)) for (const [i, item] of node.items.entries()) walk(item, [...path, String(i)], visit);
}
