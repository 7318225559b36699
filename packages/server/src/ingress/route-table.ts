// The routes of one port. Immutable: a change makes a new table, so a request sees the old one or the new one whole.
import type { IngressRoute } from "@sluice/sources";
import { IngressError } from "../errors.ts";

/** A mounted route and the requests that are in it. */
export interface Mounted {
  readonly route: IngressRoute;
  inFlight: number;
  /** Set when its unmounting waits for the last request. */
  onIdle: (() => void) | undefined;
}

export type Found =
  | { readonly kind: "route"; readonly mounted: Mounted }
  | { readonly kind: "method"; readonly allow: string }
  | { readonly kind: "none" };

interface PathPattern {
  readonly path: string;
  readonly segments: readonly string[];
  readonly mounted: readonly Mounted[];
}

export class RouteTable {
  readonly #exact: ReadonlyMap<string, readonly Mounted[]>;
  readonly #patterns: readonly PathPattern[];
  readonly all: readonly Mounted[];

  constructor(all: readonly Mounted[] = []) {
    this.all = all;
    const byPath = Map.groupBy(all, (m) => m.route.path);
    this.#exact = new Map([...byPath].filter(([path]) => !isPattern(path)));
    this.#patterns = [...byPath]
      .filter(([path]) => isPattern(path))
      .map(([path, mounted]) => ({ path, segments: path.split("/"), mounted }));
  }

  /** The table with the route, in place of what the same owner had at the same path. Errors: INGRESS_ROUTE_TAKEN. */
  with(mounted: Mounted): RouteTable {
    const { route } = mounted;
    const others = this.all.filter((m) => !replaces(route, m.route));
    const taken = others.find((m) => m.route.path === route.path && overlap(m.route.methods, route.methods));
    if (taken !== undefined) {
      throw IngressError.ROUTE_TAKEN({
        port: route.port,
        path: route.path,
        methods: route.methods === "*" ? "every method of" : route.methods.join(", "),
        wantedBy: ownerOf(route),
        takenBy: ownerOf(taken.route),
      });
    }
    return new RouteTable([...others, mounted]);
  }

  without(mounted: Mounted): RouteTable {
    return new RouteTable(this.all.filter((m) => m !== mounted));
  }

  /** Paths are compared as sent, never decoded or normalised: `/a/%2e%2e/b` is no other path. */
  find(method: string, path: string): Found {
    const at = this.#exact.get(path) ?? this.#patterns.find((p) => fits(p.segments, path))?.mounted;
    if (at === undefined) return { kind: "none" };
    const mounted = at.find((m) => m.route.methods === "*" || m.route.methods.includes(method));
    if (mounted !== undefined) return { kind: "route", mounted };
    return { kind: "method", allow: at.flatMap((m) => m.route.methods).join(", ") };
  }
}

export const ownerOf = (route: IngressRoute): string => route.owner ?? "unnamed";

export const replaces = (route: IngressRoute, old: IngressRoute): boolean =>
  route.owner !== undefined && route.owner === old.owner && route.path === old.path;

const isPattern = (path: string): boolean => path.includes("/:");

const overlap = (a: IngressRoute["methods"], b: IngressRoute["methods"]): boolean =>
  a === "*" || b === "*" || a.some((method) => b.includes(method));

function fits(segments: readonly string[], path: string): boolean {
  const parts = path.split("/");
  return (
    parts.length === segments.length &&
    segments.every((segment, i) => (segment.startsWith(":") ? parts[i] !== "" : segment === parts[i]))
  );
}
