// What came in, what became of it, and a hand to put an event in.
import { isObject, type Json } from "@sluice/base";
import type { Stored } from "@sluice/bus";
import { makeEmit, type PlannedEvent, planEvents, sourceRegistry } from "@sluice/sources";
import { type CauseRef, EventSource, type StoredEvent } from "@sluice/spec";
import { ServerError } from "../../errors.ts";
import type { ServerDeps } from "../ports.ts";
import { limitOf } from "../query/page.ts";
import { type ApiCall, type ApiRoute, json } from "../route.ts";

const maxEvents = 1_000;

export function eventRoutes(deps: ServerDeps): readonly ApiRoute[] {
  return [
    {
      method: "GET",
      path: "/api/v1/sluice/events/:namespace",
      id: "listEvents",
      summary: "Events, the newest first",
      query: {
        source: "only of this EventSource",
        event: "only of this event name",
        limit: "most items, at most 1000; default 50",
        continue: "`continue` of the page before",
      },
      handle: (call) => list(deps, call),
    },
    {
      method: "GET",
      path: "/api/v1/sluice/events/:namespace/:id",
      id: "getEvent",
      summary: "One event with all that happened to it; the first 8 or more characters of its id are enough",
      handle: (call) => get(deps, call),
    },
    {
      method: "GET",
      path: "/api/v1/sluice/stream/events/:namespace",
      id: "watchEvents",
      summary: "Events as they come",
      query: { source: "only of this EventSource", event: "only of this event name" },
      streams: true,
      handle: (call) => ({
        kind: "stream",
        async write(out, signal) {
          for await (const stored of deps.stores.events.follow(namespaceOf(call), signal)) {
            const { origin } = stored.value;
            if (isWanted(call, "source", origin.source) && isWanted(call, "event", origin.event)) {
              await out.send({ result: itemOf(stored) });
            }
          }
        },
      }),
    },
    {
      method: "GET",
      path: "/api/v1/sluice/stream/trail/:namespace",
      id: "watchTrail",
      summary: "What happens to events, as it happens",
      streams: true,
      handle: (call) => ({
        kind: "stream",
        async write(out, signal) {
          for await (const record of deps.stores.trail.follow(namespaceOf(call), signal)) {
            await out.send({ result: record });
          }
        },
      }),
    },
    {
      method: "GET",
      path: "/api/v1/sluice/trail/:namespace",
      id: "getTrail",
      summary: "All that happened to one event, also to one that its source filtered out and did not store",
      query: { source: "EventSource", event: "event name", id: "the event's whole id" },
      handle: async (call) => json({ items: await deps.stores.trail.of(causeOf(call)) }),
    },
    {
      method: "POST",
      path: "/api/v1/sluice/emit/:namespace",
      id: "emit",
      summary: "Put an event in as if its source had; the same id is taken once",
      body: {
        type: "object",
        required: ["source", "event"],
        properties: {
          source: { type: "string", maxLength: 253 },
          event: { type: "string", maxLength: 253 },
          data: {},
          id: { type: "string", minLength: 1, maxLength: 256 },
          type: { type: "string", minLength: 1, maxLength: 256 },
        },
      },
      handle: (call) => emit(deps, call),
    },
  ];
}

const namespaceOf = (call: ApiCall): string => call.params["namespace"] ?? "";

const isWanted = (call: ApiCall, key: string, value: string): boolean => {
  const wanted = call.query[key];
  return wanted === undefined || wanted === "" || wanted === value;
};

const itemOf = ({ seq, value }: Stored<StoredEvent>) => ({
  seq,
  origin: value.origin,
  receivedAt: new Date(value.receivedAt).toISOString(),
  event: value.event,
});

async function list(deps: ServerDeps, call: ApiCall) {
  const { source, event, continue: token } = call.query;
  const before = token === undefined || token === "" ? undefined : Number(token);
  if (before !== undefined && !(Number.isSafeInteger(before) && before > 0)) {
    throw ServerError.REQUEST_INVALID({ where: "continue", reason: "is no token of ours" });
  }
  const limit = Math.min(maxEvents, limitOf(call.query["limit"], 50));
  const found = await deps.stores.events.list({
    namespace: namespaceOf(call),
    ...(source === undefined || source === "" ? {} : { source }),
    ...(event === undefined || event === "" ? {} : { event }),
    limit,
    ...(before === undefined ? {} : { beforeSeq: before }),
  });
  const last = found.at(-1);
  return json({
    items: found.map(itemOf),
    ...(found.length < limit || last === undefined ? {} : { continue: String(last.seq) }),
  });
}

async function get(deps: ServerDeps, call: ApiCall) {
  const id = call.params["id"] ?? "";
  const stored = await deps.stores.events.find(namespaceOf(call), id);
  if (stored === undefined) throw ServerError.NOT_FOUND({ what: "event", name: id });
  const { origin, event } = stored.value;
  const trail = await deps.stores.trail.of({ ...origin, id: event.id });
  return json({ ...itemOf(stored), trail });
}

function causeOf(call: ApiCall): CauseRef {
  const { source, event, id } = call.query;
  if (!source || !event || !id) {
    throw ServerError.REQUEST_INVALID({ where: "query", reason: "source, event and id are all needed" });
  }
  return { namespace: namespaceOf(call), source, event, id };
}

async function emit(deps: ServerDeps, call: ApiCall) {
  const body = call.body as { source: string; event: string; data?: Json; id?: string; type?: string };
  const origin = { namespace: namespaceOf(call), source: body.source, event: body.event };
  const planned = await plannedEvent(deps, origin);
  const { events, trail } = deps.stores;
  const { clock, random, failpoints } = deps;
  const filter = planned.plan === "run" ? planned.filter : undefined;
  const send = makeEmit({ origin, kind: planned.kind, filter, events, trail, clock, random, failpoints });
  const emitted = await send({
    data: body.data ?? {},
    ...(body.id === undefined ? {} : { id: body.id }),
    ...(body.type === undefined ? {} : { type: body.type }),
  });
  return json({ id: emitted.id, outcome: emitted.outcome, duplicate: emitted.outcome === "duplicate" });
}

/** A name that nobody listens to is a slip of the hand, so the source and the event have to exist. */
async function plannedEvent(
  deps: ServerDeps,
  origin: { readonly namespace: string; readonly source: string; readonly event: string },
): Promise<PlannedEvent> {
  const resource = await deps.stores.resources.get("EventSource", origin.namespace, origin.source);
  const parsed = EventSource.safeParse(isObject(resource?.manifest) ? resource.manifest : undefined);
  if (!parsed.success)
    throw ServerError.NOT_FOUND({ what: "event source", name: `${origin.namespace}/${origin.source}` });
  const planned = planEvents(parsed.data, origin.source, sourceRegistry).find(
    (p) => p.event === origin.event,
  );
  if (planned === undefined)
    throw ServerError.NOT_FOUND({ what: `event of '${origin.source}'`, name: origin.event });
  return planned;
}
