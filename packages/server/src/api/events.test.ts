import type { DeadLetter, TriggerRequest } from "@sluice/spec";
import { describe, expect, test } from "vitest";
import { anApi } from "../testing/index.ts";

const manifests = `
apiVersion: argoproj.io/v1alpha1
kind: EventSource
metadata: { name: hooks }
spec:
  webhook:
    tasks: { port: "12000", endpoint: /tasks, filter: { expression: "body.n > 1" } }
`;
const yaml = { "content-type": "application/yaml" };
const base = "/api/v1/sluice";

test("bindings are listed as objects, with namespace, uid and version", async () => {
  await using api = anApi();
  const binding = { metadata: { name: "on-push" }, spec: { event: { selector: "true" } } };
  const manifest = { apiVersion: "argoproj.io/v1alpha1", kind: "WorkflowEventBinding", ...binding };
  await api.call("POST", `${base}/apply`, { manifests: JSON.stringify(manifest) });

  const listed = await api.call("GET", "/api/v1/workflow-event-bindings/default");

  expect(listed.body.items).toMatchObject([
    { ...manifest, metadata: { name: "on-push", namespace: "default", generation: 1 } },
  ]);
  expect(listed.body.items[0].metadata.uid).toMatch(/^[0-9a-f-]{36}$/);
});

describe("apply", () => {
  test("stores what is valid and says what changed", async () => {
    await using api = anApi();
    const outcome = async (text: string) =>
      (await api.call("POST", `${base}/apply`, { manifests: text })).body.results[0].outcome;
    expect(await outcome(manifests)).toBe("created");
    expect(await outcome(manifests)).toBe("unchanged");
    expect(await outcome(manifests.replace("/tasks", "/jobs"))).toBe("configured");
    const shown = await api.call("GET", `${base}/sources/default/hooks`);
    expect(shown.body).toMatchObject({ name: "hooks", generation: 2, manifest: { kind: "EventSource" } });
    expect((await api.call("GET", `${base}/sources`)).body.items).toHaveLength(1);
    expect((await api.call("DELETE", `${base}/sources/default/hooks`)).status).toBe(200);
    expect((await api.call("DELETE", `${base}/sources/default/hooks`)).status).toBe(404);
  });

  test("takes YAML as it is, with a namespace for what names none", async () => {
    await using api = anApi();
    const answer = await api.call("POST", `${base}/apply?namespace=team`, manifests, yaml);
    expect(answer.body.results).toEqual([
      { kind: "EventSource", namespace: "team", name: "hooks", outcome: "created", generation: 1 },
    ]);
  });

  test("stores nothing when one document is wrong, and names line and field", async () => {
    await using api = anApi();
    const wrong = `${manifests}---\n${manifests.replace("hooks", "other").replace("endpoint", "endpont")}`;
    const answer = await api.call("POST", `${base}/apply`, { manifests: wrong, file: "a.yaml" });
    expect([answer.status, answer.body.code]).toEqual([400, "SPEC_INVALID"]);
    const issues = answer.body.details.issues as { file: string; line: number; path: string }[];
    expect(issues.some((i) => i.file === "a.yaml" && i.line > 8 && i.path.includes("endpont"))).toBe(true);
    expect((await api.call("GET", `${base}/sources`)).body.items).toEqual([]);
  });

  test("keeps Secrets only where there is a place for them, and says so before it stores anything", async () => {
    const secret = "apiVersion: v1\nkind: Secret\nmetadata: { name: s }\nstringData: { token: x }\n";
    await using without = anApi();
    expect((await without.call("POST", `${base}/apply`, `${manifests}---\n${secret}`, yaml)).status).toBe(
      501,
    );
    expect((await without.call("GET", `${base}/sources`)).body.items).toEqual([]);
    const kept: string[] = [];
    await using with_ = anApi({
      references: { put: async (kind, namespace, name) => void kept.push(`${kind} ${namespace}/${name}`) },
    });
    expect((await with_.call("POST", `${base}/apply`, secret, yaml)).status).toBe(200);
    expect(kept).toEqual(["Secret default/s"]);
  });
});

