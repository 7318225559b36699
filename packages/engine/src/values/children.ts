import type { Boundary, Child } from "../run/state/frames.ts";
import { isFulfilled, type Node } from "../run/state/node.ts";
import { parseExact } from "./exact-json.ts";
import { rfc3339 } from "./globals.ts";
import { type ArtifactValue, emptyMap, isMap, lazyMap, type ScopePart, textOf, type Value } from "./scope.ts";

/** Default of an output parameter of the template that a child uses, where it has one. */
export type OutputDefault = (child: Child, parameter: string) => string | undefined;

/** `steps.<name>.*` or `tasks.<name>.*`, read from the children's nodes when asked; `own` stands for its name. */
export function childrenOf(boundary: Boundary, outputDefault: OutputDefault, own?: Child): ScopePart {
  const prefix = `${boundary.scopeName}.`;
  const childOf = (name: string): Child | undefined =>
    own?.name === name ? own : boundary.children.get(name);
  const isKnown = (child: Child | undefined): child is Child =>
    child !== undefined && (child.node !== undefined || child.items !== undefined);
  return {
    lookup: (key) => {
      if (!key.startsWith(prefix)) return undefined;
      const dot = key.indexOf(".", prefix.length);
      const child = dot < 0 ? undefined : childOf(key.slice(prefix.length, dot));
      return child === undefined ? undefined : childValue(child, key.slice(dot + 1), outputDefault);
    },
    artifact: (key) => {
      if (!key.startsWith(prefix)) return undefined;
      const dot = key.indexOf(".", prefix.length);
      const child = dot < 0 ? undefined : childOf(key.slice(prefix.length, dot));
      return child === undefined ? undefined : childArtifact(child, key.slice(dot + 1));
    },
    fill: (env) => {
      env[boundary.scopeName] = lazyMap({
        has: (name) => isKnown(childOf(name)),
        get: (name) => {
          const child = childOf(name);
          return child === undefined ? undefined : childEnv(child, outputDefault);
        },
        keys: () => [...boundary.children.keys()].filter((name) => isKnown(childOf(name))),
      });
    },
  };
}

function childValue(child: Child, path: string, outputDefault: OutputDefault): Value {
  if (child.items !== undefined && path.startsWith("outputs")) return aggregated(child, child.items, path);
  const { node } = child;
  if (node === undefined) return path === "id" ? child.loopId : undefined;
  const value = nodeValue(node, path);
  if (value !== undefined || node.type !== "Skipped" || !path.startsWith("outputs.")) return value;
  const parameter = path.startsWith("outputs.parameters.")
    ? path.slice("outputs.parameters.".length)
    : undefined;
  return (parameter === undefined ? undefined : outputDefault(child, parameter)) ?? null;
}

/** An artifact that a child made; null = it ended without it. Loops have none, as in Argo. */
function childArtifact({ node, items }: Child, path: string): ArtifactValue {
  const prefix = "outputs.artifacts.";
  if (node === undefined || items !== undefined || !path.startsWith(prefix)) return undefined;
  const name = path.slice(prefix.length);
  const made = node.outputs?.artifacts?.find((artifact) => artifact.name === name);
  return made ?? (isFulfilled(node) ? null : undefined);
}

/** One value of a node, by its path behind the node's name. Where it ran, and when, is told of its last attempt. */
export function nodeValue(node: Node, path: string): string | undefined {
  const attempt = node.lastAttempt ?? node;
  switch (path) {
    case "id":
      return attempt.id;
    case "status":
      return node.phase;
    case "startedAt":
      return rfc3339(attempt.startedAt);
    case "finishedAt":
      return attempt.finishedAt === undefined ? undefined : rfc3339(attempt.finishedAt);
    case "ip":
      return attempt.podIp ?? node.podIp;
    case "hostNodeName":
      return attempt.hostNodeName;
    case "exitCode":
      return node.outputs?.exitCode;
    case "outputs.result":
      return node.outputs?.result;
    default:
      if (!path.startsWith("outputs.parameters.")) return undefined;
      return node.outputs?.parameters?.find((p) => p.name === path.slice("outputs.parameters.".length))
        ?.value;
  }
}

