// A seeded fleet: one to three engines share a bus and a machine; each of them dies, freezes and is cut off between any
// two of its operations, steps are lost, answers and deliveries are lost, late and doubled. Virtual time, one event loop
// turn a wake-up, and nothing that answers from a thread: a seed is one history.
// What holds all the while: `fleet-laws.ts` (W).
import { inlinePacking, SeededRandom, silentLogger } from "@sluice/base";
import { VirtualClock } from "@sluice/base/testing";
import { makeMemoryTransport, openStores, type Stores } from "@sluice/bus";
import { type Fact, makeRunDirectory, RunRegistry } from "@sluice/engine";
import type { Workflow } from "@sluice/spec";
import { Dice } from "../dice.ts";
import { calm, Fate, type Perils } from "./fate.ts";
import { FleetLaws } from "./fleet-laws.ts";
import { leftovers } from "./leftovers.ts";
import { type Ground, Machine } from "./machine.ts";
import { born, type FleetProcess, type World } from "./process.ts";

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

/** After so many turns nothing bad happens any more, and everything has to come to its end. */
const wildTurns = 120;
/** So many turns without a step that starts: whatever is left does not end. A workflow by chance may be large. */
const idleTurns = 4_000;
/** What a message holds beside its head is 1.5 kB: longer records lie apart, and are fetched by an operation of their own. */
const maxPayloadBytes = 8 * 1_024 + 1_536;
/** Ms by when an engine has swept what runs that are over left in the locks. */
const sweptMs = 180_000;
const namespace = "default";

export class Fleet {
  readonly #options: FleetOptions;
  readonly #dice: Dice;
  readonly #clock = new VirtualClock(1_700_000_000_000, { turns: 1 });
  readonly #transport = makeMemoryTransport({ clock: this.#clock, maxPayloadBytes });
  readonly #stores: Stores;
  readonly #machine: Machine;
  readonly #laws: FleetLaws;
  readonly #world: World;
  readonly #processes: FleetProcess[] = [];
  readonly #fates = new Map<string, Fate>();
  /** Of all processes, also those that died: what waits for a signal that never comes is never forgotten. */
  readonly #stops: AbortController[] = [];
  readonly #history: string[] = [];
  readonly #stop = new AbortController();
  #counts = { deaths: 0, freezes: 0, lost: 0 };
  #serial = 0;

  constructor(seed: number, options: FleetOptions) {
    this.#options = options;
    this.#dice = new Dice(new SeededRandom(seed));
    this.#stores = openStores(this.#transport, {
      clock: this.#clock,
      log: silentLogger,
      packing: inlinePacking,
    });
    this.#laws = new FleetLaws(options.workflows, (line) => this.#note(line));
    this.#machine = new Machine(this.#clock, {
      started: (request) => this.#laws.started(request, this.#machine.running),
      said: (request, lines) => this.#laws.said(request, lines),
    });
    this.#world = {
      ...{ clock: this.#clock, dice: this.#dice, transport: this.#transport, machine: this.#machine },
      isShared: options.engines > 1,
      // Of some that are gone one look tells; of the others only a lease that runs out.
      isGone: (process) => this.#fates.get(process)?.state === "dead" && process.endsWith("1"),
      cleared: (process, step) => this.#laws.cleared(process, step),
      gaveUp: (error) => this.#laws.broke(error),
      trace: options.trace,
    };
  }

  async toEnd(): Promise<FleetEnd> {
    const { journal, archive, logs, submitRun, resources } = this.#stores;
    await resources.apply("ConfigMap", namespace, "limits", {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "limits", namespace },
      data: { two: "2" },
    });
    const watching = this.#laws.follow(journal<Fact>(), this.#stop.signal);
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
      this.#laws.check();
      if (waiting.length === 0 && (await journal<Fact>().keys()).length === 0) {
        await this.#tidied();
        await this.#leave(watching);
        await this.#laws.ended(this.#stores, namespace);
        // What the dead still read has a signal that ends with the bus.
        await this.#transport[Symbol.asyncDispose]();
        const { starts, lines } = this.#laws;
        return { ...this.#counts, lines, starts, history: this.#history.join("\n") };
      }
    }
    const left = await journal<Fact>().keys();
    throw new Error(`these runs did not end: ${left.map(({ name }) => name).join(", ")}\n${this.#state()}`);
  }

  /** Whether a step has started in the last turns. */
  #progress(): (turn: number) => boolean {
    let [starts, startedAt] = [0, 0];
    return (turn) => {
      if (this.#laws.starts.length > starts) [starts, startedAt] = [this.#laws.starts.length, turn];
      return turn - startedAt < idleTurns;
    };
  }

  #state(): string {
    return [
      ...this.#processes.map(({ name, fate }) => `${name} ${fate.state}`),
      ...this.#machine.grounds.map(({ id, claim, end }) => `${id} ${claim} ${end?.type ?? ""}`),
      ...[...this.#laws.observer.runs].map(
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
    if (turn === wildTurns) for (const { fate } of this.#processes) fate.perils = calm;
    for (const process of [...this.#processes]) {
      if (process.fate.state !== "dead") continue;
      this.#processes.splice(this.#processes.indexOf(process), 1);
      this.#counts.deaths += 1;
    }
    const isNew = this.#processes.length === 0 || this.#dice.odds(10);
    if (isNew && this.#processes.length < this.#options.engines)
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
    const process = born(name, fate, this.#world);
    this.#processes.push(process);
    this.#stops.push(process.stop);
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

  /** W5. */
  async #tidied(): Promise<void> {
    for (const { fate } of this.#processes) fate.perils = calm;
    const locks = this.#stores.state("locks");
    const until = this.#clock.now() + sweptMs;
    for (;;) {
      const living = this.#processes.filter(({ fate }) => fate.state !== "dead");
      const left = await leftovers(living, locks);
      if (left.length === 0) return;
      if (this.#clock.now() > until) throw new Error(`W5: ${left.join("; ")}`);
      await this.#clock.advanceBy(5_000);
    }
  }

  async #leave(watching: Promise<void>): Promise<void> {
    for (const { fate } of this.#processes) fate.thaw();
    for (const stop of [...this.#stops, this.#stop]) stop.abort();
    await this.#clock.advanceBy(5_000);
    await watching;
  }
}
