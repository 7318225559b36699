// A workflow's spec over the spec of its workflowTemplateRef, as Kubernetes' strategic merge does it.
import { isForbiddenKey, isObject } from "@sluice/base";
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

/** Each field of `over` wins; maps merge, and so do the lists above. `suspend` is the workflow's own alone. */
export function mergeSpecs(over: WorkflowSpec, under: WorkflowSpec): WorkflowSpec {
  const { suspend: _, workflowTemplateRef: __, ...base } = under;
  return mergeMaps(over as Fields, base as Fields, "") as WorkflowSpec;
}

type Fields = Record<string, unknown>;

function mergeMaps(over: Fields, under: Fields, path: string): Fields {
  const merged: Fields = { ...under };
  for (const [key, value] of Object.entries(over)) {
    if (isForbiddenKey(key) || value === undefined) continue;
    merged[key] = mergeValues(value, merged[key], path === "" ? key : `${path}.${key}`);
  }
  return merged;
}

function mergeValues(over: unknown, under: unknown, path: string): unknown {
  if (isObject(over) && isObject(under)) return mergeMaps(over, under, path);
  const key = Object.hasOwn(mergeKeys, path) ? mergeKeys[path] : undefined;
  if (key === undefined || !Array.isArray(over) || !Array.isArray(under)) return over;
  const given = new Map(over.filter(isObject).map((entry) => [entry[key], entry]));
  const kept = under.map((entry: unknown) => {
    const mine = isObject(entry) ? given.get(entry[key]) : undefined;
    if (mine === undefined || !isObject(entry)) return entry;
    given.delete(entry[key]);
    return mergeMaps(mine, entry, `${path}[]`);
  });
  return [...kept, ...given.values()];
}
