// Limits of semaphores, on Argo Server's paths.
import { isObject } from "@sluice/base";
import { type LimitPlace, makeSemaphoreLimits, type SemaphoreLimit } from "@sluice/engine";
import { ServerError } from "../../../errors.ts";
import type { ServerDeps } from "../../ports.ts";
import { type ApiCall, type ApiRoute, json } from "../../route.ts";

const base = "/api/v1/sync/:namespace";
const one = `${base}/:key`;
const what = "limit of a semaphore";
const maxLimit = 1_000_000;

const body = {
  type: "object",
  properties: {
    type: { enum: ["CONFIGMAP", "DATABASE", 0, 1], description: "where the limit lies; default CONFIGMAP" },
    namespace: { type: "string" },
    cmName: { type: "string", maxLength: 253, description: "the ConfigMap" },
    key: { type: "string", maxLength: 253 },
    limit: { type: "integer", minimum: 1, maximum: maxLimit },
  },
};
const query = { type: "CONFIGMAP or DATABASE", cmName: "the ConfigMap" };

export function syncRoutes(deps: ServerDeps): readonly ApiRoute[] {
  const limits = makeSemaphoreLimits({ locks: deps.stores.state("locks"), resources: deps.stores.resources });
  return [
    {
      method: "POST",
      path: base,
      id: "createSyncLimit",
      summary: "Give a semaphore a limit",
      body,
      handle: async (call) => {
        const limit = limitOf(call);
        if (!(await limits.create(limit))) throw ServerError.ALREADY_EXISTS({ what, name: limit.key });
        deps.log.info("semaphore limit set", {
          namespace: limit.namespace,
          lock: limit.key,
          limit: limit.limit,
        });
        return json(shown(limit));
      },
    },
    {
      method: "GET",
      path: one,
      id: "getSyncLimit",
      summary: "A semaphore's limit",
      query,
      handle: async (call) => {
        const place = placeOf(call, call.query);
        return json(shown(existing(place, await limits.get(place))));
      },
    },
    {
      method: "PUT",
      path: one,
      id: "updateSyncLimit",
      summary: "Change a semaphore's limit; it counts at once",
      body,
      handle: async (call) => {
        const limit = limitOf(call);
        if (!(await limits.update(limit))) throw ServerError.NOT_FOUND({ what, name: limit.key });
        deps.log.info("semaphore limit set", {
          namespace: limit.namespace,
          lock: limit.key,
          limit: limit.limit,
        });
        return json(shown(limit));
      },
    },
    {
      method: "DELETE",
      path: one,
      id: "deleteSyncLimit",
      summary: "Remove a semaphore's limit: who waits goes on waiting, who asks anew is refused",
      query,
      handle: async (call) => {
        const place = placeOf(call, call.query);
        if (!(await limits.remove(place))) throw ServerError.NOT_FOUND({ what, name: place.key });
        return json({});
      },
    },
  ];
}

function placeOf(call: ApiCall, from: Readonly<Record<string, unknown>>): LimitPlace {
  const namespace = call.params["namespace"] ?? "";
  const key = call.params["key"] ?? textOf(from["key"]);
  if (key === "") throw ServerError.REQUEST_INVALID({ where: "key", reason: "wanted the semaphore's key" });
  const type = textOf(from["type"]).toUpperCase();
  if (type === "DATABASE" || type === "1") return { namespace, key };
  const configMap = textOf(from["cmName"]);
  if (configMap === "")
    throw ServerError.REQUEST_INVALID({ where: "cmName", reason: "wanted the name of the ConfigMap" });
  return { namespace, key, configMap };
}

const textOf = (value: unknown): string =>
  typeof value === "string" || typeof value === "number" ? String(value) : "";

function limitOf(call: ApiCall): SemaphoreLimit {
  const from = isObject(call.body) ? call.body : {};
  const { limit } = from;
  if (typeof limit !== "number" || !Number.isInteger(limit) || limit < 1 || limit > maxLimit)
    throw ServerError.REQUEST_INVALID({
      where: "limit",
      reason: `wanted a whole number from 1 to ${maxLimit}`,
    });
  return { ...placeOf(call, from), limit };
}

function existing(place: LimitPlace, limit: SemaphoreLimit | undefined): SemaphoreLimit {
  if (limit === undefined) throw ServerError.NOT_FOUND({ what, name: place.key });
  return limit;
}

const shown = ({ namespace, key, configMap, limit }: SemaphoreLimit) => ({
  type: configMap === undefined ? "DATABASE" : "CONFIGMAP",
  namespace,
  ...(configMap === undefined ? {} : { cmName: configMap }),
  key,
  limit,
});
