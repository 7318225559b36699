import type { RunKey } from "@sluice/bus";

interface Known {
  readonly key: RunKey;
  readonly uid: string;
}

/** A sealed run's journal goes in a moment; if its engine died before, whoever takes the shard finishes that. */
const maxSealed = 10_000;

/** The runs that other engines have: what is needed to take them over, and nothing of their state. */
export class RunIndex {
  readonly #open = new Map<string, Known>();
  readonly #sealed = new Map<string, Known>();

  add(id: string, known: Known): void {
    this.#sealed.delete(id);
    this.#open.set(id, known);
  }

  has(id: string): boolean {
    return this.#open.has(id) || this.#sealed.has(id);
  }

  /** Whether a run of that uid is among them; walks them all. */
  uids(): ReadonlySet<string> {
    return new Set([...this.#open.values(), ...this.#sealed.values()].map(({ uid }) => uid));
  }

  sealed(id: string): void {
    const known = this.#open.get(id);
    if (known === undefined) return;
    this.#open.delete(id);
    this.#sealed.set(id, known);
    const oldest = this.#sealed.keys().next().value;
    if (this.#sealed.size > maxSealed && oldest !== undefined) this.#sealed.delete(oldest);
  }

  /** Takes out those for which `owns` says so. */
  take(owns: (runUid: string) => boolean): readonly RunKey[] {
    const taken: RunKey[] = [];
    for (const runs of [this.#open, this.#sealed])
      for (const [id, { key, uid }] of runs)
        if (owns(uid)) {
          runs.delete(id);
          taken.push(key);
        }
    return taken;
  }
}
