// Keeps every applied Sensor running.
// Owns:      one task a sensor.      Talks to: Resources, KeyValue, EventLog, and what the loops need.
// Invariants
//   R1. Changes of sensors are taken one after the other; a sensor's old loop has ended before its new one begins.
//   R2. An edit keeps the consumer's position and what waits; a dependency that an edit adds sees events from then on.
//   R3. A deleted sensor leaves neither consumer nor state, also when it was deleted while this process was down.
//   R4. A loop that fails is begun again with backoff; the other sensors do not notice.
import { backoffMs, defaultBackoff, isObject, messageOf, retrying, retryOf, sleepFor } from "@sluice/base";
import type { Resource, ResourceChange, Resources } from "@sluice/bus";
import { type CompiledSensor, compileSensor } from "./compile.ts";
import { sensorKey } from "./join-store.ts";
import { durableOf, type RunningSensor, runSensor, type SensorDeps } from "./loop.ts";
import { SensorsStatus } from "./status.ts";

export interface SensorsDeps extends SensorDeps {
  readonly resources: Resources;
  /** Where statuses are kept for others to read; one of its own when absent. */
  readonly status?: SensorsStatus;
}

interface Task {
  stop(): Promise<void>;
}

/** Runs all Sensors, following their changes, until `signal` aborts. Errors: only when the resources cannot be watched. */
export async function runSensors(deps: SensorsDeps, signal: AbortSignal): Promise<void> {
  const fleet = new Fleet(deps, deps.status ?? new SensorsStatus(), signal);
  try {
    for await (const change of deps.resources.watch(["Sensor"], signal)) await fleet.take(change);
  } finally {
    await fleet.stop();
  }
}

class Fleet {
  readonly #deps: SensorsDeps;
  readonly #status: SensorsStatus;
  readonly #signal: AbortSignal;
  readonly #tasks = new Map<string, Task>();
  /** Keys of sensors that exist, valid or not. */
  readonly #present = new Set<string>();

  constructor(deps: SensorsDeps, status: SensorsStatus, signal: AbortSignal) {
    this.#deps = deps;
    this.#status = status;
    this.#signal = signal;
  }

  async take(change: ResourceChange): Promise<void> {
    switch (change.type) {
      case "applied":
        return await this.#apply(change.resource);
      case "deleted":
        return await this.#remove(change.namespace, change.name);
      case "caught-up":
        return await this.#surely(() => this.#removeOrphans());
    }
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#tasks.values()].map((task) => task.stop()));
  }

