import type { ConfigIssue } from "../errors.ts";

/** How one event of an EventSource is doing. Times are epoch ms. */
export type EventState =
  /** Not listening yet. */
  | { readonly kind: "starting"; readonly since: number }
  | { readonly kind: "live"; readonly since: number }
  /** It failed; `retryAt` absent = it is tried again when an EventSource changes. */
  | {
      readonly kind: "degraded";
      readonly since: number;
      readonly code: string;
      readonly message: string;
      readonly hint: string;
      readonly attempt: number;
      readonly retryAt?: number;
    }
  /** Its config is wrong: it runs when it is applied again. */
  | {
      readonly kind: "invalid";
      readonly since: number;
      readonly code: string;
      readonly message: string;
      readonly hint: string;
      readonly issues: readonly ConfigIssue[];
    }
  /** No such kind of source here. */
  | { readonly kind: "unsupported"; readonly since: number; readonly message: string };

export interface EventStatus {
  readonly event: string;
  readonly kind: string;
  readonly state: EventState;
}

export interface SourceStatus {
  readonly namespace: string;
  readonly name: string;
  readonly generation: number;
  readonly events: readonly EventStatus[];
}

/** What runs now, for whoever shows it. */
export interface SourcesStatus {
  /** All that was applied has been looked at, and nothing is still starting. */
  readonly ready: boolean;
  list(namespace?: string): readonly SourceStatus[];
  get(namespace: string, name: string): SourceStatus | undefined;
  /** Resolves, at once or after a change, when `condition` holds; rejects with the signal's reason. */
  until(condition: (board: SourcesStatus) => boolean, signal: AbortSignal): Promise<void>;
}

interface Row {
  readonly namespace: string;
  readonly name: string;
  generation: number;
  readonly events: Map<string, EventStatus>;
}

/** The runner writes it; everybody else sees it as SourcesStatus. */
export class SourcesBoard implements SourcesStatus {
  readonly #rows = new Map<string, Row>();
  readonly #listeners = new Set<() => void>();
  #caughtUp = false;

  get ready(): boolean {
    if (!this.#caughtUp) return false;
    for (const row of this.#rows.values()) {
      for (const { state } of row.events.values()) if (state.kind === "starting") return false;
    }
    return true;
  }

  list(namespace?: string): readonly SourceStatus[] {
    return [...this.#rows.values()]
      .filter((row) => namespace === undefined || row.namespace === namespace)
      .map(statusOf)
      .sort((a, b) => (`${a.namespace}/${a.name}` < `${b.namespace}/${b.name}` ? -1 : 1));
  }

  get(namespace: string, name: string): SourceStatus | undefined {
    const row = this.#rows.get(`${namespace}/${name}`);
    return row === undefined ? undefined : statusOf(row);
  }

  async until(condition: (board: SourcesStatus) => boolean, signal: AbortSignal): Promise<void> {
    while (!condition(this)) {
      signal.throwIfAborted();
      await new Promise<void>((resolve) => {
        const done = () => {
          this.#listeners.delete(done);
          signal.removeEventListener("abort", done);
          resolve();
        };
        this.#listeners.add(done);
        signal.addEventListener("abort", done);
      });
    }
  }

  caughtUp(): void {
    this.#caughtUp = true;
    this.#changed();
  }

  /** Says which events a resource has now; those not named are forgotten. */
  resource(namespace: string, name: string, generation: number, events: readonly string[]): void {
    const key = `${namespace}/${name}`;
    const row = this.#rows.get(key) ?? {
      namespace,
      name,
      generation,
      events: new Map<string, EventStatus>(),
    };
    row.generation = generation;
    for (const event of row.events.keys()) if (!events.includes(event)) row.events.delete(event);
    this.#rows.set(key, row);
    this.#changed();
  }

  event(namespace: string, name: string, status: EventStatus): void {
    this.#rows.get(`${namespace}/${name}`)?.events.set(status.event, status);
    this.#changed();
  }

  forget(namespace: string, name: string): void {
    this.#rows.delete(`${namespace}/${name}`);
    this.#changed();
  }

  #changed(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}

const statusOf = (row: Row): SourceStatus => ({
  namespace: row.namespace,
  name: row.name,
  generation: row.generation,
  events: [...row.events.values()].sort((a, b) => (a.event < b.event ? -1 : 1)),
});
