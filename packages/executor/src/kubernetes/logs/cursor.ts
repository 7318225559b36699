/** A line of a log with timestamps, its stamp apart. */
export interface StampedLine {
  /** RFC 3339 with nanoseconds, as the kubelet wrote it; "" when the line had none. */
  readonly stamp: string;
  readonly text: string;
}

/**
 * Remembers where a log was read to, so that reading it again gives each line once. Lines of stdout and stderr may be
 * out of order by a little, so the last two seconds are remembered by stamp and number, not by the last line alone.
 */
export class LogCursor {
  #newestSecond = Number.NEGATIVE_INFINITY;
  /** Lines taken, by stamp, of the newest second and the one before it. */
  #taken = new Map<string, number>();
  /** The same for the pass that reads again; undefined in the first pass. */
  #again: { readonly since: number; readonly seen: Map<string, number> } | undefined;

  /** Begins another pass. The `sinceTime` to ask for; undefined = from the start. */
  resume(): string | undefined {
    if (this.#newestSecond === Number.NEGATIVE_INFINITY) return undefined;
    this.#again = { since: this.#newestSecond - 1, seen: new Map() };
    return new Date(this.#again.since * 1_000).toISOString();
  }

  /** Whether the line is new. */
  take(stamp: string): boolean {
    if (this.#again !== undefined) {
      if (secondOf(stamp) < this.#again.since) return false;
      const seen = (this.#again.seen.get(stamp) ?? 0) + 1;
      this.#again.seen.set(stamp, seen);
      if (seen <= (this.#taken.get(stamp) ?? 0)) return false;
    }
    this.#advance(stamp);
    this.#taken.set(stamp, (this.#taken.get(stamp) ?? 0) + 1);
    return true;
  }

  #advance(stamp: string): void {
    const second = secondOf(stamp);
    if (!(second > this.#newestSecond)) return;
    this.#newestSecond = second;
    for (const map of [this.#taken, this.#again?.seen])
      for (const old of map?.keys() ?? []) if (secondOf(old) < second - 1) map?.delete(old);
  }
}

/** NaN for a line without a stamp: it never moves the cursor. */
const secondOf = (stamp: string): number => Math.floor(Date.parse(stamp) / 1_000);
export const stampMs = (stamp: string): number => Date.parse(stamp);
