// A seeded fleet: one to three engines share a bus and a machine; each of them dies, freezes and is cut off between any
// two of its operations, steps are lost, answers and deliveries are lost, late and doubled. Virtual time, one event loop
// turn a wake-up, and nothing that answers from a thread: a seed is one history.
// Laws beside those of laws.ts
//   W1. No step id is started twice, by however many engines.
//   W2. At no moment do more steps run than parallelism, mutexes and semaphores allow.
//   W3. A step that runs, and of which its run still wants the end, is never cleared away.
//   W4. What steps wrote is stored once, in its order.
//   W5. When every run is over nothing is kept for any of them (leftovers.ts).
import { inlinePacking, type Logger, noFailpoints, SeededRandom, silentLogger } from "@sluice/base";
import { VirtualClock } from "@sluice/base/testing";
import { makeMemoryTransport, openStores, type Stores } from "@sluice/bus";
import {
  type EngineDeps,
  type Fact,
  MetricsRegistry,
  makeRunDirectory,
  RunRegistry,
  runEngine,
  type StepRequest,
} from "@sluice/engine";
import type { Workflow } from "@sluice/spec";
import { Dice } from "../dice.ts";
import { calm, Fate, FatedClock, type Perils } from "./fate.ts";
import { leftovers } from "./leftovers.ts";
import { lineTo } from "./line.ts";
import { type Ground, Machine } from "./machine.ts";
import { MachineExecutor } from "./machine-executor.ts";
import { Observer } from "./observer.ts";

export interface FleetOptions {
  /** Engines at once; with one, it has every run and asks nobody for leases. */
  readonly engines: number;
  readonly workflows: readonly Workflow[];
  readonly perils: Perils;
  /** Told of what happens, for whoever looks for the cause of a failure. */
  readonly trace?: (line: string) => void;
}

export interface FleetEnd {
  readonly starts: readonly string[];
  readonly deaths: number;
  readonly freezes: number;
  readonly lost: number;
  readonly lines: number;
  /** All that happened, in its order: the same for the same seed. */
  readonly history: string;
}

interface Engine {
  readonly name: string;
  readonly fate: Fate;
  readonly stop: AbortController;
  readonly metrics: MetricsRegistry;
}

/** After so many turns nothing bad happens any more, and everything has to come to its end. */
const wildTurns = 120;
/** So many turns without a step that starts: whatever is left does not end. A workflow by chance may be large. */
const idleTurns = 4_000;
/** Ms by when an engine has swept what runs that are over left in the locks. */
const sweptMs = 180_000;
const namespace = "default";

export class Fleet {
  readonly #options: FleetOptions;
  readonly #dice: Dice;
  readonly #clock = new VirtualClock(1_700_000_000_000, { turns: 1 });
  readonly #transport = makeMemoryTransport({ clock: this.#clock });
  readonly #stores: Stores;
  readonly #machine: Machine;
  readonly #observer = new Observer((line) => this.#note(line));
  readonly #engines: Engine[] = [];
  readonly #fates = new Map<string, Fate>();
  readonly #starts: string[] = [];
  readonly #told = new Map<string, string[]>();
  readonly #ids = new Map<string, string>();
  readonly #history: string[] = [];
  readonly #stop = new AbortController();
  #broken: Error | undefined;
  #counts = { deaths: 0, freezes: 0, lost: 0, lines: 0 };
  #serial = 0;

