// Events of the API's endpoint to workflows, as WorkflowEventBindings say.
// Owns:      one consumer a namespace that has bindings.     Talks to: Resources, EventLog, Trail, RunDirectory.
// Invariants
//   B1. An event is settled after every binding of its namespace has looked at it, and what fits was submitted.
//   B2. A run's uid follows from binding and event: a redelivery, or a repeat of the delivery, is the same run (P3).
//   B3. What did not fit, and what failed for good, is a record of the event's trail (P6); what failed is also a dead
//       letter, with the event's data in it, so that it can be redriven when the binding is mended.
import {
  backoffMs,
  type Clock,
  defaultBackoff,
  isAppError,
  type Logger,
  messageOf,
  type Random,
  retryOf,
  sleepFor,
} from "@sluice/base";
import type { DeadLetters, EventLog, Resources, Settleable, Trail } from "@sluice/bus";
import { type CauseRef, type StoredEvent, WorkflowEventBinding } from "@sluice/spec";
import type { RunDirectory } from "../directory/port.ts";
import { type BindingEvent, type CompiledBinding, compileBinding, type EventInHand } from "./binding.ts";
import { headOf, letterOf, submitFor } from "./submit.ts";

/** Where the endpoint's events lie in EVENTS. */
export const bindingOrigin = { source: "workflow-events", event: "received" } as const;

export interface BindingDeps {
  readonly resources: Resources;
  readonly events: EventLog;
  readonly trail: Trail;
  readonly dead: Pick<DeadLetters, "put">;
  readonly runs: Pick<RunDirectory, "submit">;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

const kind = "WorkflowEventBinding";

/** Runs every applied binding until the signal aborts. */
export async function runBindings(deps: BindingDeps, signal: AbortSignal): Promise<void> {
  const bindings = new Map<string, Map<string, CompiledBinding>>();
  const consuming = new Map<string, Promise<void>>();
  for await (const change of deps.resources.watch([kind], signal)) {
    if (change.type === "caught-up") continue;
    if (change.type === "deleted") {
      bindings.get(change.namespace)?.delete(change.name);
      continue;
    }
    const { namespace, name, manifest, appliedAt } = change.resource;
    const compiled = compiledOrNone(deps, namespace, manifest);
    const its = bindings.get(namespace) ?? new Map<string, CompiledBinding>();
    bindings.set(namespace, its);
    if (compiled === undefined) its.delete(name);
    else its.set(name, compiled);
    if (!consuming.has(namespace))
      consuming.set(namespace, consumeOn(deps, { namespace, its, appliedAt }, signal));
  }
  await Promise.all(consuming.values());
}

/** Lint has looked at it; one that another version stored may still not fit. */
function compiledOrNone(
  deps: BindingDeps,
  namespace: string,
  manifest: unknown,
): CompiledBinding | undefined {
  try {
    return compileBinding(WorkflowEventBinding.parse(manifest), namespace);
  } catch (error) {
    deps.log.warn("a WorkflowEventBinding cannot be read", { reason: messageOf(error) });
    return undefined;
  }
}

interface Consuming {
  readonly namespace: string;
  readonly its: ReadonlyMap<string, CompiledBinding>;
  /** When its first binding was applied: events from then on count. */
  readonly appliedAt: number;
}

/** Ends with the signal only: what its consumer cannot do now is begun again, and the other namespaces do not notice. */
async function consumeOn(deps: BindingDeps, consuming: Consuming, signal: AbortSignal): Promise<void> {
  const { clock, random, log } = deps;
  for (let attempt = 1; !signal.aborted; attempt++) {
    try {
      await consume(deps, consuming, signal);
    } catch (error) {
      const { namespace } = consuming;
      log.error("events for bindings are not seen, trying again", { namespace, reason: messageOf(error) });
    }
    await sleepFor(clock, backoffMs(defaultBackoff, attempt, random.next()), signal);
  }
}

async function consume(
  deps: BindingDeps,
  { namespace, its, appliedAt }: Consuming,
  signal: AbortSignal,
): Promise<void> {
  const origins = [{ namespace, ...bindingOrigin }];
  const options = { start: { atMs: appliedAt }, ackWaitMs: 30_000, maxInFlight: 16 } as const;
  for await (const delivery of deps.events.consume(`bindings-${namespace}`, origins, options, signal)) {
    try {
      for (const binding of its.values()) await look(deps, binding, delivery);
      await delivery.settle({ kind: "ack" });
    } catch (error) {
      deps.log.warn("an event for bindings is tried again", { reason: messageOf(error) });
      const delayMs = backoffMs({ ...defaultBackoff, capMs: 60_000 }, delivery.attempt, deps.random.next());
      await delivery.settle({ kind: "retry", delayMs }).catch(() => undefined);
    }
  }
}

/** One binding looks at one event. Throws only what the world may mend. */
async function look(
  deps: BindingDeps,
  binding: CompiledBinding,
  { value }: Settleable<StoredEvent>,
): Promise<void> {
  const { origin, event, receivedAt } = value;
  const cause: CauseRef = { ...origin, id: event.id };
  const data = event.data as unknown as BindingEvent;
  const given: EventInHand = { id: event.id, namespace: origin.namespace, receivedAt, data };
  const verdict = verdictOf(binding, given);
  const check = {
    filter: "expr" as const,
    subject: binding.selector,
    operator: "selector",
    passed: verdict.passed,
    ...(verdict.error === undefined ? {} : { error: verdict.error }),
  };
  await deps.trail.record({
    ...{
      v: 1,
      at: deps.clock.now(),
      cause,
      type: "verdict",
      sensor: binding.name,
      dependency: data.discriminator,
    },
    ...{ passed: verdict.passed, checks: [check] },
  });
  if (verdict.passed) await submit(deps, binding, given, cause);
}

function verdictOf(binding: CompiledBinding, event: EventInHand): { passed: boolean; error?: string } {
  try {
    return { passed: binding.takes(event) };
  } catch (error) {
    return { passed: false, error: messageOf(error) };
  }
}

async function submit(
  deps: BindingDeps,
  binding: CompiledBinding,
  event: EventInHand,
  cause: CauseRef,
): Promise<void> {
  try {
    await submitFor(deps, binding, event, cause);
  } catch (error) {
    if (retryOf(error) === "later") throw error;
    const failed = {
      code: isAppError(error) ? error.code : "ENGINE_BINDING_INVALID",
      message: messageOf(error),
    };
    // The letter first: a crash between the two writes it once more, under the same id and time.
    await deps.dead.put(
      letterOf(binding, event, cause, {
        ...failed,
        hint: isAppError(error) ? error.hint : "mend the binding, and redrive this",
      }),
    );
    await deps.trail.record({
      ...headOf(binding, event, cause),
      at: deps.clock.now(),
      outcome: "dead",
      ...failed,
    });
  }
}
