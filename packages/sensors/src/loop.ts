// The loop of one sensor: deliveries in, trigger requests out. What an event means is decided in `decide.ts`; this file
// only performs it.
// Owns:      one consumer iteration and the deliveries in hand.   Talks to: EventLog, TriggerQueue, DeadLetters, Trail, KeyValue.
// Invariants
//   L1. Order: publish requests, trail, store states (compare-and-set), ack. A crash between any two repeats the event
//       from the old state; nothing is lost, and L2 makes the repeat harmless.
//   L2. A request's id is a hash of sensor, trigger and the events: TRIGGERS stores a repeat once within its window, and
//       the run's identity, made of the id, is the same beyond it.
//   L3. A sensor with a join takes one delivery at a time, in the order of the stream; one without takes many.
//   L4. On abort what is in hand is finished, and no new delivery is taken.
//   L5. An event that cannot be handled (our fault, or state that cannot be kept) is recorded and acknowledged: it never
//       stops the sensor.
import {
  backoffMs,
  type Clock,
  defaultBackoff,
  type Failpoints,
  hasCode,
  hashId,
  isAppError,
  type Logger,
  messageOf,
  type Random,
  retryOf,
} from "@sluice/base";
import type { DeadLetters, EventLog, KeyValue, Settleable, Trail, TriggerQueue } from "@sluice/bus";
import type { EventOrigin, StoredEvent } from "@sluice/spec";
import type { CompiledSensor } from "./compile.ts";
import { type Decision, decide } from "./decide.ts";
import { JoinStore } from "./join-store.ts";
import { type JoinState, respecify } from "./match/reduce.ts";
import { causeOf, type Rendered } from "./render.ts";
import type { SensorReport } from "./status.ts";

export interface SensorDeps {
  readonly events: EventLog;
  readonly triggers: TriggerQueue;
  readonly trail: Trail;
  readonly dead: DeadLetters;
  /** The bucket `sensor-state`. */
  readonly state: KeyValue;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly failpoints: Failpoints;
}

/** Redelivered after this long without an answer, ms: how long a join waits after its process was killed. */
const ackWaitMs = 5_000;
/** Deliveries at once of a sensor that keeps no state. */
const maxInFlight = 64;

/** The durable consumer of a sensor. */
export const durableOf = (namespace: string, name: string): string =>
  `sensor-${hashId(namespace, name).slice(0, 24)}`;

export interface RunningSensor {
  readonly sensor: CompiledSensor;
  /** Dependencies that were added to a sensor that ran before: epoch ms from which they see events. */
  readonly since: ReadonlyMap<string, number>;
  readonly report: (report: SensorReport) => void;
}

/** Runs one sensor until `signal` aborts. Errors: what the bus throws when the consumer cannot be made. */
export async function runSensor(
  running: RunningSensor,
  deps: SensorDeps,
  signal: AbortSignal,
): Promise<void> {
  const { sensor } = running;
  const joins = new JoinStore(deps.state, sensor.namespace, sensor.name);
  const stateful = sensor.triggers.filter((t) => !t.stateless);
  await respecifyAll(running, joins);
  const inHand = new Set<Promise<void>>();
  const deliveries = deps.events.consume(
    durableOf(sensor.namespace, sensor.name),
    originsOf(sensor),
    { start: { atMs: sensor.appliedAt }, ackWaitMs, maxInFlight: stateful.length > 0 ? 1 : maxInFlight },
    signal,
  );
  try {
    for await (const delivery of deliveries) {
      const done = handle(running, deps, joins, delivery).catch((error) => {
        // Not settled: it is delivered again when the bus is back.
        running.report({ type: "failing", message: messageOf(error) });
        deps.log.warn("event not settled", { event: delivery.value.event.id, message: messageOf(error) });
      });
      if (stateful.length > 0) await done;
      else {
        inHand.add(done);
        void done.finally(() => inHand.delete(done));
      }
    }
  } finally {
    await Promise.all(inHand);
  }
}

function originsOf(sensor: CompiledSensor): readonly EventOrigin[] {
  const origins = new Map<string, EventOrigin>();
  for (const { source, event } of sensor.dependencies)
    origins.set(JSON.stringify([source, event]), { namespace: sensor.namespace, source, event });
  return [...origins.values()];
}

/** Brings what waits in line with the sensor as it is now. */
async function respecifyAll({ sensor, report }: RunningSensor, joins: JoinStore): Promise<void> {
  const definitions = new Map(sensor.dependencies.map((d) => [d.name, d.definition]));
  const tests = new Map(sensor.dependencies.map((d) => [d.name, d]));
  const stateful = sensor.triggers.filter((t) => !t.stateless);
  await joins.keepOnly(stateful.map((t) => t.name));
  for (const trigger of stateful) {
    const { state } = await joins.load(trigger.name);
    const next = respecify(trigger.plan, state, definitions, (dependency, { origin, event, ...stored }) => {
      const test = tests.get(dependency);
      const same = test?.source === origin.source && test.event === origin.event;
      return same && test.test({ ...stored, origin, event }).passed;
    });
    if (JSON.stringify(next) !== JSON.stringify(state)) await joins.store(trigger.name, next);
    report({ type: "waiting", trigger: trigger.name, filled: next.waiting.map((w) => w.dependency) });
  }
}

