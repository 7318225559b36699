import { noFailpoints, Scope, SeededRandom, silentLogger } from "@sluice/base";
import { RecordingLogger, VirtualClock } from "@sluice/base/testing";
import { makeMemoryTransport, openStores } from "@sluice/bus";
import {
  type Fact,
  makeBackfillDirectory,
  makeCronDirectory,
  makeRunDirectory,
  RunRegistry,
} from "@sluice/engine";
import { SourcesBoard, sourceSchemas } from "@sluice/sources";
import type { ReferenceWriter, ServerDeps } from "../api/ports.ts";
import { makeServer, type ServerOptions } from "../api/server.ts";

export interface ApiParts extends ServerOptions {
  readonly references?: ReferenceWriter;
  /** Roles that are not ready. */
  readonly waiting?: readonly string[];
  readonly deps?: Partial<ServerDeps>;
}

/** The API over memory streams and the real run directory, without an engine: runs stay as they were submitted. */
export function anApi(parts: ApiParts = {}) {
  const { references, waiting = [], deps: given, ...options } = parts;
  const scope = new Scope();
  const clock = new VirtualClock(Date.UTC(2026, 0, 2));
  const transport = scope.use(makeMemoryTransport({ clock }));
  const stores = openStores(transport, { clock, log: silentLogger });
  const random = new SeededRandom(1);
  const log = new RecordingLogger();
  const board = new SourcesBoard();
  const { archive, logs, submitRun } = stores;
  const journal = stores.journal<Fact>();
  const runs = makeRunDirectory({
    journal,
    archive,
    logs,
    submitRun,
    registry: new RunRegistry(),
    clock,
    random,
  });
  const state = stores.state("schedules");
  const crons = makeCronDirectory({
    ...{ runs, clock, zone: "UTC", state },
    resources: stores.resources,
  });
  const deps: ServerDeps = {
    runs,
    crons,
    backfills: makeBackfillDirectory({ state, crons, clock }),
    stores,
    sources: board,
    sensors: { get: () => undefined },
    readiness: { waiting: () => waiting },
    ...(references === undefined ? {} : { references }),
    lint: { kinds: { source: sourceSchemas, trigger: {} } },
    doctor: async () => ({ bus: "memory" }),
    version: "v0.1.0",
    clock,
    random,
    log,
    failpoints: noFailpoints,
    ...given,
  };
  const server = scope.use(makeServer(deps, { port: 0, ...options }));
  return {
    server,
    deps,
    stores,
    transport,
    clock,
    board,
    log,
    /** A request without a socket; bodies that are objects go as JSON. */
    async call(
      method: "GET" | "POST" | "PUT" | "DELETE",
      url: string,
      body?: unknown,
      headers: Record<string, string> = {},
    ) {
      const payload = body === undefined ? {} : { payload: body as object };
      const answer = await server.inject({ method, url, headers, ...payload });
      const text = answer.body;
      const isJson = String(answer.headers["content-type"] ?? "").includes("json");
      return {
        status: answer.statusCode,
        headers: answer.headers,
        text,
        body: isJson ? JSON.parse(text) : undefined,
      };
    },
    [Symbol.asyncDispose]: () => scope[Symbol.asyncDispose](),
  };
}

/** A workflow of one container that says hello. */
export const aWorkflow = (metadata: object = { generateName: "hello-" }) => ({
  apiVersion: "argoproj.io/v1alpha1",
  kind: "Workflow",
  metadata,
  spec: {
    entrypoint: "main",
    templates: [{ name: "main", container: { image: "alpine:3.6", command: ["echo", "hi"] } }],
  },
});