const plainPaths = ["id", "ip", "status", "startedAt", "finishedAt", "hostNodeName", "exitCode"] as const;

function childEnv(child: Child, outputDefault: OutputDefault): Record<string, unknown> {
  const env = emptyMap();
  if (child.node !== undefined)
    for (const path of plainPaths) {
      const value = nodeValue(child.node, path);
      if (value !== undefined) env[path] = value;
    }
  else if (child.loopId !== undefined) env["id"] = child.loopId;
  const outputs = emptyMap();
  env["outputs"] = outputs;
  if (child.items !== undefined) {
    fillAggregates(outputs, child, child.items);
    return env;
  }
  const made = child.node?.outputs;
  outputs["artifacts"] = child.node === undefined ? emptyMap() : artifactsByName(child.node);
  if (made?.result !== undefined) outputs["result"] = made.result;
  const outputOf = (name: string): string | undefined =>
    (child.node === undefined ? undefined : nodeValue(child.node, `outputs.parameters.${name}`)) ??
    (child.node?.type === "Skipped" ? outputDefault(child, name) : undefined);
  outputs["parameters"] = lazyMap({
    has: (name) => outputOf(name) !== undefined,
    get: outputOf,
    keys: () => (made?.parameters ?? []).filter((p) => p.value !== undefined).map((p) => p.name),
  });
  return env;
}

const artifactsByName = ({ outputs }: Node): Record<string, unknown> =>
  Object.fromEntries((outputs?.artifacts ?? []).map((artifact) => [artifact.name, artifact]));

/** Made only when they are read: they cost as much as the loop is long. */
function fillAggregates(outputs: Record<string, unknown>, child: Child, items: readonly Node[]): void {
  const names = (): ReadonlySet<string> => parameterNames(items);
  Object.defineProperty(outputs, "result", {
    enumerable: true,
    get: () => aggregated(child, items, "outputs.result"),
  });
  outputs["parameters"] = lazyMap({
    has: (name) => aggregated(child, items, `outputs.parameters.${name}`) !== undefined,
    get: (name) => aggregated(child, items, `outputs.parameters.${name}`),
    keys: () => [...names()],
  });
}

const parameterNames = (nodes: readonly Node[]): ReadonlySet<string> =>
  new Set(nodes.flatMap((node) => (node.outputs?.parameters ?? []).map((p) => p.name)));

/** What a loop's items made, as one JSON text: only of those that succeeded, in the order of the items. */
function aggregated(child: Child, items: readonly Node[], path: string): string | undefined {
  child.cache ??= new Map();
  const cached = child.cache.get(path);
  if (cached !== undefined) return cached;
  const done = items.filter((node) => node.phase === "Succeeded");
  const value = aggregate(done, path);
  if (value !== undefined && items.every(isFulfilled)) child.cache.set(path, value);
  return value;
}

function aggregate(done: readonly Node[], path: string): string | undefined {
  if (path === "outputs.parameters")
    return JSON.stringify(
      done.map((n) => Object.fromEntries((n.outputs?.parameters ?? []).map((p) => [p.name, p.value]).sort())),
    );
  const texts = done.map((node) => nodeValue(node, path)).filter((text) => text !== undefined);
  if (texts.length === 0 && done.length > 0) return undefined;
  if (path === "outputs.result") return JSON.stringify(texts.map(parsedOrText));
  if (!path.startsWith("outputs.parameters.")) return undefined;
  const parsed = texts.map(parsedOrText);
  // Texts stay texts unless each of them is a list or a map: "1" is not the number 1 here, as in Argo.
  const isMade = (value: unknown): boolean => isMap(value) || Array.isArray(value);
  return JSON.stringify(parsed.every(isMade) ? parsed : texts);
}

/** Argo makes a result that is no JSON an error; here it is the text that it is. */
function parsedOrText(text: string): unknown {
  try {
    return parseExact(text);
  } catch {
    return textOf(text);
  }
}
