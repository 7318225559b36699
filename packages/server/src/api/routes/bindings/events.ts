// POST /api/v1/events/{namespace}/{discriminator}: Argo Workflows' own events, stored on the bus before the answer (P1).
import type { Json } from "@sluice/base";
import { bindingOrigin } from "@sluice/engine";
import { deliveryId, headerData, makeEmit } from "@sluice/sources";
import type { ServerDeps } from "../../ports.ts";
import { type ApiCall, type ApiRoute, json } from "../../route.ts";
import { objectOf } from "../definitions/object.ts";

/** Names of headers that an expression sees, as Argo's. */
const isSeen = (name: string): boolean => name.startsWith("x-");

export function bindingEventRoutes(deps: ServerDeps): readonly ApiRoute[] {
  const receive = async (call: ApiCall) => {
    const { namespace = "", discriminator = "" } = call.params;
    const { events, trail } = deps.stores;
    const { clock, random, failpoints } = deps;
    const origin = { namespace, ...bindingOrigin };
    const emit = makeEmit({
      origin,
      kind: "workflow-event",
      filter: undefined,
      events,
      trail,
      clock,
      random,
      failpoints,
    });
    const headers = Object.entries(call.headers).filter(
      (entry): entry is [string, string] => entry[1] !== undefined,
    );
    // What proves who sent it is masked there.
    const metadata = Object.fromEntries(
      Object.entries(headerData(headers))
        .map(([name, values]) => [name.toLowerCase(), values] as const)
        .filter(([name]) => isSeen(name)),
    );
    const id = deliveryId(headers, undefined);
    const payload = (call.body ?? null) as Json;
    const emitted = await emit({
      data: { payload, metadata, discriminator },
      subject: discriminator,
      ...(id === undefined ? {} : { id }),
    });
    return json({ id: emitted.id, duplicate: emitted.outcome === "duplicate" });
  };
  const route = (path: string, id: string): ApiRoute => ({
    method: "POST",
    path,
    id,
    summary: "Take an event in for WorkflowEventBindings; answered once it is stored",
    body: {},
    handle: receive,
  });
  return [
    route("/api/v1/events/:namespace/:discriminator", "receiveEvent"),
    route("/api/v1/events/:namespace", "receiveEventOfNone"),
    {
      method: "GET",
      path: "/api/v1/workflow-event-bindings/:namespace",
      id: "listWorkflowEventBindings",
      summary: "List what binds events to templates",
      handle: async (call) => {
        const found = await deps.stores.resources.list("WorkflowEventBinding", call.params["namespace"]);
        return json({
          apiVersion: "argoproj.io/v1alpha1",
          kind: "WorkflowEventBindingList",
          metadata: {},
          items: found.map(objectOf),
        });
      },
    },
  ];
}