async function handle(
  running: RunningSensor,
  deps: SensorDeps,
  joins: JoinStore,
  delivery: Settleable<StoredEvent>,
): Promise<void> {
  try {
    const decision = await decideNow(running, deps, joins, delivery);
    await perform(deps, decision, delivery.storedAt);
    await storeStates(running, deps, joins, decision);
    running.report({ type: "event", at: deps.clock.now(), firings: decision.firings.length });
    await delivery.settle({ kind: "ack" });
    running.report({ type: "well" });
  } catch (error) {
    await giveUpOrRetry(running, deps, delivery, error);
  }
}

async function decideNow(
  { sensor, since }: RunningSensor,
  deps: SensorDeps,
  joins: JoinStore,
  delivery: Settleable<StoredEvent>,
): Promise<Decision> {
  const states = new Map<string, JoinState>();
  for (const trigger of sensor.triggers)
    if (!trigger.stateless) states.set(trigger.name, (await joins.load(trigger.name)).state);
  const { value: event, seq, storedAt } = delivery;
  return decide(sensor, { arrival: { event, seq, storedAt }, states, since, at: deps.clock.now() });
}

/** L1 up to the trail. */
async function perform(deps: SensorDeps, decision: Decision, storedAt: number): Promise<void> {
  if (decision.firings.length > 0) {
    await deps.failpoints.reach("sensor.matched");
    await Promise.all(decision.firings.map((firing) => request(deps, firing, storedAt)));
    await deps.failpoints.reach("sensor.requested");
  }
  await Promise.all(decision.records.map((record) => deps.trail.record(record)));
}

/** A state that cannot be kept must not keep the others from being stored (L5); the event then waits in the others only. */
async function storeStates(
  { sensor, report }: RunningSensor,
  deps: SensorDeps,
  joins: JoinStore,
  { states, records }: Decision,
): Promise<void> {
  for (const [trigger, state] of states) {
    try {
      await joins.store(trigger, state);
      report({ type: "waiting", trigger, filled: state.waiting.map((w) => w.dependency) });
    } catch (error) {
      if (retryOf(error) !== "never") throw error;
      const message = messageOf(error);
      deps.log.error("join cannot keep the event", { trigger, message });
      const cut = records.find((r) => r.type === "condition" && r.trigger === trigger);
      if (cut?.type === "condition")
        await deps.trail.record({ ...cut, sensor: sensor.name, fired: false, notes: [message] });
    }
  }
}

/** Asks for a firing; one that cannot be asked for is kept in DEAD. */
async function request(deps: SensorDeps, { request, failure }: Rendered, storedAt: number): Promise<void> {
  // The time of the event, not of now: a repeat after a crash is then the same letter.
  const letter = (dead: Rendered["request"], why: Why) => bury(deps, dead, why, storedAt);
  if (failure !== undefined) return await letter(request, failure);
  try {
    await deps.triggers.publish(request);
  } catch (error) {
    if (!isAppError(error) || error.retry !== "never") throw error;
    // Too large for the bus: what is kept says so, without the action.
    await letter({ ...request, action: {}, unresolved: error.message }, error);
  }
}

interface Why {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}

async function bury(deps: SensorDeps, request: Rendered["request"], why: Why, at: number): Promise<void> {
  const { code, message, hint } = why;
  const { namespace, sensor, trigger, id } = request;
  await deps.dead.put({ v: 1, id, request, code, message, hint, attempts: 0, at });
  deps.log.error("firing could not be asked for", { namespace, sensor, trigger, request: id, code, message });
}

async function giveUpOrRetry(
  { sensor, report }: RunningSensor,
  deps: SensorDeps,
  delivery: Settleable<StoredEvent>,
  error: unknown,
): Promise<void> {
  const { event } = delivery.value;
  const message = messageOf(error);
  if (retryOf(error) === "later") {
    // Another process was first: decide again at once on what it wrote.
    const raced = hasCode(error, "BUS_WRONG_SEQUENCE");
    const delayMs = raced ? 0 : backoffMs(defaultBackoff, delivery.attempt, deps.random.next());
    if (!raced) {
      report({ type: "failing", message });
      deps.log.warn("event waits", { event: event.id, attempt: delivery.attempt, message });
    }
    return await delivery.settle({ kind: "retry", delayMs });
  }
  report({ type: "failing", message });
  deps.log.error("event could not be handled", { event: event.id, message });
  const cause = causeOf(delivery.value);
  const dependency = sensor.dependencies.find((d) => d.source === cause.source && d.event === cause.event);
  await deps.trail.record({
    ...{ v: 1, at: deps.clock.now(), cause, type: "verdict", sensor: sensor.name },
    ...{ dependency: dependency?.name ?? "", passed: false, checks: [], error: message },
  });
  await delivery.settle({ kind: "ack" });
}
