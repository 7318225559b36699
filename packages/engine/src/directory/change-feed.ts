// One stream of changed runs for all watchers: the registry's at once, those of other processes from RUNS, deletions and
// results of archived runs from the archive. The followers live only while someone watches.
import { type Logger, messageOf } from "@sluice/base";
import type { RunKeyed } from "../run/state/run.ts";
import type { RunPlaces } from "./places.ts";

type Listener = (key: RunKeyed) => void;

export class ChangeFeed {
  readonly #places: RunPlaces;
  readonly #log: Logger;
  readonly #listeners = new Set<Listener>();
  #stop: (() => void) | undefined;
  /** Resolves once changes of other processes are seen: what is read after it misses none. Rejects when they cannot be. */
  ready: Promise<void> = Promise.resolve();

  constructor(places: RunPlaces, log: Logger) {
    this.#places = places;
    this.#log = log;
  }

  /** Returns how to stop listening. */
  subscribe(listener: Listener): () => void {
    this.#listeners.add(listener);
    this.#stop ??= this.#start();
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size > 0) return;
      this.#stop?.();
      this.#stop = undefined;
    };
  }

  #start(): () => void {
    const abort = new AbortController();
    const { registry, index } = this.#places;
    const tell = (key: RunKeyed) => {
      for (const listener of [...this.#listeners]) listener(key);
    };
    const parts = [registry.onChange(({ key }) => tell(key)), index.onChange(tell)];
    const follow = (following: Promise<void>, seen: PromiseWithResolvers<void>) => {
      following.catch((error: unknown) => {
        if (abort.signal.aborted) return;
        seen.reject(error);
        this.#log.error("changes of other processes' workflows are not seen any more", {
          reason: messageOf(error),
        });
      });
    };
    const journals = Promise.withResolvers<void>();
    const archive = Promise.withResolvers<void>();
    abort.signal.addEventListener("abort", () => {
      journals.resolve();
      archive.resolve();
    });
    follow(this.#followJournals(tell, journals.resolve, abort.signal), journals);
    if (index.isFollowing) archive.resolve();
    else follow(this.#followArchive(tell, archive.resolve, abort.signal), archive);
    this.ready = Promise.all([journals.promise, archive.promise]).then(() => undefined);
    this.ready.catch(() => {}); // whoever watches hears of it
    return () => {
      abort.abort();
      for (const stop of parts) stop();
    };
  }

  async #followJournals(tell: Listener, started: () => void, signal: AbortSignal): Promise<void> {
    for await (const item of this.#places.journal.follow(signal, { start: "new" })) {
      if (signal.aborted) return;
      if (item.type === "caught-up") started();
      // The registry tells of this process's own, after they are folded.
      if (item.type === "record" && this.#places.registry.get(item.record.key) === undefined)
        tell(item.record.key);
    }
  }

  async #followArchive(tell: Listener, started: () => void, signal: AbortSignal): Promise<void> {
    let isNew = false;
    for await (const change of this.#places.archive.watch(signal)) {
      if (signal.aborted) return;
      if (change.type === "caught-up") {
        isNew = true;
        started();
      } else if (isNew && change.type !== "passed") tell(change.type === "row" ? change.row.key : change.key);
    }
  }
}
