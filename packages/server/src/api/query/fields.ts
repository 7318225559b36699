import { isObject } from "@sluice/base";

interface Tree {
  readonly [key: string]: Tree | true;
}

/**
 * Argo's `fields` projection: `metadata.name,items.status.phase` keeps only these paths; with a '-' before the first,
 * `-items.status.nodes,items.spec` drops them all. Lists are gone through. An empty text keeps all.
 */
export function project(value: unknown, fields: string | undefined): unknown {
  const paths = (fields ?? "")
    .slice(0, 4_096)
    .split(",")
    .map((path) => path.trim())
    .filter((path) => path !== "");
  if (paths.length === 0) return value;
  const dropping = paths[0]?.startsWith("-") === true;
  const tree = treeOf(paths.map((path) => path.replace(/^-/, "")));
  return dropping ? drop(value, tree) : keep(value, tree);
}

function treeOf(paths: readonly string[]): Tree {
  const tree: Record<string, Tree | true> = Object.create(null);
  for (const path of paths) {
    const [head = "", ...rest] = path.split(".");
    const below = tree[head];
    if (below === true) continue;
    tree[head] = rest.length === 0 ? true : merge(below, treeOf([rest.join(".")]));
  }
  return tree;
}

function merge(a: Tree | undefined, b: Tree): Tree {
  if (a === undefined) return b;
  const merged: Record<string, Tree | true> = Object.assign(Object.create(null), a);
  for (const [key, below] of Object.entries(b)) {
    const have = merged[key];
    merged[key] = have === true || below === true ? true : merge(have, below);
  }
  return merged;
}

function keep(value: unknown, tree: Tree): unknown {
  if (Array.isArray(value)) return value.map((item) => keep(item, tree));
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, inner]) => {
      const below = tree[key];
      if (below === undefined) return [];
      return [[key, below === true ? inner : keep(inner, below)]];
    }),
  );
}

function drop(value: unknown, tree: Tree): unknown {
  if (Array.isArray(value)) return value.map((item) => drop(item, tree));
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, inner]) => {
      const below = tree[key];
      if (below === true) return [];
      return [[key, below === undefined ? inner : drop(inner, below)]];
    }),
  );
}