describe("an event that is emitted by hand", () => {
  test("is stored once under its id, listed, and shown with its trail", async () => {
    await using api = anApi();
    await api.call("POST", `${base}/apply`, { manifests });
    const emit = () =>
      api.call("POST", `${base}/emit/default`, {
        source: "hooks",
        event: "tasks",
        id: "delivery-1",
        data: { body: { n: 2 } },
      });

    expect((await emit()).body).toMatchObject({ id: "delivery-1", outcome: "stored" });
    expect((await emit()).body).toMatchObject({ outcome: "duplicate" });

    const list = await api.call("GET", `${base}/events/default?source=hooks`);
    expect(list.body.items).toMatchObject([
      { origin: { event: "tasks" }, event: { id: "delivery-1", type: "webhook" } },
    ]);
    const shown = await api.call("GET", `${base}/events/default/delivery`);
    expect(shown.body).toMatchObject({ event: { data: { body: { n: 2 } } }, trail: [] });
  });

  test("goes through the source's filter, and the trail tells of it", async () => {
    await using api = anApi();
    await api.call("POST", `${base}/apply`, { manifests });
    const emitted = await api.call("POST", `${base}/emit/default`, {
      source: "hooks",
      event: "tasks",
      id: "no-1",
      data: { body: { n: 1 } },
    });
    expect(emitted.body.outcome).toBe("filtered");
    const trail = await api.call("GET", `${base}/trail/default?source=hooks&event=tasks&id=no-1`);
    expect(trail.body.items).toMatchObject([
      { type: "source-filtered", checks: [{ subject: "body.n > 1", passed: false }] },
    ]);
  });

  test.each([
    ["an unknown source", { source: "hoks", event: "tasks" }, 404],
    ["an unknown event", { source: "hooks", event: "task" }, 404],
    ["no event", { source: "hooks" }, 400],
    ["an id that is no text", { source: "hooks", event: "tasks", id: 7 }, 400],
  ])("is refused for %s", async (_, body, status) => {
    await using api = anApi();
    await api.call("POST", `${base}/apply`, { manifests });
    expect((await api.call("POST", `${base}/emit/default`, body)).status).toBe(status);
  });

  test("is paged by the newest", async () => {
    await using api = anApi();
    await api.call("POST", `${base}/apply`, { manifests });
    for (const id of ["event-1", "event-2", "event-3"]) {
      await api.call("POST", `${base}/emit/default`, {
        source: "hooks",
        event: "tasks",
        id,
        data: { body: { n: 2 } },
      });
    }
    const first = await api.call("GET", `${base}/events/default?limit=2`);
    const second = await api.call("GET", `${base}/events/default?limit=2&continue=${first.body.continue}`);
    const ids = [first, second].flatMap((page) =>
      page.body.items.map((i: { event: { id: string } }) => i.event.id),
    );
    expect(ids).toEqual(["event-3", "event-2", "event-1"]);
  });
});

