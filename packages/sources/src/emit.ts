import { type Clock, type Failpoints, isTraceparent, type Random, traceparentOf } from "@sluice/base";
import type { EventLog, Trail } from "@sluice/bus";
import type { CloudEvent, EventOrigin, StoredEvent } from "@sluice/spec";
import type { Emit, EmitRequest } from "./define.ts";
import type { SourceFilter } from "./filter.ts";

export interface EmitDeps {
  readonly origin: EventOrigin;
  readonly kind: string;
  readonly filter: SourceFilter | undefined;
  readonly events: EventLog;
  readonly trail: Trail;
  readonly clock: Clock;
  readonly random: Random;
  readonly failpoints: Failpoints;
}

/** The one way in which a source's events reach EVENTS: filter, envelope, publish. */
export function makeEmit(deps: EmitDeps): Emit {
  return async (request) => {
    const receivedAt = deps.clock.now();
    const event = cloudEventOf(deps, request, receivedAt);
    await deps.failpoints.reach("source.accepted");
    const check = deps.filter?.(event);
    if (check !== undefined && !check.passed) {
      const cause = { ...deps.origin, id: event.id };
      await deps.trail.record({ v: 1, at: receivedAt, cause, type: "source-filtered", checks: [check] });
      return { id: event.id, outcome: "filtered" };
    }
    const stored: StoredEvent = { v: 1, origin: deps.origin, receivedAt, event };
    const ack = await deps.events.publish(stored);
    await deps.failpoints.reach("source.published");
    return { id: event.id, outcome: ack.duplicate ? "duplicate" : "stored" };
  };
}

function cloudEventOf(deps: EmitDeps, request: EmitRequest, now: number): CloudEvent {
  const id = request.id ?? deps.random.id();
  const traceparent =
    request.traceparent !== undefined && isTraceparent(request.traceparent)
      ? request.traceparent
      : traceparentOf(id);
  return {
    ...request.extensions,
    specversion: "1.0",
    id,
    source: request.source ?? deps.origin.source,
    type: request.type ?? deps.kind,
    subject: request.subject ?? deps.origin.event,
    time: request.time ?? new Date(now).toISOString(),
    datacontenttype: request.datacontenttype ?? "application/json",
    ...(request.dataschema === undefined ? {} : { dataschema: request.dataschema }),
    ...(request.data === undefined ? {} : { data: request.data }),
    ...(request.dataBase64 === undefined ? {} : { data_base64: request.dataBase64 }),
    traceparent,
  };
}
