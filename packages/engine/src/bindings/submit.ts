// The workflow of a binding for one event, and what is left of it when it cannot be: a dead letter that is redriven by
// looking at the same event with the binding as it is by then.
import { hashId, type JsonObject, traceparentOf } from "@sluice/base";
import type { Resources, Trail } from "@sluice/bus";
import { type CauseRef, type DeadLetter, WorkflowEventBinding } from "@sluice/spec";
import type { RunDirectory } from "../directory/port.ts";
import { EngineError } from "../errors.ts";
import { type BindingEvent, type CompiledBinding, compileBinding, type EventInHand } from "./binding.ts";

/** The trigger's name and kind in trails and dead letters of bindings. */
export const bindingKind = "WorkflowEventBinding";

export interface SubmitDeps {
  readonly trail: Trail;
  readonly runs: Pick<RunDirectory, "submit">;
  readonly clock: { now(): number };
}

/** A run's uid follows from it (B2). */
const requestOf = (binding: CompiledBinding, event: EventInHand): string =>
  `binding/${binding.namespace}/${binding.name}/${event.id}`;

/** What the trail's records of a firing have in common. */
export const headOf = (binding: CompiledBinding, event: EventInHand, cause: CauseRef) =>
  ({
    v: 1,
    cause,
    type: "trigger",
    sensor: binding.name,
    trigger: bindingKind,
    request: requestOf(binding, event),
    attempt: 1,
  }) as const;

/** Submits, unless the binding submits nothing. Errors: those of expressions and of the directory. */
export async function submitFor(
  { trail, runs, clock }: SubmitDeps,
  binding: CompiledBinding,
  event: EventInHand,
  cause: CauseRef,
): Promise<void> {
  const workflow = binding.workflowFor(event);
  if (workflow === undefined) return;
  const request = requestOf(binding, event);
  const made = await runs.submit(workflow, {
    namespace: binding.namespace,
    by: { kind: "trigger", sensor: binding.name, trigger: bindingKind, request },
    cause: request,
    causes: [cause],
  });
  const { namespace, name } = made.workflow.metadata;
  await trail.record({
    ...headOf(binding, event, cause),
    at: clock.now(),
    outcome: made.outcome === "duplicate" ? "duplicate" : "done",
    result: `workflow/${namespace}/${name}`,
  });
}

/** The same failure of the same event is the same letter: it has the time at which the event came. */
export function letterOf(
  binding: CompiledBinding,
  event: EventInHand,
  cause: CauseRef,
  failure: Pick<DeadLetter, "code" | "message" | "hint">,
): DeadLetter {
  const id = hashId(requestOf(binding, event));
  return {
    v: 1,
    id,
    request: {
      v: 1,
      id,
      namespace: binding.namespace,
      sensor: binding.name,
      sensorGeneration: 1,
      trigger: bindingKind,
      kind: bindingKind,
      action: event.data as unknown as JsonObject,
      causes: [cause],
      traceparent: traceparentOf(id),
      requestedAt: event.receivedAt,
    },
    ...failure,
    attempts: 1,
    at: event.receivedAt,
  };
}

/**
 * Looks at the letter's event once more, with the binding as it is now; a run that was made of it already is the same
 * run. Errors: ENGINE_BINDING_INVALID for a binding that is gone or does not take the event any more, and those of
 * `submitFor`: the letter is still true then.
 */
export async function redriveBinding(
  deps: SubmitDeps & { readonly resources: Resources },
  { request }: DeadLetter,
): Promise<void> {
  const { namespace, sensor: name, action, requestedAt } = request;
  const [cause] = request.causes;
  const found = await deps.resources.get(bindingKind, namespace, name);
  if (found === undefined || cause === undefined)
    throw EngineError.BINDING_INVALID({
      name,
      reason: `it is not there any more in namespace '${namespace}'`,
    });
  const binding = compileBinding(WorkflowEventBinding.parse(found.manifest), namespace);
  const data = action as unknown as BindingEvent;
  const event: EventInHand = { id: cause.id, namespace, receivedAt: requestedAt, data };
  if (!binding.takes(event))
    throw EngineError.BINDING_INVALID({ name, reason: "its selector does not take the event any more" });
  await deps.trail.record({ ...headOf(binding, event, cause), at: deps.clock.now(), outcome: "redriven" });
  await submitFor(deps, binding, event, cause);
}
