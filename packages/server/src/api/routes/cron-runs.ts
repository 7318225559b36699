// The scheduled times of a cron workflow, and runs for those of the past: what a backfill is made of.
import { isObject } from "@sluice/base";
import type { BackfillState } from "@sluice/engine";
import { ServerError } from "../../errors.ts";
import type { ServerDeps } from "../ports.ts";
import { limitOf } from "../query/page.ts";
import { type ApiCall, type ApiRoute, json } from "../route.ts";
import { nameOf, namespaceOf } from "./crons.ts";

const base = "/api/v1/sluice/cron-workflows/:namespace/:name";

export function cronRunRoutes(deps: ServerDeps): readonly ApiRoute[] {
  return [
    {
      method: "GET",
      path: `${base}/instants`,
      id: "listCronInstants",
      summary: "Scheduled times of a span, in order",
      query: {
        start: "RFC 3339 time; the first that counts",
        end: "RFC 3339 time; the last that counts",
        limit: "most times of the answer; default 1000",
      },
      handle: async (call) => {
        const found = await deps.crons.instants(namespaceOf(call), nameOf(call), {
          start: timeOf("start", call.query["start"]),
          end: timeOf("end", call.query["end"]),
          limit: limitOf(call.query["limit"], 1_000),
        });
        return json({ instants: found.map((instant) => new Date(instant).toISOString()) });
      },
    },
    {
      method: "POST",
      path: `${base}/runs`,
      id: "runCronInstant",
      summary: "Run a scheduled time of the past, once: outcome created, or exists when it ran before",
      body: {
        type: "object",
        required: ["instant"],
        properties: {
          instant: { type: "string", maxLength: 64 },
          argument: {
            type: "object",
            required: ["name", "value"],
            properties: {
              name: { type: "string", minLength: 1, maxLength: 256 },
              value: { type: "string", maxLength: 1_024 },
            },
          },
          backfill: { type: "string", pattern: "^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$" },
          again: { type: "string", minLength: 1, maxLength: 256 },
        },
      },
      handle: (call) => run(deps, call),
    },
    ...backfillRoutes(deps),
  ];
}

interface RunBody {
  readonly instant: string;
  readonly argument?: { readonly name: string; readonly value: string };
  readonly backfill?: string;
  readonly again?: string;
}

/** The body was checked against its schema. */
async function run(deps: ServerDeps, call: ApiCall) {
  const { instant, argument, backfill, again } = (isObject(call.body) ? call.body : {}) as unknown as RunBody;
  const outcome = await deps.crons.runAt(namespaceOf(call), nameOf(call), {
    instant: timeOf("instant", instant),
    ...(argument === undefined ? {} : { argument: { name: argument.name, value: argument.value } }),
    ...(backfill === undefined ? {} : { backfill }),
    ...(again === undefined ? {} : { again }),
  });
  return json({ outcome: outcome.kind, name: outcome.name, workflow: outcome.workflow ?? null });
}

/** Epoch ms. Errors: SERVER_REQUEST_INVALID. */
function timeOf(where: string, text: string | undefined): number {
  const rfc3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[-+]\d\d:\d\d)$/;
  const at = text !== undefined && rfc3339.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(at))
    throw ServerError.REQUEST_INVALID({ where, reason: "wanted a time such as 2026-01-31T08:00:00Z" });
  return at;
}

const backfillBody = {
  type: "object",
  required: ["start"],
  properties: {
    start: { type: "string", maxLength: 64 },
    end: { type: "string", maxLength: 64 },
    name: { type: "string", pattern: "^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$" },
    parallel: { type: "integer", minimum: 1, maximum: 1_000 },
    limit: { type: "integer", minimum: 1, maximum: 10_000 },
    argument: {
      type: "object",
      required: ["name", "format"],
      properties: {
        name: { type: "string", minLength: 1, maxLength: 256 },
        format: { type: "string", minLength: 1, maxLength: 256 },
      },
    },
    again: { type: "boolean" },
  },
};

/** Backfills that the server carries out: they go on over a restart, and need no client. */
function backfillRoutes(deps: ServerDeps): readonly ApiRoute[] {
  const one = (call: ApiCall) => ({
    namespace: namespaceOf(call),
    cron: nameOf(call),
    name: call.params["backfill"] ?? "",
  });
  return [
    {
      method: "POST",
      path: `${base}/backfills`,
      id: "beginBackfill",
      summary: "Run the scheduled times of a span in the past, so many at a time, each once",
      body: backfillBody,
      handle: async (call) => json(shownBackfill(await beginBackfill(deps, call))),
    },
    {
      method: "GET",
      path: `${base}/backfills`,
      id: "listBackfills",
      summary: "Backfills of a cron workflow, the newest first",
      handle: async (call) => {
        const found = await deps.backfills.list(namespaceOf(call), nameOf(call));
        return json({ items: found.map(shownBackfill) });
      },
    },
    {
      method: "GET",
      path: `${base}/backfills/:backfill`,
      id: "getBackfill",
      summary: "How far a backfill is",
      handle: async (call) => json(shownBackfill(await deps.backfills.get(one(call)))),
    },
    {
      method: "PUT",
      path: `${base}/backfills/:backfill/stop`,
      id: "stopBackfill",
      summary: "Start nothing more of it; what is under way goes on",
      handle: async (call) => json(shownBackfill(await deps.backfills.stop(one(call)))),
    },
  ];
}

interface BackfillBody {
  readonly start: string;
  readonly end?: string;
  readonly name?: string;
  readonly parallel?: number;
  readonly limit?: number;
  readonly argument?: { readonly name: string; readonly format: string };
  readonly again?: boolean;
}

/** The body was checked against its schema. */
function beginBackfill(deps: ServerDeps, call: ApiCall): Promise<BackfillState> {
  const body = (isObject(call.body) ? call.body : {}) as unknown as BackfillBody;
  const { argument, again } = body;
  const key = { namespace: namespaceOf(call), cron: nameOf(call), name: body.name ?? nameOf(call) };
  return deps.backfills.begin(key, {
    start: timeOf("start", body.start),
    end: body.end === undefined ? deps.clock.now() : timeOf("end", body.end),
    parallel: body.parallel ?? 10,
    limit: body.limit ?? 1_000,
    ...(argument === undefined ? {} : { argument: { name: argument.name, format: argument.format } }),
    ...(again === undefined ? {} : { again }),
  });
}

const iso = (at: number): string => new Date(at).toISOString();

const shownBackfill = ({
  v: _,
  start,
  end,
  requestedAt,
  decided,
  finishedAt,
  active,
  ...rest
}: BackfillState) => ({
  ...rest,
  start: iso(start),
  end: iso(end),
  requestedAt: iso(requestedAt),
  decidedTo: iso(Math.max(decided, start)),
  finishedAt: finishedAt === undefined ? null : iso(finishedAt),
  active: active.map(({ instant, run }) => ({ instant: iso(instant), run: run ?? null })),
});
