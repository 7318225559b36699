import { describe, expect, test } from "vitest";
import { anApi, aWorkflow } from "../testing/index.ts";

const path = "/api/v1/workflows/default";

describe("creating a workflow", () => {
  test("answers with the object in Argo's shape, and it can be got, listed and deleted", async () => {
    await using api = anApi();

    const created = await api.call("POST", path, { workflow: aWorkflow() });

    expect(created.status).toBe(200);
    const { name, uid } = created.body.metadata;
    expect(name).toMatch(/^hello-/);
    expect((await api.call("GET", `${path}/${name}`)).body.metadata.uid).toBe(uid);
    expect((await api.call("GET", path)).body).toMatchObject({
      kind: "WorkflowList",
      items: [{ metadata: { name } }],
    });
    expect((await api.call("GET", "/api/v1/workflows/")).body.items).toHaveLength(1);
    expect((await api.call("DELETE", `${path}/${name}`)).status).toBe(200);
    expect((await api.call("GET", `${path}/${name}`)).status).toBe(404);
  });

  test("twice with one Idempotency-Key gives one run; the key counts per namespace", async () => {
    await using api = anApi();
    const key = { "idempotency-key": "k1" };
    const one = await api.call("POST", path, { workflow: aWorkflow() }, key);
    const two = await api.call("POST", path, { workflow: aWorkflow() }, key);
    const other = await api.call("POST", "/api/v1/workflows/team", { workflow: aWorkflow() }, key);
    expect(two.body.metadata).toMatchObject({ uid: one.body.metadata.uid, name: one.body.metadata.name });
    expect(other.body.metadata.uid).not.toBe(one.body.metadata.uid);
    expect((await api.call("GET", path)).body.items).toHaveLength(1);
  });

  test("of a taken name is 409", async () => {
    await using api = anApi();
    await api.call("POST", path, { workflow: aWorkflow({ name: "one" }) });
    const again = await api.call("POST", path, { workflow: aWorkflow({ name: "one" }) });
    expect([again.status, again.body.code]).toEqual([409, "ENGINE_NAME_TAKEN"]);
  });

  test("that is wrong answers 400 with every issue, and starts nothing", async () => {
    await using api = anApi();
    const wrong = {
      ...aWorkflow(),
      spec: { entrypoint: "absent", templtes: [], templates: [{ name: "a", container: { image: "x" } }] },
    };
    for (const verb of ["", "/lint"]) {
      const answer = await api.call("POST", `${path}${verb}`, { workflow: wrong });
      expect(answer.status).toBe(400);
      expect(Object.keys(answer.body).sort()).toEqual(["code", "details", "hint", "message"]);
      expect(answer.body.code).toBe("SPEC_INVALID");
      expect(answer.body.details.issues.length).toBeGreaterThan(0);
    }
    expect((await api.call("GET", path)).body.items).toEqual([]);
  });

  test("as a dry run, or only linted, starts nothing", async () => {
    await using api = anApi();
    const tried = await api.call("POST", path, { workflow: aWorkflow(), serverDryRun: true });
    const createOptions = { dryRun: ["All"] };
    const dry = await api.call("POST", path, { workflow: aWorkflow(), createOptions });
    expect(tried.body.metadata).toMatchObject({
      name: expect.stringMatching(/^hello-/),
      uid: expect.any(String),
    });
    expect(dry).toMatchObject({ status: 200, body: { metadata: { generateName: "hello-" } } });
    expect(dry.body.metadata).not.toHaveProperty("uid");
    expect((await api.call("POST", `${path}/lint`, { workflow: aWorkflow() })).status).toBe(200);
    expect((await api.call("GET", path)).body.items).toEqual([]);
  });

  test("for another namespace than the path's is refused", async () => {
    await using api = anApi();
    const answer = await api.call("POST", path, {
      workflow: aWorkflow({ name: "a", namespace: "kube-system" }),
    });
    expect(answer).toMatchObject({ status: 400, body: { code: "SERVER_REQUEST_INVALID" } });
  });
});

