import type { Clock } from "@sluice/base";
import type { KeyValue } from "@sluice/bus";
import { memberKey } from "./entries.ts";
import { type Beat, beatMs, silentBeats } from "./view.ts";

interface PulseDeps {
  readonly leases: KeyValue;
  readonly clock: Clock;
  readonly self: string;
  readonly site: string | undefined;
  readonly process?: string;
}

/** K2. */
const freshMs = (silentBeats - 1) * beatMs - 500;

/** One engine's beats, and how long what it owns counts as fresh for them. */
export class Pulse {
  readonly #deps: PulseDeps;
  #beatAt = Number.NEGATIVE_INFINITY;
  #regularAt = Number.NEGATIVE_INFINITY;

  constructor(deps: PulseDeps) {
    this.#deps = deps;
  }

  get isFresh(): boolean {
    return this.#deps.clock.monotonic() - this.#beatAt < freshMs;
  }

  /** Whether the next regular beat should follow the last one, `everyMs` after it. */
  isDue(everyMs: number): boolean {
    return this.#deps.clock.monotonic() - this.#regularAt >= everyMs - 20;
  }

  /** Errors: those of the bucket. */
  async beat(isRegular: boolean): Promise<void> {
    const { clock, leases, self, site, process } = this.#deps;
    const startedAt = clock.monotonic();
    const beat: Beat = {
      v: 1,
      isRegular,
      ...(site === undefined ? {} : { site }),
      ...(process === undefined ? {} : { process }),
    };
    try {
      await leases.put(memberKey(self), JSON.stringify(beat));
    } finally {
      // From its end, so that two of them are never closer in the bucket.
      if (isRegular) this.#regularAt = clock.monotonic();
    }
    // A beat after a silence proves nothing by itself: we may have been robbed before it was stored (K3).
    if (this.isFresh) this.#beatAt = startedAt;
  }

  /** K3: a beat that began then, and a touch of the table after it, say that what is ours is ours. Monotonic ms. */
  provedAt(startedAt: number): void {
    this.#beatAt = startedAt;
  }
}