  async #apply(resource: Resource): Promise<void> {
    const { namespace, name, generation } = resource;
    const key = sensorKey(namespace, name);
    this.#present.add(key);
    await this.#tasks.get(key)?.stop();
    this.#tasks.delete(key);
    const compiled = compileSensor(resource);
    const issues = compiled.kind === "invalid" ? compiled.issues : [];
    this.#status.applied(resource, issues);
    if (compiled.kind === "invalid") {
      this.#deps.log.error("sensor is invalid", {
        namespace,
        sensor: name,
        generation,
        issues: issues.slice(0, 5),
      });
      return;
    }
    this.#tasks.set(key, this.#start(compiled.sensor));
    this.#deps.log.info("sensor runs", { namespace, sensor: name, generation });
  }

  #start(sensor: CompiledSensor): Task {
    const stop = new AbortController();
    const signal = AbortSignal.any([this.#signal, stop.signal]);
    const done = this.#supervise(sensor, signal);
    return {
      stop: async () => {
        stop.abort();
        await done;
      },
    };
  }

  async #supervise(sensor: CompiledSensor, signal: AbortSignal): Promise<void> {
    const { namespace, name } = sensor;
    const report: RunningSensor["report"] = (what) => this.#status.report(namespace, name, what);
    const deps = { ...this.#deps, log: this.#deps.log.child({ namespace, sensor: name }) };
    for (let attempt = 1; !signal.aborted; attempt++) {
      try {
        const since = await beginnings(sensor, deps);
        await runSensor({ sensor, since, report }, deps, signal);
        if (signal.aborted) return;
        throw new Error("its deliveries ended");
      } catch (error) {
        if (signal.aborted) return;
        report({ type: "failing", message: messageOf(error) });
        deps.log.warn("sensor is begun again", { attempt, message: messageOf(error) });
        await sleepFor(deps.clock, backoffMs(defaultBackoff, attempt, deps.random.next()), signal);
      }
    }
  }

  async #remove(namespace: string, name: string): Promise<void> {
    const key = sensorKey(namespace, name);
    this.#present.delete(key);
    await this.#tasks.get(key)?.stop();
    this.#tasks.delete(key);
    this.#status.removed(namespace, name);
    await this.#surely(() => this.#erase(key, durableOf(namespace, name)));
    this.#deps.log.info("sensor removed", { namespace, sensor: name });
  }

  /** Tries until the bus has done it; what can never be done is logged, since it must not stop the other sensors. */
  async #surely(work: () => Promise<void>): Promise<void> {
    const { clock, random, log } = this.#deps;
    const when = (error: unknown) => retryOf(error) === "later";
    try {
      await retrying({ clock, random, signal: this.#signal, attempts: Number.POSITIVE_INFINITY, when }, work);
    } catch (error) {
      if (!this.#signal.aborted) log.error("sensor's state was not removed", { message: messageOf(error) });
    }
  }

  async #erase(key: string, durable: string): Promise<void> {
    await this.#deps.events.deleteConsumer(durable);
    const keys: string[] = [];
    for await (const entry of this.#deps.state.entries(`${key}.*`)) keys.push(entry.key);
    // The sensor's own entry last: as long as it is there, a crash here is made good at the next start.
    for (const each of [...keys, key]) await this.#deps.state.delete(each);
  }

  /** Sensors that were deleted while nobody looked (R3). */
  async #removeOrphans(): Promise<void> {
    const orphans: [string, string][] = [];
    for await (const entry of this.#deps.state.entries("*.*")) {
      if (this.#present.has(entry.key)) continue;
      const { durable } = decodeRecord(entry.value);
      if (durable !== undefined) orphans.push([entry.key, durable]);
    }
    for (const [key, durable] of orphans) await this.#erase(key, durable);
  }
}

/** A sensor's own entry: which dependencies it has had, and since when. */
interface SensorRecord {
  readonly durable?: string;
  readonly dependencies: readonly {
    readonly name: string;
    readonly source: string;
    readonly event: string;
    /** Epoch ms; 0 = since the sensor was first applied. */
    readonly since: number;
  }[];
}

const text = new TextDecoder();

function decodeRecord(value: Uint8Array): SensorRecord {
  try {
    const record: unknown = JSON.parse(text.decode(value));
    if (isObject(record) && Array.isArray(record["dependencies"])) return record as unknown as SensorRecord;
  } catch {
    // Written anew below.
  }
  return { dependencies: [] };
}

/**
 * From when each dependency sees events (R2): a consumer's position is one for all of them, and would hand a new one
 * everything that came since the last event of the others.
 */
async function beginnings(sensor: CompiledSensor, deps: SensorDeps): Promise<ReadonlyMap<string, number>> {
  const key = sensorKey(sensor.namespace, sensor.name);
  const entry = await deps.state.get(key);
  const before = entry === undefined ? undefined : decodeRecord(entry.value);
  const dependencies = sensor.dependencies.map(({ name, source, event }) => {
    const known = before?.dependencies.find(
      (d) => d.name === name && d.source === source && d.event === event,
    );
    return { name, source, event, since: known?.since ?? (before === undefined ? 0 : sensor.appliedAt) };
  });
  const durable = durableOf(sensor.namespace, sensor.name);
  const value = JSON.stringify({ v: 1, durable, dependencies });
  if (entry === undefined || text.decode(entry.value) !== value) await deps.state.put(key, value);
  return new Map(dependencies.map((d) => [d.name, d.since]));
}
