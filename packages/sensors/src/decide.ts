// What one event means to a sensor: verdicts, firings, states to store. Pure but for the states it is given.
import type { CauseRef, StoredEvent, TrailRecord } from "@sluice/spec";
import type { CompiledSensor, CompiledTrigger } from "./compile.ts";
import { type JoinState, type JoinTransition, reduceJoin } from "./match/reduce.ts";
import type { FiringEvents } from "./parameters/resolve.ts";
import { causeOf, type Rendered, renderRequest } from "./render.ts";

export interface Arrival {
  readonly event: StoredEvent;
  readonly seq: number;
  /** Epoch ms at which EVENTS stored it. */
  readonly storedAt: number;
}

export interface Decision {
  readonly firings: readonly Rendered[];
  readonly records: readonly TrailRecord[];
  /** States that changed, by trigger. */
  readonly states: ReadonlyMap<string, JoinState>;
}

export interface DecideInput {
  readonly arrival: Arrival;
  /** Join states by trigger; those that are absent are of stateless triggers. */
  readonly states: ReadonlyMap<string, JoinState>;
  /** Dependencies that began later than this event do not see it: epoch ms by name. */
  readonly since: ReadonlyMap<string, number>;
  /** Epoch ms. */
  readonly at: number;
}

type Passed = { readonly name: string; readonly definition: string };

/** Everything that follows from one event, without doing any of it. */
export function decide(sensor: CompiledSensor, input: DecideInput): Decision {
  const { event, storedAt } = input.arrival;
  const passed: Passed[] = [];
  const records: TrailRecord[] = [];
  for (const dependency of sensor.dependencies) {
    if (dependency.source !== event.origin.source || dependency.event !== event.origin.event) continue;
    if (storedAt < (input.since.get(dependency.name) ?? 0)) continue;
    const verdict = dependency.test(event);
    if (verdict.passed) passed.push(dependency);
    const cause = causeOf(event, dependency.name);
    records.push({
      ...{ v: 1, at: input.at, cause, type: "verdict", sensor: sensor.name, dependency: dependency.name },
      ...verdict,
    });
  }
  const decisions = sensor.triggers.flatMap((trigger) => decideTrigger(sensor, trigger, passed, input) ?? []);
  return {
    firings: decisions.flatMap((d) => d.firing ?? []),
    records: [...records, ...decisions.map((d) => d.record)],
    states: new Map(decisions.flatMap((d) => (d.state === undefined ? [] : [[d.record.trigger, d.state]]))),
  };
}

interface TriggerDecision {
  readonly firing?: Rendered;
  readonly record: Extract<TrailRecord, { type: "condition" }>;
  readonly state?: JoinState;
}

function decideTrigger(
  sensor: CompiledSensor,
  trigger: CompiledTrigger,
  passed: readonly Passed[],
  input: DecideInput,
): TriggerDecision | undefined {
  const mine = passed.filter(({ name }) => trigger.plan.dependencies.includes(name));
  if (mine.length === 0) return undefined;
  const { event, seq } = input.arrival;
  const state = input.states.get(trigger.name);
  if (state === undefined) {
    // One firing an event, under every name that it matched. (Argo: one a name.)
    const filled = mine.map(({ name }) => name).sort();
    const firing = renderRequest(sensor, trigger, new Map(filled.map((name) => [name, event])), input.at);
    return { firing, record: conditionRecord(sensor, trigger, input, { filled, firing, replaced: [] }) };
  }
  const step = reduceJoin(trigger.plan, state, { event, seq, dependencies: mine });
  const events = firedEvents(step);
  const firing = events === undefined ? undefined : renderRequest(sensor, trigger, events, input.at);
  const replaced = step.effects.flatMap((e) =>
    e.type === "replaced" ? [causeOf(e.waiting.event, e.waiting.dependency)] : [],
  );
  const record = conditionRecord(sensor, trigger, input, {
    filled: step.filled,
    firing,
    replaced,
    repeat: step.repeat,
  });
  return {
    record,
    ...(firing === undefined ? {} : { firing }),
    ...(step.state === state ? {} : { state: step.state }),
  };
}

function firedEvents(step: JoinTransition): FiringEvents | undefined {
  for (const effect of step.effects)
    if (effect.type === "fire") return new Map(effect.events.map((w) => [w.dependency, w.event]));
  return undefined;
}

interface Outcome {
  readonly filled: readonly string[];
  readonly firing: Rendered | undefined;
  readonly replaced: readonly CauseRef[];
  readonly repeat?: boolean;
}

function conditionRecord(
  sensor: CompiledSensor,
  trigger: CompiledTrigger,
  input: DecideInput,
  outcome: Outcome,
): Extract<TrailRecord, { type: "condition" }> {
  const { filled, firing, replaced } = outcome;
  const notes = [
    ...(firing?.notes ?? []),
    ...(firing?.failure === undefined ? [] : [firing.failure.message]),
    ...(outcome.repeat === true ? ["a repeat: the event waits already or was used"] : []),
  ];
  return {
    v: 1,
    at: input.at,
    cause: causeOf(input.arrival.event),
    type: "condition",
    sensor: sensor.name,
    trigger: trigger.name,
    expression: trigger.expression,
    filled,
    fired: firing !== undefined,
    ...(firing === undefined ? {} : { request: firing.request.id }),
    ...(replaced.length === 0 ? {} : { replaced }),
    ...(notes.length === 0 ? {} : { notes }),
  };
}