describe("a list", () => {
  async function withRuns() {
    const api = anApi();
    for (const [name, team] of [
      ["alpha", "a"],
      ["alpine", "b"],
      ["beta", "a"],
    ] as const) {
      await api.call("POST", path, { workflow: aWorkflow({ name, labels: { team } }) });
      await api.clock.advanceBy(1_000);
    }
    const names = async (query: Record<string, string>) =>
      (await api.call("GET", `${path}?${new URLSearchParams(query)}`)).body.items.map(
        (w: { metadata: { name: string } }) => w.metadata.name,
      );
    return { api, names, [Symbol.asyncDispose]: () => api[Symbol.asyncDispose]() };
  }

  test("has the newest first, and takes label and field selectors and name filters", async () => {
    await using runs = await withRuns();
    expect(await runs.names({})).toEqual(["beta", "alpine", "alpha"]);
    expect(await runs.names({ "listOptions.labelSelector": "team in (a),!gone" })).toEqual(["beta", "alpha"]);
    expect(await runs.names({ "listOptions.fieldSelector": "metadata.name=beta" })).toEqual(["beta"]);
    expect(await runs.names({ "listOptions.fieldSelector": "metadata.name!=beta" })).toEqual([
      "alpine",
      "alpha",
    ]);
    const prefix = { nameFilter: "Prefix", "listOptions.fieldSelector": "metadata.name=alp" };
    expect(await runs.names(prefix)).toEqual(["alpine", "alpha"]);
    expect(await runs.names({ ...prefix, "listOptions.labelSelector": "team=b" })).toEqual(["alpine"]);
  });

  test.each([{}, { nameFilter: "Contains", "listOptions.fieldSelector": "metadata.name=a" }])(
    "is given in pages that miss and repeat nothing (%o)",
    async (query) => {
      await using runs = await withRuns();
      const seen: string[] = [];
      let token = "";
      do {
        const search = new URLSearchParams({
          ...query,
          "listOptions.limit": "2",
          "listOptions.continue": token,
        });
        const page = await runs.api.call("GET", `${path}?${search}`);
        seen.push(...page.body.items.map((w: { metadata: { name: string } }) => w.metadata.name));
        token = page.body.metadata.continue ?? "";
      } while (token !== "");
      expect(seen).toEqual(["beta", "alpine", "alpha"]);
    },
  );

  test("is cut to the fields that were asked for", async () => {
    await using runs = await withRuns();
    const kept = await runs.api.call("GET", `${path}?fields=items.metadata.name,items.metadata.labels`);
    expect(kept.body).toEqual({
      items: expect.arrayContaining([
        { metadata: { name: "beta", labels: expect.objectContaining({ team: "a" }) } },
      ]),
    });
    const dropped = await runs.api.call("GET", `${path}?fields=-items.spec,-items.status`);
    const droppedToo = await runs.api.call("GET", `${path}?fields=-items.spec,items.status`);
    for (const { body } of [dropped, droppedToo])
      expect(Object.keys(body.items[0]).sort()).toEqual(["apiVersion", "kind", "metadata"]);
  });

  test.each([
    { "listOptions.labelSelector": "((" },
    { "listOptions.fieldSelector": "name" },
    { "listOptions.fieldSelector": `metadata.name=${"x".repeat(5_000)}` },
    { "listOptions.limit": "-1" },
  ])("refuses a wrong query with 400: %o", async (query) => {
    await using api = anApi();
    expect((await api.call("GET", `${path}?${new URLSearchParams(query)}`)).status).toBe(400);
  });
});

describe("a verb on a workflow", () => {
  test("needs no body", async () => {
    await using api = anApi();
    await api.call("POST", path, { workflow: aWorkflow({ name: "one" }) });
    expect(await api.call("PUT", `${path}/one/suspend`)).toMatchObject({
      status: 200,
      body: { metadata: { name: "one" } },
    });
  });

  test.each(["stop", "terminate", "suspend", "resume"])("%s answers with the workflow", async (verb) => {
    await using api = anApi();
    await api.call("POST", path, { workflow: aWorkflow({ name: "one" }) });
    const answer = await api.call("PUT", `${path}/one/${verb}`, { name: "one", namespace: "default" });
    expect(answer).toMatchObject({ status: 200, body: { metadata: { name: "one" } } });
  });

  test("set wants a selector and a JSON object of outputs", async () => {
    await using api = anApi();
    await api.call("POST", path, { workflow: aWorkflow({ name: "one" }) });
    expect((await api.call("PUT", `${path}/one/set`, {})).status).toBe(400);
    const body = { nodeFieldSelector: "displayName=approve", outputParameters: "[1" };
    expect((await api.call("PUT", `${path}/one/set`, body)).body.message).toContain("outputParameters");
  });

  test.each(["retry", "resubmit"])("%s of none is told so, and parameters are name=value", async (verb) => {
    await using api = anApi();
    expect(await api.call("PUT", `${path}/none/${verb}`, {})).toMatchObject({
      status: 404,
      body: { code: "ENGINE_RUN_NOT_FOUND" },
    });
    expect(await api.call("PUT", `${path}/none/${verb}`, { parameters: ["x"] })).toMatchObject({
      status: 400,
    });
  });

  test("on a workflow that is not there is 404", async () => {
    await using api = anApi();
    expect((await api.call("PUT", `${path}/nobody/stop`, {})).status).toBe(404);
  });
});

