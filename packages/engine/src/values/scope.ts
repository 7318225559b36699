// What a template's tags can see. A scope is a list of parts that are asked in turn, so that a task of a large dag
// copies nothing.
import { KeyedRandom, type Random } from "@sluice/base";
import type { Artifact } from "@sluice/spec";
import { isExactNumber, plainOf } from "./exact-json.ts";

/** A text; null = an output that its producer, skipped or omitted, never made; undefined = no such name here. */
export type Value = string | null | undefined;

export type ArtifactValue = Artifact | null | undefined;

export interface ScopePart {
  lookup(key: string): Value;
  /** The artifact of this name, where the part knows artifacts; null and undefined as for values. */
  artifact?(key: string): ArtifactValue;
  /** Adds what it knows as nested maps, for expressions. */
  fill(env: Record<string, unknown>): void;
  /** What tells the place from others, where chance is asked for: a run's uid, a node's name. */
  readonly place?: string;
}

export class Scope {
  readonly #parts: readonly ScopePart[];
  #draws = 0;
  /** Time of the fact in hand, epoch ms: what `now()` is. */
  readonly now: number;

  constructor(now: number, ...parts: readonly ScopePart[]) {
    this.now = now;
    this.#parts = parts;
  }

  lookup(key: string): Value {
    for (const part of this.#parts) {
      const value = part.lookup(key);
      if (value !== undefined) return value;
    }
    return undefined;
  }

  artifact(key: string): ArtifactValue {
    for (const part of this.#parts) {
      const value = part.artifact?.(key);
      if (value !== undefined) return value;
    }
    return undefined;
  }

  env(): Record<string, unknown> {
    const env = emptyMap();
    for (let i = this.#parts.length - 1; i >= 0; i--) this.#parts[i]?.fill(env);
    return env;
  }

  /**
   * Chance of this place's own, at each call another: two steps or items never draw the same, and who comes here again
   * from the same facts does.
   */
  chance(): Random {
    const places = this.#parts.flatMap(({ place }) => (place === undefined ? [] : [place]));
    return new KeyedRandom(JSON.stringify([this.now, this.#draws++, ...places]));
  }

  with(...parts: readonly ScopePart[]): Scope {
    return new Scope(this.now, ...parts, ...this.#parts);
  }
}

/** A map without a prototype: names from outside meet no inherited property. */
export const emptyMap = (): Record<string, unknown> => Object.create(null) as Record<string, unknown>;

/** The map at `env[key]`, made when it is not there. */
export function mapAt(env: Record<string, unknown>, key: string): Record<string, unknown> {
  const there = env[key];
  if (typeof there === "object" && there !== null) return there as Record<string, unknown>;
  const made = emptyMap();
  env[key] = made;
  return made;
}

interface LazySource {
  has(key: string): boolean;
  get(key: string): unknown;
  keys(): readonly string[];
}

/** A map whose values are made when they are read: what an expression does not name costs nothing. Own keys only. */
export function lazyMap(source: LazySource): Record<string, unknown> {
  const read = (map: Record<string, unknown>, key: string | symbol): unknown => {
    if (typeof key === "symbol" || !source.has(key)) return undefined;
    if (!Object.hasOwn(map, key)) map[key] = source.get(key);
    return map[key];
  };
  const has = (key: string | symbol): boolean => typeof key === "string" && source.has(key);
  return new Proxy(emptyMap(), {
    get: read,
    has: (_, key) => has(key),
    ownKeys: () => [...source.keys()],
    getOwnPropertyDescriptor: (map, key) =>
      has(key) ? { value: read(map, key), enumerable: true, configurable: true, writable: true } : undefined,
    set: () => false,
    defineProperty: () => false,
    deleteProperty: () => false,
  });
}

/** A value of `env` that is made when it is read, once. */
export function lazily(env: Record<string, unknown>, key: string, make: () => unknown): void {
  let made: { readonly value: unknown } | undefined;
  const get = (): unknown => {
    made ??= { value: make() };
    return made.value;
  };
  Object.defineProperty(env, key, { enumerable: true, configurable: true, get });
}

/** No names: what is evaluated for this node has chance of its own. */
export const placeOf = (name: string): ScopePart => ({
  lookup: () => undefined,
  fill: () => {},
  place: name,
});

/** Fixed names; a dotted one becomes nested maps. */
export function fixed(values: Readonly<Record<string, string>>): ScopePart {
  return {
    lookup: (key) => (Object.hasOwn(values, key) ? values[key] : undefined),
    fill: (env) => {
      for (const [key, value] of Object.entries(values)) {
        const path = key.split(".");
        let at = env;
        for (const name of path.slice(0, -1)) at = mapAt(at, name);
        at[path.at(-1) as string] = value;
      }
    },
  };
}

/** `<prefix>`, `<prefix>.<name>` and, for expressions, a map of them. */
export function parameters(prefix: "inputs.parameters", values: ReadonlyMap<string, string>): ScopePart {
  return {
    lookup: (key) => {
      if (key === prefix) return parametersJson(values);
      return key.startsWith(`${prefix}.`) ? values.get(key.slice(prefix.length + 1)) : undefined;
    },
    fill: (env) => {
      mapAt(env, "inputs")["parameters"] = Object.assign(emptyMap(), Object.fromEntries(values));
    },
  };
}

/** `inputs.artifacts.<name>` and its path. An optional one that was not supplied has a path and no value. */
export function inputArtifacts(artifacts: ReadonlyMap<string, Artifact> | undefined): ScopePart {
  const prefix = "inputs.artifacts.";
  const named = (key: string) => artifacts?.get(key);
  const isSupplied = ({ raw, s3 }: Artifact): boolean => raw !== undefined || s3 !== undefined;
  const placed = (artifact: Artifact | undefined): ArtifactValue =>
    artifact === undefined || isSupplied(artifact) ? artifact : null;
  return {
    lookup: (key) =>
      key.startsWith(prefix) && key.endsWith(".path")
        ? named(key.slice(prefix.length, -".path".length))?.path
        : undefined,
    artifact: (key) => (key.startsWith(prefix) ? placed(named(key.slice(prefix.length))) : undefined),
    fill: (env) => {
      if (artifacts === undefined) return;
      const supplied = [...artifacts].filter(([, artifact]) => isSupplied(artifact));
      mapAt(env, "inputs")["artifacts"] = Object.assign(emptyMap(), Object.fromEntries(supplied));
    },
  };
}

/** Argo's JSON of parameters: a list of name and value. */
export const parametersJson = (values: ReadonlyMap<string, string>): string =>
  JSON.stringify([...values].map(([name, value]) => ({ name, value })));

export const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !isExactNumber(value);

/** `item` and `item.<key>`. */
export function itemPart(value: unknown): ScopePart {
  const map = isMap(value) ? value : undefined;
  return {
    lookup: (key) => {
      if (key === "item") return textOf(value);
      if (map === undefined || !key.startsWith("item.")) return undefined;
      const name = key.slice("item.".length);
      return Object.hasOwn(map, name) ? textOf(map[name]) : undefined;
    },
    fill: (env) => {
      env["item"] = plainOf(value);
    },
  };
}

/** A JSON value as a parameter's text: a text is itself, everything else its JSON. */
export const textOf = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));
