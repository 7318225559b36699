/** KV `memo`: what templates with `memoize` gave, by cache and key. */
export interface MemoStore {
  /** Undefined when there is none. Errors: BUS_DECODE when it cannot be read; BUS_UNAVAILABLE. */
  get(at: MemoKey): Promise<MemoEntry | undefined>;
  /** Stores the entry unless a newer one is there. */
  put(at: MemoKey, entry: MemoEntry): Promise<void>;
}

export interface MemoKey {
  readonly namespace: string;
  readonly cache: string;
  readonly key: string;
}

export interface MemoEntry {
  /** The node whose outputs they are. */
  readonly node: string;
  /** Epoch ms. */
  readonly createdAt: number;
  readonly outputs?: unknown;
}
