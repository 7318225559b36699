/** KV `resources`. Cluster-scoped kinds use the namespace "". */
export interface Resources {
  /** Stores; an equal manifest changes nothing and keeps the generation. */
  apply(
    kind: string,
    namespace: string,
    name: string,
    manifest: unknown,
  ): Promise<{ readonly resource: Resource; readonly outcome: "created" | "configured" | "unchanged" }>;
  get(kind: string, namespace: string, name: string): Promise<Resource | undefined>;
  list(kind: string, namespace?: string): Promise<readonly Resource[]>;
  delete(kind: string, namespace: string, name: string): Promise<boolean>;
  /** All kinds asked for: first what is there, then `caught-up`, then changes. Ends as `Journal.follow` does. */
  watch(kinds: readonly string[], signal: AbortSignal): AsyncIterable<ResourceChange>;
}

/** An applied manifest. */
export interface Resource<T = unknown> {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  /** Grows by one with each change of the spec. */
  readonly generation: number;
  /** For compare-and-set. */
  readonly revision: number;
  /** Epoch ms. */
  readonly appliedAt: number;
  readonly manifest: T;
}

export type ResourceChange =
  | { readonly type: "applied"; readonly resource: Resource }
  | { readonly type: "deleted"; readonly kind: string; readonly namespace: string; readonly name: string }
  | { readonly type: "caught-up" };
