// The place of one event: what runs there now, and how it is exchanged.
// Owns:      the supervision of at most two lives of the event, the second only while one takes over from the other.
// Invariants
//   L1. Changes of one slot happen one after the other, in the order they came.
//   L2. An `everywhere` kind's new life is live (or has failed) before the old one is stopped: a webhook refuses no
//       request meanwhile. A `leader` kind's old life has ended before the new one starts.
//   L3. Only the newest life writes the state.
import type { EventState } from "./board.ts";
import type { PlannedEvent } from "./plan.ts";

export type RunnableEvent = PlannedEvent & { readonly plan: "run" };

export interface SlotDeps {
  /** Supervises one life until the signal aborts. */
  readonly supervise: (
    event: RunnableEvent,
    show: (state: EventState) => void,
    signal: AbortSignal,
  ) => Promise<void>;
  readonly show: (event: PlannedEvent, state: EventState) => void;
  /** An old life has ended: what it held (a route, a port) is free. */
  readonly freed: () => void;
  readonly now: () => number;
}

interface Life {
  readonly stop: AbortController;
  readonly done: Promise<void>;
}

export class EventSlot {
  readonly #deps: SlotDeps;
  #fingerprint: string | undefined;
  #life: Life | undefined;
  #changes: Promise<void> = Promise.resolve();

  constructor(deps: SlotDeps) {
    this.#deps = deps;
  }

  /** Puts the event here in place of what is. An equal one changes nothing. */
  put(planned: PlannedEvent): void {
    if (planned.fingerprint === this.#fingerprint) return;
    this.#fingerprint = planned.fingerprint;
    this.#changes = this.#changes.then(() => this.#exchange(planned));
  }

  /** Empties it. Resolves when nothing of it runs any more. */
  clear(): Promise<void> {
    this.#fingerprint = undefined;
    // At once, and not in its turn: a life that never becomes live would hold up its own end.
    this.#life?.stop.abort();
    this.#changes = this.#changes.then(() => this.#end(this.#life));
    return this.#changes;
  }

  async #exchange(planned: PlannedEvent): Promise<void> {
    const old = this.#life;
    if (planned.plan !== "run") {
      await this.#end(old);
      this.#deps.show(planned, standing(planned, this.#deps.now()));
      return;
    }
    if (planned.definition.placement === "leader") await this.#end(old);
    const settled = this.#start(planned);
    await settled;
    if (old === undefined) return;
    await endLife(old);
    this.#deps.freed();
  }

  /** Resolves when the new life is live or has failed once. */
  #start(planned: RunnableEvent): Promise<void> {
    const stop = new AbortController();
    const { promise: settled, resolve } = Promise.withResolvers<void>();
    const show = (state: EventState) => {
      if (this.#life?.stop === stop) this.#deps.show(planned, state);
      if (state.kind !== "starting") resolve();
    };
    // The life is known before it runs, so that its first state is not taken for an old one's.
    const begin = Promise.withResolvers<void>();
    const done = begin.promise.then(() => this.#deps.supervise(planned, show, stop.signal)).finally(resolve);
    this.#life = { stop, done };
    begin.resolve();
    return settled;
  }

  async #end(life: Life | undefined): Promise<void> {
    if (life === undefined) return;
    if (this.#life === life) this.#life = undefined;
    await endLife(life);
  }
}

async function endLife(life: Life): Promise<void> {
  life.stop.abort();
  await life.done;
}

function standing(planned: Exclude<PlannedEvent, { plan: "run" }>, since: number): EventState {
  if (planned.plan === "unsupported") return { kind: "unsupported", since, message: planned.message };
  const { code, message, hint, issues } = planned;
  return { kind: "invalid", since, code, message, hint, issues };
}
