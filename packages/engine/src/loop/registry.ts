import type { LiveStep } from "../project/live-step.ts";
import { idOf, type Run, type RunKeyed } from "../run/state/run.ts";

/** A run that this process advances. */
export interface LiveRun {
  readonly run: Run;
  /** Position of the last record that is folded in. */
  readonly seq: number;
  step(stepId: string): LiveStep | undefined;
}

/** `gone`: finished and archived, deleted, or let go to another engine. */
export type RunChange = { readonly key: RunKeyed; readonly kind: "added" | "changed" | "gone" };

/** The runs in this process, for whoever shows them. Filled by the engine; changes are told after they are stored. */
export class RunRegistry {
  readonly #runs = new Map<string, LiveRun>();
  readonly #listeners = new Set<(change: RunChange) => void>();

  get(key: RunKeyed): LiveRun | undefined {
    return this.#runs.get(idOf(key));
  }

  list(namespace?: string): readonly LiveRun[] {
    return [...this.#runs.values()].filter(
      (l) => namespace === undefined || l.run.key.namespace === namespace,
    );
  }

  /** Returns how to stop listening. */
  onChange(listener: (change: RunChange) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  set(live: LiveRun): void {
    this.#runs.set(idOf(live.run.key), live);
    this.#tell({ key: live.run.key, kind: "added" });
  }

  changed(key: RunKeyed): void {
    this.#tell({ key, kind: "changed" });
  }

  remove(key: RunKeyed): void {
    if (this.#runs.delete(idOf(key))) this.#tell({ key, kind: "gone" });
  }

  #tell(change: RunChange): void {
    for (const listener of [...this.#listeners]) listener(change);
  }
}
