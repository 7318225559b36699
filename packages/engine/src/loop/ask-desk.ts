// Has the world asked what one run wants to know, and its locks and outputs carried there.
// Owns:      the run's open asks in this process.      Talks to: LockManager, MemoStore, Definitions.
// Invariants
//   K1. What is done here may be done again: asks, releases and saves are idempotent, and a restart repeats them.
//   K2. After `leave` nothing more is answered; locks stay with the run.
//   K3. What the run itself has made is remembered before it asks for it: a look-up waits for its run's saves.
import { backoffMs, defaultBackoff, hasCode, messageOf, retryOf, sleepFor } from "@sluice/base";
import type { MemoEntry } from "@sluice/bus";
import { knownWith } from "../definitions/config-maps.ts";
import { noDefinitions } from "../definitions/port.ts";
import type { AnswerFact } from "../facts.ts";
import type { LiveStep } from "../project/live-step.ts";
import type { Effects } from "../run/reduce.ts";
import type { Ask, ConfigAsk, LockAsk, MemoAsk, MemoSave } from "../run/state/asks.ts";
import type { NodeOutputs } from "../run/state/node.ts";
import type { Run } from "../run/state/run.ts";
import { isStillOurs } from "../shards/port.ts";
import type { LoopDeps } from "./deps.ts";
import { measureLocks } from "./measure.ts";

export interface AskTell {
  answer(fact: AnswerFact): void;
  changed(): void;
}

export class AskDesk {
  readonly #deps: LoopDeps;
  readonly #run: Run;
  readonly #tell: AskTell;
  readonly #left = new AbortController();
  readonly #saving = new Set<Promise<void>>();

  constructor(deps: LoopDeps, run: Run, tell: AskTell) {
    this.#deps = deps;
    this.#run = run;
    this.#tell = tell;
  }

  perform({ ask, release, save }: Pick<Effects, "ask" | "release" | "save">): void {
    for (const given of release)
      void this.#deps.locks?.release(this.#holder(given.ask), given.locks, given.fences);
    for (const id of save) {
      const entry = this.#run.saves.get(id);
      if (entry !== undefined) this.#save(entry);
    }
    for (const id of ask) {
      const wanted = this.#run.asks.get(id);
      if (wanted?.kind === "locks") this.#askLocks(wanted);
      else if (wanted?.kind === "memo") void this.#askCache(wanted);
      else if (wanted?.kind === "config") void this.#askConfig(wanted);
    }
  }