  constructor(seed: number, options: FleetOptions) {
    this.#options = options;
    this.#dice = new Dice(new SeededRandom(seed));
    this.#stores = openStores(this.#transport, {
      clock: this.#clock,
      log: silentLogger,
      packing: inlinePacking,
    });
    this.#machine = new Machine(this.#clock, {
      started: (request) => this.#started(request),
      said: (request, lines) => this.#said(request, lines),
    });
  }

  async toEnd(): Promise<FleetEnd> {
    const { journal, archive, logs, submitRun, resources } = this.#stores;
    await resources.apply("ConfigMap", namespace, "limits", {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "limits", namespace },
      data: { two: "2" },
    });
    const watching = this.#observer.follow(journal<Fact>(), this.#stop.signal).catch((error: Error) => {
      this.#broken ??= error;
    });
    const directory = makeRunDirectory({
      ...{ journal: journal<Fact>(), archive, logs, submitRun, registry: new RunRegistry() },
      ...{ clock: this.#clock, random: new SeededRandom(this.#dice.below(2 ** 30)) },
    });
    const waiting = [...this.#options.workflows];
    const goesOn = this.#progress();
    for (let turn = 0; goesOn(turn); turn++) {
      this.#tend(turn);
      if (waiting.length > 0 && this.#dice.odds(20)) {
        const next = waiting.shift() as Workflow;
        await directory.submit(next, {
          namespace,
          by: { kind: "api", user: "sim" },
          cause: next.metadata.name ?? "",
        });
      }
      await this.#clock.advanceBy(this.#dice.below(1_500));
      for (const _ of this.#machine.running) this.#act();
      for (const { metadata, spec } of this.#options.workflows)
        if (spec.suspend === true && this.#dice.odds(5))
          await directory
            .resume({ namespace, name: metadata.name ?? "" }, { by: "sim" })
            .catch(() => undefined);
      if (this.#broken !== undefined) throw this.#broken;
      if (waiting.length === 0 && (await journal<Fact>().keys()).length === 0) {
        await this.#tidied();
        await this.#leave(watching);
        return this.#end();
      }
    }
    const left = await journal<Fact>().keys();
    throw new Error(`these runs did not end: ${left.map(({ name }) => name).join(", ")}\n${this.#state()}`);
  }

  /** Whether a step has started in the last turns. */
  #progress(): (turn: number) => boolean {
    let [starts, startedAt] = [0, 0];
    return (turn) => {
      if (this.#starts.length > starts) [starts, startedAt] = [this.#starts.length, turn];
      return turn - startedAt < idleTurns;
    };
  }

  #state(): string {
    return [
      ...this.#engines.map(({ name, fate }) => `${name} ${fate.state}`),
      ...this.#machine.grounds.map(({ id, claim, end }) => `${id} ${claim} ${end?.type ?? ""}`),
      ...[...this.#observer.runs].map(
        ([name, { run }]) => `${name} ${run.stage} ${run.phase} ${[...run.steps.keys()].join(" ")}`,
      ),
    ].join("\n");
  }

  #note(line: string): void {
    this.#history.push(`${this.#clock.now()} ${line}`);
    this.#options.trace?.(`${this.#clock.now()} ${line}`);
  }

  /** There are never more engines than asked for, and in the end at least one. */
  #tend(turn: number): void {
    const isWild = turn < wildTurns;
    if (turn === wildTurns) for (const { fate } of this.#engines) fate.perils = calm;
    for (const engine of [...this.#engines]) {
      if (engine.fate.state !== "dead") continue;
      this.#engines.splice(this.#engines.indexOf(engine), 1);
      this.#counts.deaths += 1;
    }
    const isNew = this.#engines.length === 0 || this.#dice.odds(10);
    if (isNew && this.#engines.length < this.#options.engines)
      this.#born(isWild ? this.#options.perils : calm);
  }

  #born(perils: Perils): void {
    this.#serial += 1;
    const name = `e${this.#serial}`;
    const fate = new Fate(this.#clock, this.#dice, perils, (state) => {
      if (state === "frozen") this.#counts.freezes += 1;
      this.#note(`${name} ${state}`);
    });
    this.#note(`${name} is born`);
    this.#fates.set(name, fate);
    const clock = new FatedClock(this.#clock, fate);
    const packing = {
      ...inlinePacking,
      deflate: async (bytes: Uint8Array) => {
        await fate.travel();
        await fate.step();
        return inlinePacking.deflate(bytes);
      },
    };
    const stores = openStores(lineTo(this.#transport, fate), { clock, log: silentLogger, packing });
    const executor = new MachineExecutor(this.#machine, fate, (step) => {
      if (this.#observer.isUnderWay(step))
        this.#broken ??= new Error(`W3: ${name} cleared step ${step.id} away while it ran`);
    });
    const { archive, logs, memo, resources } = stores;
    const stop = new AbortController();
    const metrics = new MetricsRegistry();
    const trace = this.#options.trace;
    const say = (message: string, fields?: object) =>
      trace?.(`${this.#clock.now()} ${name}: ${message} ${JSON.stringify(fields)}`);
    const log: Logger = { debug: say, info: say, warn: say, error: say, child: () => log };
    const deps: EngineDeps = {
      ...{ journal: stores.journal<Fact>(), archive, logs, clock, log, packing },
      executors: new Map([["machine", executor]]),
      defaultExecutor: "machine",
      random: new SeededRandom(this.#dice.below(2 ** 30)),
      failpoints: { ...noFailpoints, reach: () => fate.step() },
      identity: name,
      registry: new RunRegistry(),
      metrics,
      coordination: { locks: stores.state("locks"), memo, resources },
      config: { checkpointRecords: this.#dice.between(3, 20), maxParallelSteps: this.#dice.between(2, 6) },
      ...(this.#options.engines === 1
        ? {}
        : {
            shards: {
              leases: stores.state("leases"),
              count: 4,
              process: name,
              isGone: (process: string) =>
                this.#fates.get(process)?.state === "dead" && process.endsWith("1"),
            },
          }),
    };
    this.#engines.push({ name, fate, stop, metrics });
    runEngine(deps, stop.signal).catch((error: Error) => {
      this.#broken ??= new Error(`${name} gave up: ${error.message}`, { cause: error });
    });
  }

  /** A step, if one runs, may write, and may end; its machine may lose it. */
  #act(): void {
    const dice = this.#dice;
    const ground = dice.of(this.#machine.running);
    if (ground === undefined) return;
    if (dice.odds(40)) this.#machine.say(ground, dice.between(1, 5));
    const { deadlineAt } = ground.request;
    if (deadlineAt !== undefined && deadlineAt <= this.#clock.now())
      this.#ended(ground, { exitCode: 143, deadline: true });
    else if (ground.stop !== undefined) this.#ended(ground, { exitCode: ground.stop === "kill" ? 137 : 143 });
    else if (dice.odds(3)) {
      this.#counts.lost += 1;
      this.#note(`${ground.id} is lost`);
      this.#machine.lose(ground);
    } else if (dice.odds(30))
      this.#ended(ground, {
        exitCode: dice.odds(20) ? dice.between(1, 3) : 0,
        result: dice.odds(50) ? "heads" : "tails",
      });
  }

  #ended(ground: Ground, end: Parameters<Machine["end"]>[1]): void {
    this.#note(`${ground.id} ends ${end.exitCode}`);
    this.#machine.end(ground, end);
  }

  #started(request: StepRequest): void {
    this.#note(`${request.id} starts (${request.run.name} ${request.node.name})`);
    if (this.#starts.includes(request.id)) this.#broken ??= new Error(`W1: ${request.id} was started twice`);
    this.#starts.push(request.id);
    // A step whose time is over is cut off: it ends for the run at once, and on the machine when that has heard of it.
    const running = this.#machine.running.filter(({ request: other }) => this.#observer.isUnderWay(other));
    const spec = this.#specOf(request);
    const own = running.filter(({ request: other }) => other.run.uid === request.run.uid).length;
    if (spec.parallelism !== undefined && own > spec.parallelism)
      this.#broken ??= new Error(
        `W2: ${own} steps of ${request.run.name} at once, parallelism is ${spec.parallelism}`,
      );
    const under = (holds: (sync: object) => boolean) =>
      running.filter(({ request: other }) => holds(this.#templateOf(other)?.synchronization ?? {})).length;
    const alone = under((sync) => "mutexes" in sync && JSON.stringify(sync.mutexes).includes('"one"'));
    if (alone > 1) this.#broken ??= new Error(`W2: ${alone} steps under one mutex`);
    const pooled = under((sync) => "semaphores" in sync);
    if (pooled > 2) this.#broken ??= new Error(`W2: ${pooled} steps under a semaphore of 2`);
  }

  #specOf({ run }: StepRequest): Workflow["spec"] {
    const found = this.#options.workflows.find(({ metadata }) => metadata.name === run.name);
    if (found === undefined) throw new Error(`nobody submitted ${run.name}`);
    return found.spec;
  }

  #templateOf(request: StepRequest) {
    return this.#specOf(request).templates?.find(({ name }) => name === request.node.template);
  }

  #said({ id, run, node }: StepRequest, lines: readonly string[]): void {
    const key = `${run.name}/${node.id}/${node.attempt}`;
    const known = this.#told.get(key) ?? [];
    this.#told.set(key, known);
    this.#ids.set(key, id);
    known.push(...lines);
    this.#counts.lines += lines.length;
  }

  /** W5. */
  async #tidied(): Promise<void> {
    for (const { fate } of this.#engines) fate.perils = calm;
    const locks = this.#stores.state("locks");
    const until = this.#clock.now() + sweptMs;
    for (;;) {
      const left = await leftovers(
        this.#engines.filter(({ fate }) => fate.state === "alive"),
        locks,
      );
      if (left.length === 0) return;
      if (this.#clock.now() > until) throw new Error(`W5: ${left.join("; ")}`);
      await this.#clock.advanceBy(5_000);
    }
  }

  async #leave(watching: Promise<void>): Promise<void> {
    for (const { fate, stop } of this.#engines) {
      fate.thaw();
      stop.abort();
    }
    this.#stop.abort();
    await this.#clock.advanceBy(5_000);
    await watching;
  }

  async #end(): Promise<FleetEnd> {
    for (const { metadata } of this.#options.workflows) {
      const name = metadata.name ?? "";
      const seen = this.#observer.runs.get(name);
      if (seen === undefined) throw new Error(`${name} was never seen`);
      seen.laws.ended(seen.run);
      seen.laws.sameFactsSameState(seen.run, seen.facts);
      const row = await this.#stores.archive.get({ namespace, name });
      if (row === undefined || !("phase" in row) || row.phase !== seen.run.phase)
        throw new Error(
          `${name} ended as ${seen.run.phase} and is archived as ${JSON.stringify(row).slice(0, 80)}`,
        );
      this.#note(`${name} ${seen.run.phase} ${seen.facts.length}`);
      await this.#logs(name);
    }
    if (this.#broken !== undefined) throw this.#broken;
    return { ...this.#counts, starts: this.#starts, history: this.#history.join("\n") };
  }

  /** W4. */
  async #logs(name: string): Promise<void> {
    const stored = new Map<string, string[]>();
    for await (const { nodeId, attempt, text } of this.#stores.logs.read({ namespace, name }, {})) {
      const key = `${name}/${nodeId}/${attempt}`;
      stored.set(key, [...(stored.get(key) ?? []), text]);
    }
    for (const [key, lines] of this.#told) {
      if (!key.startsWith(`${name}/`)) continue;
      const there = stored.get(key) ?? [];
      // What a step that was cut off writes then may be lost.
      const wanted = this.#observer.hasEnd(this.#ids.get(key) ?? "") ? lines : lines.slice(0, there.length);
      if (there.join("\n") !== wanted.join("\n"))
        throw new Error(
          `W4: ${key} wrote ${lines.length} lines, ${there.length} are stored: ${there.join(",")}`,
        );
    }
  }
}
