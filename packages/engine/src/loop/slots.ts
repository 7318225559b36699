/** Who waits for a slot: each run is one line, and lines take turns. */
export interface SlotUser {
  /** A slot is there for this step. */
  granted(stepId: string): void;
}

/** Bounds the steps that run at once in this process; fair between runs, first come first served within one. */
export class StepSlots {
  readonly #max: number;
  readonly #holders = new Set<string>();
  readonly #lines = new Map<SlotUser, string[]>();

  constructor(max: number) {
    this.#max = max;
  }

  /** Steps in line. */
  get waiting(): number {
    let waiting = 0;
    for (const line of this.#lines.values()) waiting += line.length;
    return waiting;
  }

  request(user: SlotUser, stepId: string): void {
    const line = this.#lines.get(user);
    if (line === undefined) this.#lines.set(user, [stepId]);
    else line.push(stepId);
    this.#grant();
  }

  /** Takes a slot although there may be none: the step runs already. */
  take(stepId: string): void {
    this.#holders.add(stepId);
  }

  /** Leaves the line; true when the step was still in it. */
  cancel(user: SlotUser, stepId: string): boolean {
    const line = this.#lines.get(user);
    const at = line?.indexOf(stepId) ?? -1;
    if (line === undefined || at < 0) return false;
    line.splice(at, 1);
    if (line.length === 0) this.#lines.delete(user);
    return true;
  }

  release(stepId: string): void {
    if (this.#holders.delete(stepId)) this.#grant();
  }

  leave(user: SlotUser): void {
    this.#lines.delete(user);
  }

  #grant(): void {
    while (this.#holders.size < this.#max) {
      const first = this.#lines.entries().next().value;
      if (first === undefined) return;
      const [user, line] = first;
      const stepId = line.shift();
      // To the end of the round: the next slot is another run's.
      this.#lines.delete(user);
      if (line.length > 0) this.#lines.set(user, line);
      if (stepId === undefined) continue;
      this.#holders.add(stepId);
      user.granted(stepId);
    }
  }
}