describe("streams", () => {
  /** Reads events of a real socket until `count` came. */
  async function read(url: string, count: number) {
    const stop = new AbortController();
    const response = await fetch(url, { signal: stop.signal });
    const events: { result: Record<string, unknown> }[] = [];
    let text = "";
    for await (const chunk of response.body ?? []) {
      text += Buffer.from(chunk).toString();
      const parts = text.split("\n\n");
      text = parts.pop() ?? "";
      events.push(...parts.filter((p) => p.startsWith("data: ")).map((p) => JSON.parse(p.slice(6))));
      if (events.length >= count) break;
    }
    stop.abort();
    return { type: response.headers.get("content-type"), events };
  }

  test("a watch begins with what there is, in Argo's envelope", async () => {
    await using api = anApi();
    await api.call("POST", path, { workflow: aWorkflow({ name: "one" }) });
    const url = await api.server.listen();
    const watched = await read(
      `${url}/api/v1/workflow-events/default?listOptions.fieldSelector=metadata.name%3Done`,
      1,
    );
    expect(watched.type).toContain("text/event-stream");
    expect(watched.events).toMatchObject([
      { result: { type: "ADDED", object: { metadata: { name: "one" } } } },
    ]);
  });

  test("a stream of event sources and sensors begins with what there is", async () => {
    await using api = anApi();
    const spec = { webhook: { tasks: { port: "12000", endpoint: "/tasks" } } };
    await api.call("POST", "/api/v1/event-sources/ci", {
      eventsource: { metadata: { name: "hooks" }, spec },
    });
    const url = await api.server.listen();
    const watched = await read(`${url}/api/v1/stream/event-sources/ci`, 1);
    expect(watched.events).toMatchObject([
      { result: { type: "ADDED", object: { kind: "EventSource", metadata: { name: "hooks" } } } },
    ]);
  });

  test("a log gives lines with the node they came from, filtered and cut", async () => {
    await using api = anApi();
    await api.call("POST", path, { workflow: aWorkflow({ name: "one" }) });
    const at = api.clock.now();
    const line = (text: string) => ({ at, stream: "stdout" as const, text });
    const key = { namespace: "default", name: "one" };
    await api.stores.logs.append(key, { id: "n1", attempt: 0 }, ["a1", "b", "a2", "a3"].map(line));

    const contents = async (query: string) =>
      (await api.call("GET", `${path}/one/log?logOptions.container=main&${query}`)).text
        .split("\n\n")
        .filter((e) => e.startsWith("data: "))
        .map((e) => JSON.parse(e.slice(6)).result.content);

    expect(await contents("")).toEqual(["a1", "b", "a2", "a3"]);
    expect(await contents("grep=a&logOptions.tailLines=2")).toEqual(["a2", "a3"]);
    expect(await contents("podName=other")).toEqual([]);
  });

  test("a followed log has every line that was stored before the workflow's end, and ends", async () => {
    const at = 0;
    const workflow = (phase: string) => ({
      apiVersion: "argoproj.io/v1alpha1" as const,
      kind: "Workflow" as const,
      metadata: {
        name: "one",
        namespace: "default",
        uid: "u",
        creationTimestamp: "2026-01-31T08:00:00Z",
        labels: {},
      },
      spec: {},
      status: { phase, startedAt: null, finishedAt: null, progress: "0/1", nodes: {} },
    });
    const end = Promise.withResolvers<void>();
    await using api = anApi();
    const runs = {
      ...api.deps.runs,
      get: async () => workflow("Running"),
      async *watch() {
        yield { type: "ADDED" as const, object: workflow("Running") };
        await end.promise;
        yield { type: "MODIFIED" as const, object: workflow("Succeeded") };
      },
    };
    await using watched = anApi({ deps: { runs } });
    const append = (text: string) =>
      watched.stores.logs.append({ namespace: "default", name: "one" }, { id: "n", attempt: 0 }, [
        { at, stream: "stdout", text },
      ]);
    await append("first");

    const log = watched.call("GET", `${path}/one/log?logOptions.follow=true`);
    await append("second");
    end.resolve();
    await append("third");

    const contents = (await log).text
      .split("\n\n")
      .filter((e) => e !== "")
      .map((e) => JSON.parse(e.slice(6)).result.content);
    expect(contents.slice(0, 2)).toEqual(["first", "second"]);
    expect(new Set(contents).size).toBe(contents.length);
  });

  test("end when the server closes, though nobody hung up", async () => {
    const api = anApi();
    const url = await api.server.listen();
    const response = await fetch(`${url}/api/v1/workflow-events/default`);
    await api[Symbol.asyncDispose]();
    expect(await response.text()).toBe("");
  });

  test("say a comment when they are quiet", async () => {
    await using api = anApi();
    const url = await api.server.listen();
    const stop = new AbortController();
    const response = await fetch(`${url}/api/v1/sluice/stream/events/default`, { signal: stop.signal });
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    await api.clock.advanceBy(15_000);
    const { value } = await reader.read();
    expect(Buffer.from(value ?? []).toString()).toMatch(/^: /);
    stop.abort();
  });
});
