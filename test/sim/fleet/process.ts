// A process of the fleet: an engine with its own fate, and by it its own clock, its own line to the bus, and its own
// executor on the machine.
import { inlinePacking, type Logger, noFailpoints, SeededRandom, silentLogger } from "@sluice/base";
import type { VirtualClock } from "@sluice/base/testing";
import { openStores, type Transport } from "@sluice/bus";
import {
  type EngineDeps,
  type Fact,
  MetricsRegistry,
  RunRegistry,
  runEngine,
  type StepRequest,
} from "@sluice/engine";
import type { Dice } from "../dice.ts";
import { type Fate, FatedClock } from "./fate.ts";
import { lineTo } from "./line.ts";
import type { Machine } from "./machine.ts";
import { MachineExecutor } from "./machine-executor.ts";

export interface FleetProcess {
  readonly name: string;
  readonly fate: Fate;
  readonly stop: AbortController;
  readonly metrics: MetricsRegistry;
}

/** What a process finds when it is born. */
export interface World {
  readonly clock: VirtualClock;
  readonly dice: Dice;
  readonly transport: Transport;
  readonly machine: Machine;
  /** Whether it shares the runs with others, by leases. */
  readonly isShared: boolean;
  /** Whether another process is surely gone. */
  isGone(process: string): boolean;
  /** It cleared away a step that ran. */
  cleared(process: string, step: StepRequest): void;
  gaveUp(error: Error): void;
  readonly trace: ((line: string) => void) | undefined;
}

/** The process runs until its fate or `stop` ends it. */
export function born(name: string, fate: Fate, world: World): FleetProcess {
  const stop = new AbortController();
  const metrics = new MetricsRegistry();
  runEngine({ ...depsOf(name, fate, world), metrics }, stop.signal).catch((error: Error) => {
    world.gaveUp(new Error(`${name} gave up: ${error.message}`, { cause: error }));
  });
  return { name, fate, stop, metrics };
}

function depsOf(name: string, fate: Fate, world: World): EngineDeps {
  const { dice, machine } = world;
  const clock = new FatedClock(world.clock, fate);
  const packing = packingOf(fate);
  const stores = openStores(lineTo(world.transport, fate), { clock, log: silentLogger, packing });
  const { archive, logs, memo, resources } = stores;
  const executor = new MachineExecutor(machine, fate, (step) => world.cleared(name, step));
  const isGone = (process: string) => world.isGone(process);
  return {
    ...{ journal: stores.journal<Fact>(), archive, logs, clock, log: logOf(name, world), packing },
    executors: new Map([["machine", executor]]),
    defaultExecutor: "machine",
    random: new SeededRandom(dice.below(2 ** 30)),
    failpoints: { ...noFailpoints, reach: () => fate.step() },
    identity: name,
    registry: new RunRegistry(),
    coordination: { locks: stores.state("locks"), memo, resources },
    config: { checkpointRecords: dice.between(3, 20), maxParallelSteps: dice.between(2, 6) },
    ...(world.isShared
      ? { shards: { leases: stores.state("leases"), count: 4, process: name, isGone } }
      : {}),
  };
}

/** Packing takes its time, in which the process may die. */
const packingOf = (fate: Fate) => ({
  ...inlinePacking,
  deflate: async (bytes: Uint8Array) => {
    await fate.travel();
    await fate.step();
    return inlinePacking.deflate(bytes);
  },
});

function logOf(name: string, { clock, trace }: World): Logger {
  const say = (message: string, fields?: object) =>
    trace?.(`${clock.now()} ${name}: ${message} ${JSON.stringify(fields)}`);
  const log: Logger = { debug: say, info: say, warn: say, error: say, child: () => log };
  return log;
}
