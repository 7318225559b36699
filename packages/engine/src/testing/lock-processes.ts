// Engine processes, as far as their locks go, on one bucket: what the suite of locks plays with.
import { setImmediate } from "node:timers/promises";
import { type Clock, type Logger, type Random, SeededRandom } from "@sluice/base";
import { openStores, type ResourceChange, type Resources, type Stores, type Transport } from "@sluice/bus";
import { LimitBook } from "../locks/limit-book.ts";
import { LockManager } from "../locks/lock-manager.ts";
import type { LockAnswer } from "../locks/pending-ask.ts";
import type { LockWish } from "../run/state/asks.ts";

export interface LockGround extends AsyncDisposable {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

interface AskOptions {
  readonly priority?: number;
  readonly createdAt?: number;
}

/** One engine process's locks. */
export class Process {
  readonly manager: LockManager;
  readonly #stop = new AbortController();
  readonly #following: Promise<void>;
  readonly #waits = new Map<string, () => void>();
  #heard = 0;
  #hears: () => void = () => {};

  constructor(ground: LockGround, stores: Stores) {
    const { clock, log } = ground;
    const watch: Resources["watch"] = (kinds, signal) => this.#hearing(stores.resources.watch(kinds, signal));
    const limits = new LimitBook({ clock, log, resources: { watch } });
    const random = new SeededRandom(7);
    this.manager = new LockManager({ locks: stores.state("locks"), limits, clock, log, random });
    this.#following = this.manager.follow(this.#stop.signal);
  }

  async *#hearing(changes: AsyncIterable<ResourceChange>): AsyncIterable<ResourceChange> {
    for await (const change of changes) {
      yield change;
      // Who asks for the next one has learnt this one.
      if (change.type === "applied") this.#heard = change.resource.revision;
      this.#hears();
    }
  }

  /** Resolves once this process knows of the change. */
  async heard(revision: number): Promise<void> {
    while (this.#heard < revision) await new Promise<void>((resolve) => (this.#hears = resolve));
  }

  ask(holder: string, locks: readonly LockWish[], { priority = 0, createdAt = 0 }: AskOptions = {}) {
    return new Promise<LockAnswer>((answer) => {
      const [uid = "", ask = ""] = holder.split("/");
      const waiter = { holder, run: { namespace: "ns", name: uid }, uid, ask, priority, createdAt, order: 0 };
      // It takes its time, in which others take and give back.
      const permit = () => setImmediate(true);
      this.manager.ask({ waiter, locks, permit, answer, changed: () => this.#waits.get(holder)?.() });
    });
  }

  /** Asks, and resolves once it has to wait. */
  async queued(holder: string, locks: readonly LockWish[], options: AskOptions = {}) {
    const waits = new Promise<void>((resolve) => this.#waits.set(holder, resolve));
    const answer = this.ask(holder, locks, options);
    await waits;
    return { answer };
  }

  async kill(): Promise<void> {
    this.#stop.abort();
    await this.#following;
  }
}

export class Processes implements AsyncDisposable {
  readonly stores: Stores;
  readonly #ground: LockGround;
  readonly #all: Process[] = [];

  constructor(ground: LockGround) {
    this.#ground = ground;
    this.stores = openStores(ground.transport, ground);
  }

  start(): Process {
    const process = new Process(this.#ground, this.stores);
    this.#all.push(process);
    return process;
  }

  /** Resolves once every process knows of it. */
  async limit(value: string): Promise<void> {
    const { resource } = await this.stores.resources.apply("ConfigMap", "ns", "cm", { data: { k: value } });
    await Promise.all(this.#all.map((process) => process.heard(resource.revision)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const process of this.#all) await process.kill();
    await this.#ground[Symbol.asyncDispose]();
  }
}
