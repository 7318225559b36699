import { setImmediate } from "node:timers/promises";
import { inlinePacking, noFailpoints, SeededRandom } from "@sluice/base";
import { RecordingLogger, VirtualClock } from "@sluice/base/testing";
import { type MemoryTransport, makeMemoryTransport, openStores, type Stores } from "@sluice/bus";
import { makeRunDirectory } from "../directory/directory.ts";
import type { RunDirectory } from "../directory/port.ts";
import type { Executor } from "../executor/contract.ts";
import type { Fact } from "../facts.ts";
import type { EngineConfig, EngineDeps } from "../loop/deps.ts";
import { runEngine } from "../loop/engine.ts";
import { RunRegistry } from "../loop/registry.ts";
import type { WorkflowObject } from "../project/workflow-object.ts";
import { runRetention } from "../retention/retention.ts";
import type { RunKeyed } from "../run/state/run.ts";

/** One process of the engine in a test: `kill` ends it without a farewell, as far as its state can tell. */
export interface EngineProcess {
  readonly directory: RunDirectory;
  readonly registry: RunRegistry;
  readonly ended: Promise<void>;
  kill(): Promise<void>;
}

/** A bus in memory with a virtual clock, on which engine processes can be started one after, or beside, another. */
export class EngineBench implements AsyncDisposable {
  readonly clock = new VirtualClock(1_700_000_000_000);
  readonly log = new RecordingLogger();
  readonly transport: MemoryTransport = makeMemoryTransport({ clock: this.clock });
  readonly stores: Stores = openStores(this.transport, {
    clock: this.clock,
    log: this.log,
    packing: inlinePacking,
  });
  readonly #processes: EngineProcess[] = [];
  #serial = 0;

  start(
    executor: Executor,
    more: Partial<EngineDeps> & { readonly config?: EngineConfig } = {},
  ): EngineProcess {
    const stop = new AbortController();
    const registry = new RunRegistry();
    this.#serial += 1;
    const random = new SeededRandom(this.#serial);
    const journal = this.stores.journal<Fact>();
    const { archive, logs, submitRun } = this.stores;
    const directory = makeRunDirectory({
      ...{ journal, archive, logs, submitRun, registry, clock: this.clock, random },
      signal: stop.signal,
    });
    const deps: EngineDeps = {
      journal,
      archive,
      logs,
      executors: new Map([["manual", executor]]),
      defaultExecutor: "manual",
      clock: this.clock,
      random,
      log: this.log,
      failpoints: noFailpoints,
      packing: inlinePacking,
      identity: "test",
      registry,
      estimates: directory,
      coordination: {
        locks: this.stores.state("locks"),
        memo: this.stores.memo,
        resources: this.stores.resources,
      },
      ...more,
    };
    const ended = runEngine(deps, stop.signal);
    const process: EngineProcess = {
      registry,
      directory,
      ended,
      kill: async () => {
        stop.abort();
        await ended;
      },
    };
    this.#processes.push(process);
    return process;
  }

  /** The run as soon as `match` holds for it. */
  async until(
    process: EngineProcess,
    key: RunKeyed,
    match: (object: WorkflowObject) => boolean,
  ): Promise<WorkflowObject> {
    const stop = new AbortController();
    for await (const event of process.directory.watch(key.namespace, { name: key.name }, stop.signal))
      if (match(event.object)) {
        stop.abort();
        return event.object;
      }
    throw new Error(`'${key.name}' was removed while it was waited for`);
  }

  ended(process: EngineProcess, key: RunKeyed): Promise<WorkflowObject> {
    return this.until(process, key, (object) => object.status.finishedAt !== null);
  }

  /** Lets time pass until the process has put away all of its runs that are over: only their rows are left. */
  async putAway(process: EngineProcess): Promise<void> {
    for (let turn = 0; turn < 1_000; turn++) {
      if (process.registry.list().length === 0) return;
      await this.clock.advanceBy(1_000);
      await setImmediate();
    }
    throw new Error("a run is not put away");
  }

  /** What removes finished runs, and the claims that they kept at these executors, until the signal aborts. */
  retention(process: EngineProcess, executors: readonly Executor[], signal: AbortSignal): Promise<void> {
    const { clock, log, stores } = this;
    const claims = { journal: stores.journal<Fact>(), executors };
    return runRetention({ archive: stores.archive, runs: process.directory, clock, log, claims }, signal);
  }

  async facts(key: RunKeyed): Promise<readonly Fact[]> {
    const facts: Fact[] = [];
    for await (const record of this.stores.journal<Fact>().read(key)) facts.push(...record.facts);
    return facts;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const process of this.#processes) await process.kill();
    await this.transport[Symbol.asyncDispose]();
  }
}