describe("a dead letter", () => {
  const request: TriggerRequest = {
    v: 1,
    id: "r1",
    namespace: "default",
    sensor: "s",
    sensorGeneration: 1,
    trigger: "t",
    kind: "http",
    action: { url: "http://x" },
    causes: [{ namespace: "default", source: "hooks", event: "tasks", id: "e1" }],
    traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    requestedAt: 1,
  };
  const letter: DeadLetter = {
    v: 1,
    id: "r1",
    request,
    code: "X",
    message: "m",
    hint: "h",
    attempts: 3,
    at: 5,
  };

  test("is redriven: delivered again under its own id within the dedup window, told in the trail, and gone", async () => {
    await using api = anApi();
    await api.stores.triggers.publish(request);
    await api.stores.dead.put(letter);
    expect((await api.call("GET", `${base}/dead/default`)).body.items).toMatchObject([
      { id: "r1", code: "X", attempts: 3 },
    ]);

    const answer = await api.call("POST", `${base}/dead/default/r1/redrive`);

    expect(answer).toMatchObject({ status: 200, body: { request: "r1", duplicate: false } });
    expect((await api.call("GET", `${base}/dead/default/r1`)).status).toBe(404);
    const [cause] = request.causes;
    if (cause === undefined) throw new Error("no cause");
    expect(await api.stores.trail.of(cause)).toMatchObject([
      { type: "trigger", outcome: "redriven", request: "r1" },
    ]);
    const stop = new AbortController();
    const delivered: string[] = [];
    for await (const delivery of api.stores.triggers.consume(
      { maxInFlight: 10, ackWaitMs: 1_000 },
      stop.signal,
    )) {
      delivered.push(delivery.value.id);
      await delivery.settle({ kind: "ack" });
      if (delivered.length === 2) stop.abort();
    }
    expect(delivered).toEqual(["r1", "r1"]);
  });

  test("list shows messages that nobody could decode, which cannot be redriven", async () => {
    await using api = anApi();
    await api.transport.publish("sluice.ev.default.hooks.tasks", "no JSON \u0000");
    expect((await api.call("GET", `${base}/events/default`)).body.items).toEqual([]);
    expect((await api.call("GET", `${base}/events/default`)).body.items).toEqual([]);

    const { items } = (await api.call("GET", `${base}/dead/default`)).body;
    expect(items).toMatchObject([
      {
        redrivable: false,
        request: { kind: "undecodable", trigger: "EVENTS#1" },
        message: expect.stringContaining("undecodable message on 'sluice.ev.default.hooks.tasks'"),
      },
    ]);
    expect((await api.call("GET", `${base}/dead/other`)).body.items).toEqual([]);
    const path = `${base}/dead/default/${items[0].id}`;
    expect((await api.call("GET", path)).body.message).toBe(items[0].message);
    expect(await api.call("POST", `${path}/redrive`)).toMatchObject({
      status: 409,
      body: { code: "SERVER_NOT_REDRIVABLE" },
    });
  });
});

describe("event sources and sensors as objects", () => {
  const source = (metadata: object = {}, endpoint = "/tasks") => ({
    eventsource: {
      metadata: { name: "hooks", ...metadata },
      spec: { webhook: { tasks: { port: "12000", endpoint, method: "POST" } } },
    },
  });
  const sensor = (spec: object = {}) => ({
    sensor: {
      metadata: { name: "tasks", labels: { team: "a" } },
      spec: {
        dependencies: [{ name: "task", eventSourceName: "hooks", eventName: "tasks" }],
        triggers: [{ template: { name: "say", log: {} } }],
        ...spec,
      },
    },
  });

  test("are created, listed, got, replaced and deleted in Argo Server's paths", async () => {
    await using api = anApi();
    const at = "/api/v1/event-sources/ci";
    const made = await api.call("POST", at, source());
    const again = await api.call("POST", at, source());
    const version = (await api.call("GET", `${at}/hooks`)).body.metadata.resourceVersion;
    const changed = await api.call("PUT", `${at}/hooks`, source({ resourceVersion: version }, "/jobs"));
    const late = await api.call("PUT", `${at}/hooks`, source({ resourceVersion: version }));
    const wrong = await api.call("POST", at, { eventsource: { metadata: { name: "a" }, spec: { web: {} } } });

    expect(made.body.metadata).toMatchObject({ namespace: "ci", resourceVersion: expect.any(String) });
    expect([again.status, late.status, wrong.status]).toEqual([409, 409, 400]);
    expect(changed.body.spec.webhook.tasks.endpoint).toBe("/jobs");
    expect((await api.call("GET", at)).body).toMatchObject({ kind: "EventSourceList", items: [{}] });
    expect((await api.call("DELETE", `${at}/hooks`)).status).toBe(200);
    expect((await api.call("GET", `${at}/hooks`)).status).toBe(404);
  });

  test("are found by label, and are what `apply` stores too", async () => {
    await using api = anApi();
    await api.call("POST", "/api/v1/sensors/default", sensor());
    await api.call("POST", `${base}/apply`, { manifests });
    const found = (query: string) => api.call("GET", `/api/v1/sensors?listOptions.labelSelector=${query}`);

    expect((await found("team%3Da")).body.items).toHaveLength(1);
    expect((await found("team%3Db")).body.items).toEqual([]);
    expect((await api.call("GET", `${base}/sensors/default/tasks`)).status).toBe(200);
    expect((await api.call("GET", "/api/v1/event-sources/default/hooks")).status).toBe(200);
  });
});
