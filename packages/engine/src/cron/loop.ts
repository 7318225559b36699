// The scheduler of one process: definitions and states in, runs out. What is decided is in reduce.ts; every process
// runs one, and the compare-and-set of a cron's state lets one of them decide an instant.
// Owns:      two watches, one task per cron workflow that is being looked at.   Ends: when its signal aborts.
// Invariants
//   T1. A state is stored before anything is done that follows from it. Who loses the compare-and-set does nothing and
//       looks again.
//   T2. A run that another process decided is submitted here too when that process has not done it within 5 s.
//   T3. No wait is longer than 30 s, so a clock that jumped (a laptop that slept) is seen.
import { messageOf, sideBySide } from "@sluice/base";
import { CronActor } from "./actor.ts";
import { readDefinition } from "./definition.ts";
import type { CronDeps } from "./deps.ts";
import { type CronKey, cronKeys, decodeCron, keyOf } from "./store.ts";

/** Longest wait without a look at the clock, ms. */
const maxWaitMs = 30_000;

/** Runs every applied CronWorkflow by its schedule until the signal aborts. */
export async function runCron(deps: CronDeps, signal: AbortSignal): Promise<void> {
  await new CronScheduler(deps, signal).run();
}

class CronScheduler {
  readonly #deps: CronDeps;
  readonly #signal: AbortSignal;
  readonly #actors = new Map<string, CronActor>();
  /** States without a definition, until all definitions are read. */
  readonly #orphans = new Map<string, number>();
  #definitionsRead = false;
  #statesRead = false;
  #bell = new AbortController();

  constructor(deps: CronDeps, signal: AbortSignal) {
    this.#deps = deps;
    this.#signal = signal;
  }

  async run(): Promise<void> {
    const unlisten = this.#deps.registry.onChange(({ key, kind }) => this.#onRun(key, kind));
    try {
      await sideBySide(this.#signal, [
        (ending) => this.#followStates(ending),
        (ending) => this.#followDefinitions(ending),
        (ending) => this.#keepTime(ending),
      ]);
    } finally {
      unlisten();
      await Promise.allSettled([...this.#actors.values()].map((actor) => actor.idle()));
    }
  }

  async #followDefinitions(signal: AbortSignal): Promise<void> {
    const { resources, zone, log } = this.#deps;
    for await (const change of resources.watch(["CronWorkflow"], signal)) {
      if (change.type === "caught-up") {
        this.#definitionsRead = true;
        this.#onRead();
      } else if (change.type === "deleted") this.#deleted(change);
      else {
        const { namespace, name } = change.resource;
        try {
          this.#actor({ namespace, name }).define(readDefinition(change.resource, zone));
        } catch (error) {
          log.error("cron workflow cannot be read", { namespace, cron: name, reason: messageOf(error) });
        }
      }
    }
  }

  async #followStates(signal: AbortSignal): Promise<void> {
    for await (const change of this.#deps.state.watch(cronKeys, signal)) {
      if (change.type === "caught-up") {
        this.#statesRead = true;
        this.#onRead();
        continue;
      }
      const key = change.type === "put" ? change.entry.key : change.key;
      const actor = this.#actors.get(key);
      if (change.type === "delete") {
        this.#orphans.delete(key);
        actor?.stored(undefined, change.revision);
        continue;
      }
      if (actor === undefined) {
        this.#orphans.set(key, change.entry.revision);
        continue;
      }
      try {
        actor.stored(decodeCron(change.entry), change.entry.revision);
      } catch (error) {
        this.#deps.log.error("state of a cron workflow cannot be read", { key, reason: messageOf(error) });
      }
    }
  }

  /** Wakes each cron when it is due. */
  async #keepTime(signal: AbortSignal): Promise<void> {
    const { clock } = this.#deps;
    while (!signal.aborted) {
      const now = clock.now();
      let wakeAt = now + maxWaitMs;
      this.#bell = new AbortController();
      for (const actor of this.#actors.values()) {
        if (actor.dueAt <= now) actor.poke();
        else if (actor.dueAt < wakeAt) wakeAt = actor.dueAt;
      }
      const { signal: bell } = this.#bell;
      await clock.sleepUntil(wakeAt, AbortSignal.any([signal, bell]));
    }
  }

  #actor(key: CronKey): CronActor {
    const id = keyOf(key);
    const known = this.#actors.get(id);
    if (known !== undefined) return known;
    const actor = new CronActor(this.#deps, key, { signal: this.#signal, onIdle: () => this.#bell.abort() });
    this.#actors.set(id, actor);
    this.#orphans.delete(id);
    if (this.#definitionsRead && this.#statesRead) actor.begin();
    return actor;
  }

  #deleted(key: CronKey): void {
    const id = keyOf(key);
    const actor = this.#actors.get(id);
    this.#actors.delete(id);
    if (actor === undefined) return;
    this.#deps.log.info("cron workflow removed", { namespace: key.namespace, cron: key.name });
    void actor.forget();
  }

  #onRead(): void {
    if (!this.#definitionsRead || !this.#statesRead) return;
    for (const actor of this.#actors.values()) actor.begin();
    // Deleted while no scheduler ran.
    for (const [key, revision] of this.#orphans)
      void this.#deps.state.delete(key, revision).catch((error: unknown) => {
        this.#deps.log.warn("state of a deleted cron workflow stays", { key, reason: messageOf(error) });
      });
    this.#orphans.clear();
    this.#deps.onReady?.();
  }

  /** The end of a run of this process is seen at once. */
  #onRun(key: CronKey, kind: "added" | "changed" | "gone"): void {
    if (kind === "added") return;
    const live = this.#deps.registry.get(key);
    if (live === undefined || (live.run.stage !== "done" && !live.run.deleted)) return;
    const { by } = live.run.submitted;
    if (by.kind === "schedule") this.#actors.get(keyOf({ namespace: key.namespace, name: by.cron }))?.poke();
  }
}
