// A workflow's spec over the spec of its workflowTemplateRef, as Kubernetes' strategic merge does it, and Argo beside it.
import { isForbiddenKey, isObject } from "@sluice/base";
import { artifactLocations } from "./parameter.ts";
import type { WorkflowSpec } from "./workflow.ts";

/** Lists whose entries merge by a key, by where they stand; every other list is taken as a whole. */
const mergeKeys: Readonly<Record<string, string>> = {
  "arguments.parameters": "name",
  "arguments.artifacts": "name",
  templates: "name",
  volumes: "name",
  imagePullSecrets: "name",
  hostAliases: "ip",
};

/** Maps whose values are taken as a whole. */
const wholeValues: ReadonlySet<string> = new Set(["hooks", "workflowMetadata.labelsFrom"]);

/** Fields that say the same thing in several ways, of which an entry has one: whoever says one says it for all. */
const alternatives: Readonly<Record<string, readonly string[]>> = {
  "arguments.parameters": ["value", "valueFrom", "default"],
  "arguments.artifacts": [...artifactLocations, "from", "fromExpression"],
};

/** Each field of `over` wins; maps merge, and so do the lists above. `suspend` is the workflow's own alone. */
export function mergeSpecs(over: WorkflowSpec, under: WorkflowSpec): WorkflowSpec {
  const { suspend: _, workflowTemplateRef: __, ...base } = under;
  return mergeMaps(over as Fields, base as Fields, "") as WorkflowSpec;
}

type Fields = Record<string, unknown>;

function mergeMaps(over: Fields, under: Fields, path: string): Fields {
  const merged: Fields = { ...under };
  const areWhole = wholeValues.has(path);
  for (const [key, value] of Object.entries(over)) {
    if (isForbiddenKey(key) || value === undefined) continue;
    merged[key] = areWhole ? value : mergeValues(value, merged[key], path === "" ? key : `${path}.${key}`);
  }
  return merged;
}

function mergeValues(over: unknown, under: unknown, path: string): unknown {
  if (isObject(over) && isObject(under)) return mergeMaps(over, under, path);
  const key = Object.hasOwn(mergeKeys, path) ? mergeKeys[path] : undefined;
  if (key === undefined || !Array.isArray(over) || !Array.isArray(under)) return over;
  return mergeLists(over, under, { key, path });
}

/** Entries that only `under` has stand before those of `over` that it has later, and behind those that it has not. */
function mergeLists(
  over: readonly unknown[],
  under: readonly unknown[],
  { key, path }: { readonly key: string; readonly path: string },
): unknown[] {
  const keyOf = (entry: unknown): unknown => (isObject(entry) ? entry[key] : entry);
  const places = new Map(under.map((entry, place) => [keyOf(entry), place]));
  const given = new Set(over.map(keyOf));
  const rest = under.flatMap((entry, place) => (given.has(keyOf(entry)) ? [] : [{ entry, place }]));
  const merged: unknown[] = [];
  for (const mine of over) {
    const place = places.get(keyOf(mine));
    const theirs = place === undefined ? undefined : under[place];
    while (place !== undefined && rest[0] !== undefined && rest[0].place < place)
      merged.push(rest.shift()?.entry);
    merged.push(isObject(mine) && isObject(theirs) ? mergeEntries(mine, theirs, path) : mine);
  }
  return [...merged, ...rest.map(({ entry }) => entry)];
}

function mergeEntries(over: Fields, under: Fields, path: string): Fields {
  const ways = Object.hasOwn(alternatives, path) ? (alternatives[path] ?? []) : [];
  const chosen = ways.filter((way) => over[way] !== undefined);
  const outdated = chosen.length === 0 ? [] : ways.filter((way) => !chosen.includes(way));
  const kept = Object.fromEntries(Object.entries(under).filter(([field]) => !outdated.includes(field)));
  return mergeMaps(over, kept, `${path}[]`);
}
