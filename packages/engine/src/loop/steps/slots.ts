/** Who waits for a slot: each run is one line, and lines take turns. */
export interface SlotUser {
  /** The run's; higher ones go first. Default 0. */
  readonly priority?: number;
  /** A slot is there for this step. */
  granted(stepId: string): void;
}

/**
 * Bounds the steps that run at once in this process. Runs of a higher priority go first; those of the same take turns,
 * first come first served within one.
 */
export class StepSlots {
  readonly #max: number;
  readonly #holders = new Set<string>();
  /** By priority, the highest first. */
  #ranks: Rank[] = [];

  constructor(max: number) {
    this.#max = max;
  }

  /** Steps in line. */
  get waiting(): number {
    let waiting = 0;
    for (const { lines } of this.#ranks) for (const line of lines.values()) waiting += line.length;
    return waiting;
  }

  /** Steps that have a slot. */
  get busy(): number {
    return this.#holders.size;
  }

  request(user: SlotUser, stepId: string): void {
    const { lines } = this.#rankOf(user);
    const line = lines.get(user);
    if (line === undefined) lines.set(user, [stepId]);
    else line.push(stepId);
    this.#grant();
  }

  /** Takes a slot although there may be none: the step runs already. */
  take(stepId: string): void {
    this.#holders.add(stepId);
  }

  /** Leaves the line; true when the step was still in it. */
  cancel(user: SlotUser, stepId: string): boolean {
    const line = this.#rankOf(user).lines.get(user);
    const at = line?.indexOf(stepId) ?? -1;
    if (line === undefined || at < 0) return false;
    line.splice(at, 1);
    if (line.length === 0) this.leave(user);
    return true;
  }

  release(stepId: string): void {
    if (this.#holders.delete(stepId)) this.#grant();
  }

  /** Out of the line, and then all of `held` is given back: none of it goes to a step of the one who leaves. */
  leave(user: SlotUser, held: Iterable<string> = []): void {
    const rank = this.#rankOf(user);
    rank.lines.delete(user);
    if (rank.lines.size === 0) this.#ranks = this.#ranks.filter((other) => other !== rank);
    for (const stepId of held) this.#holders.delete(stepId);
    this.#grant();
  }

  #rankOf({ priority = 0 }: SlotUser): Rank {
    const known = this.#ranks.find((rank) => rank.priority === priority);
    if (known !== undefined) return known;
    const rank: Rank = { priority, lines: new Map() };
    this.#ranks = [...this.#ranks, rank].sort((a, b) => b.priority - a.priority);
    return rank;
  }

  #grant(): void {
    while (this.#holders.size < this.#max) {
      const lines = this.#ranks[0]?.lines;
      const first = lines?.entries().next().value;
      if (lines === undefined || first === undefined) return;
      const [user, line] = first;
      const stepId = line.shift();
      // To the end of the round: the next slot is another run's.
      lines.delete(user);
      if (line.length > 0) lines.set(user, line);
      else if (lines.size === 0) this.#ranks.shift();
      if (stepId === undefined) continue;
      this.#holders.add(stepId);
      user.granted(stepId);
    }
  }
}

interface Rank {
  readonly priority: number;
  readonly lines: Map<SlotUser, string[]>;
}
