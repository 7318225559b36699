// Follows one resource: list, then watch from there, for ever.
// Owns:      the store of what exists. Talks to: KubeClient.
// Invariants
//   I1. `store` is what the API server had at some moment not older than the last change given out.
//   I2. A change is given out after the store shows it; objects that vanished while no watch was up are given out as
//       deleted by the list that follows.
//   I3. It ends only when its signal aborts: every failure is followed by another try, after a jittered backoff.
//   I4. A watch that brought nothing for its time is ended by us: no half-open connection keeps it silent.
import {
  type BackoffPolicy,
  backoffMs,
  type Clock,
  hasCode,
  isAppError,
  type Logger,
  Mailbox,
  messageOf,
  type Random,
  sleepFor,
} from "@sluice/base";
import type { KubeClient, WatchEvent } from "./client.ts";
import { type KubeObject, keyOf, type ResourceType } from "./object.ts";

export interface InformerOptions {
  readonly client: KubeClient;
  readonly type: ResourceType;
  /** Absent: all namespaces. */
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** Ms after which a watch is renewed, also the bound for noticing a dead connection; default 60,000. */
  readonly watchMs?: number;
}

export type Change =
  | { readonly type: "added" | "updated" | "deleted"; readonly object: KubeObject }
  /** A list was taken over whole: the store is complete up to here. */
  | { readonly type: "synced" };

export interface Informer {
  /** What exists, by "namespace/name". */
  readonly store: ReadonlyMap<string, KubeObject>;
  /** Resolves after the first list. */
  readonly synced: Promise<void>;
  /** Lists and watches until `signal` aborts; never throws. */
  run(signal: AbortSignal): Promise<void>;
  /** One reader, from the start of `run`. Ends when `signal` aborts. */
  changes(signal: AbortSignal): AsyncIterable<Change>;
}

const policy: BackoffPolicy = { baseMs: 200, factor: 2, capMs: 15_000, jitter: 0.5 };

/** A level-triggered view of one resource. Does nothing until `run`. */
export function makeInformer(options: InformerOptions): Informer {
  const loop = new InformerLoop(options);
  return {
    store: loop.store,
    synced: loop.synced.promise,
    run: (signal) => loop.run(signal),
    changes: (signal) => loop.changes(signal),
  };
}

class InformerLoop {
  readonly store = new Map<string, KubeObject>();
  readonly synced = Promise.withResolvers<void>();
  readonly #options: InformerOptions;
  /** Undefined only wakes the reader. */
  readonly #out = new Mailbox<Change | undefined>();
  /** Undefined: a list is needed first. */
  #version: string | undefined;
  #failures = 0;

  constructor(options: InformerOptions) {
    this.#options = options;
  }

  async *changes(signal: AbortSignal): AsyncGenerator<Change> {
    // One listener a reader, not one a wait: this loop turns once a change, for as long as the process lives.
    signal.addEventListener("abort", () => this.#out.put(undefined), { once: true });
    while (!signal.aborted) {
      for (const change of this.#out.drain()) if (change !== undefined) yield change;
      if (!signal.aborted) await this.#out.ready();
    }
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        if (this.#version === undefined) await this.#list(signal);
        if (this.#version !== undefined) await this.#watch(this.#version, signal);
        this.#failures = 0;
      } catch (error) {
        if (signal.aborted) return;
        await this.#recover(error, signal);
      }
    }
  }

  async #list(signal: AbortSignal): Promise<void> {
    const { client, type, namespace, labelSelector, fieldSelector } = this.#options;
    const list = await client.list(type, clean({ namespace, labelSelector, fieldSelector }), signal);
    const gone = new Map(this.store);
    for (const object of list.items) {
      gone.delete(keyOf(object));
      this.#put(object);
    }
    for (const object of gone.values()) this.#remove(object);
    this.#version = list.resourceVersion;
    this.#out.put({ type: "synced" });
    this.synced.resolve();
  }

  async #watch(resourceVersion: string, signal: AbortSignal): Promise<void> {
    const { client, type, namespace, labelSelector, fieldSelector, clock, watchMs = 60_000 } = this.#options;
    const controller = new AbortController();
    const both = AbortSignal.any([signal, controller.signal]);
    // I4: the server should have ended the watch by then.
    void sleepFor(clock, watchMs + 15_000, both).then(() => controller.abort());
    const scope = clean({ namespace, labelSelector, fieldSelector });
    try {
      for await (const event of client.watch(type, { ...scope, resourceVersion, timeoutMs: watchMs }, both)) {
        this.#failures = 0;
        this.#take(event);
      }
    } finally {
      controller.abort();
    }
  }

  #take(event: WatchEvent): void {
    if (event.type === "bookmark") {
      this.#version = event.resourceVersion;
      return;
    }
    this.#version = event.object.metadata.resourceVersion ?? this.#version;
    if (event.type === "deleted") this.#remove(event.object);
    else this.#put(event.object);
  }

  #put(object: KubeObject): void {
    const before = this.store.get(keyOf(object));
    if (
      before?.metadata.uid === object.metadata.uid &&
      before?.metadata.resourceVersion === object.metadata.resourceVersion
    )
      return;
    // Deleted and made anew between two looks: both are told.
    if (before !== undefined && before.metadata.uid !== object.metadata.uid) this.#remove(before);
    const type = this.store.has(keyOf(object)) ? "updated" : "added";
    this.store.set(keyOf(object), object);
    this.#out.put({ type, object });
  }

  #remove(object: KubeObject): void {
    this.store.delete(keyOf(object));
    this.#out.put({ type: "deleted", object });
  }

  async #recover(error: unknown, signal: AbortSignal): Promise<void> {
    const { clock, random, log, type } = this.#options;
    if (hasCode(error, "KUBE_GONE")) {
      this.#version = undefined;
      log.debug("watch is too old, listing again", { resource: type.plural });
    }
    this.#failures += 1;
    const asked = isAppError(error) ? Number(error.details["retryAfterMs"] ?? 0) : 0;
    const waitMs = Math.max(asked, backoffMs(policy, this.#failures, random.next()));
    if (!hasCode(error, "KUBE_GONE"))
      log.warn("watch broke, trying again", {
        resource: type.plural,
        attempt: this.#failures,
        waitMs,
        code: isAppError(error) ? error.code : "unknown",
        reason: messageOf(error),
      });
    await sleepFor(clock, waitMs, signal);
  }
}

type Scope = { namespace?: string; labelSelector?: string; fieldSelector?: string };

function clean(scope: { [K in keyof Scope]: string | undefined }): Scope {
  const { namespace, labelSelector, fieldSelector } = scope;
  return {
    ...(namespace === undefined ? {} : { namespace }),
    ...(labelSelector === undefined ? {} : { labelSelector }),
    ...(fieldSelector === undefined ? {} : { fieldSelector }),
  };
}