  #holder(ask: string): string {
    return `${this.#run.uid}/${ask}`;
  }

  #askLocks(ask: LockAsk): void {
    const { run } = this;
    const { locks } = this.#deps;
    if (locks === undefined) {
      this.#answer({
        type: "denied",
        at: this.#deps.clock.now(),
        ask: ask.id,
        message: "this engine has no locks",
      });
      return;
    }
    locks.ask({
      waiter: {
        holder: this.#holder(ask.id),
        run: run.key,
        uid: run.uid,
        ask: ask.id,
        priority: run.spec.priority ?? 0,
        createdAt: run.submitted.at,
        order: ask.order,
      },
      locks: ask.locks,
      permit: () => isStillOurs(this.#deps.shards, run.uid, this.#left.signal),
      answer: (answer) => {
        const at = this.#deps.clock.now();
        if (answer.kind === "locked") {
          measureLocks(this.#deps, ask.locks);
          this.#answer({ type: "locked", at, ask: ask.id, fences: answer.fences });
        } else this.#answer({ type: "denied", at, ask: ask.id, message: answer.reason });
      },
      changed: () => this.#tell.changed(),
    });
  }

  get run(): Run {
    return this.#run;
  }

  #answer(fact: AnswerFact): void {
    if (!this.#left.signal.aborted) this.#tell.answer(fact);
  }

  async #askCache(ask: MemoAsk): Promise<void> {
    await this.saved(); // K3
    const entry = await this.#read(ask);
    const at = this.#deps.clock.now();
    const isFresh =
      entry !== undefined && (ask.maxAgeMs === undefined || entry.createdAt + ask.maxAgeMs >= at);
    this.#answer({
      type: "remembered",
      at,
      ask: ask.id,
      ...(isFresh
        ? {
            hit: {
              node: entry.node,
              createdAt: entry.createdAt,
              ...(entry.outputs === undefined ? {} : { outputs: entry.outputs as NodeOutputs }),
            },
          }
        : {}),
    });
  }

  /** Tried again while the bus or the cluster is away; what cannot be read for another reason ends who waits for it. */
  async #askConfig({ id, key }: ConfigAsk): Promise<void> {
    const { definitions = noDefinitions, log, clock, random } = this.#deps;
    const { namespace, name } = this.#run.key;
    for (let attempt = 1; !this.#left.signal.aborted; attempt++) {
      try {
        const content = await definitions.configMap(namespace, key.name);
        const map = knownWith(content, (one) => one === key.key);
        this.#answer({ type: "configured", at: clock.now(), ask: id, map });
        return;
      } catch (error) {
        const message = messageOf(error);
        if (retryOf(error) !== "later") {
          this.#answer({ type: "denied", at: clock.now(), ask: id, message });
          return;
        }
        const fields = { run: name, configMap: key.name, attempt, reason: message };
        log.warn("a ConfigMap cannot be read, trying again", fields);
        await sleepFor(clock, backoffMs(defaultBackoff, attempt, random.next()), this.#left.signal);
      }
    }
  }

  /** An entry that cannot be read is none: the template runs, and writes a new one. */
  async #read({ cache, key }: MemoAsk): Promise<MemoEntry | undefined> {
    const { memo, log, clock, random } = this.#deps;
    const { namespace, name } = this.#run.key;
    for (let attempt = 1; !this.#left.signal.aborted; attempt++) {
      try {
        return await memo?.get({ namespace, cache, key });
      } catch (error) {
        const fields = {
          run: name,
          cache,
          key,
          code: (error as { code?: unknown }).code,
          reason: messageOf(error),
        };
        if (retryOf(error) !== "later" || hasCode(error, "BUS_DECODE")) {
          log.warn("a memoized entry cannot be read: the template runs", fields);
          return undefined;
        }
        log.warn("the cache cannot be read, trying again", { ...fields, attempt });
        await sleepFor(clock, backoffMs(defaultBackoff, attempt, random.next()), this.#left.signal);
      }
    }
    return undefined;
  }

  #save(save: MemoSave): void {
    const work = this.#saveOnce(save).finally(() => void this.#saving.delete(work));
    this.#saving.add(work);
  }

  async #saveOnce({ cache, key, node, createdAt, outputs }: MemoSave): Promise<void> {
    const { memo, log, clock, random } = this.#deps;
    const { namespace, name } = this.#run.key;
    for (let attempt = 1; !this.#left.signal.aborted; attempt++) {
      try {
        await memo?.put(
          { namespace, cache, key },
          { node, createdAt, ...(outputs === undefined ? {} : { outputs }) },
        );
        return;
      } catch (error) {
        log.warn("outputs could not be memoized", {
          run: name,
          cache,
          key,
          attempt,
          reason: messageOf(error),
        });
        if (retryOf(error) !== "later") return;
        await sleepFor(clock, backoffMs(defaultBackoff, attempt, random.next()), this.#left.signal);
      }
    }
  }

  /** Resolves when all outputs for the caches are stored. */
  async saved(): Promise<void> {
    await Promise.allSettled(this.#saving);
  }

  /** What an ask waits for, as the watchers see it. */
  live(id: string): LiveStep | undefined {
    const ask: Ask | undefined = this.#run.asks.get(id);
    if (ask?.kind !== "locks") return undefined;
    const wait = this.#deps.locks?.waiting(this.#holder(id));
    return wait === undefined ? undefined : { pending: wait.message, lock: wait.lock };
  }

  /** Asks of the same names that come after the first call are the next hand's on the run. */
  leave(): void {
    if (this.#left.signal.aborted) return;
    this.#left.abort();
    for (const id of this.#run.asks.keys()) this.#deps.locks?.abandon(this.#holder(id));
  }
}
