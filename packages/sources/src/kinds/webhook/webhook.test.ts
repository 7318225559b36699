import { AppError, noFailpoints } from "@sluice/base";
import { describe, expect, test } from "vitest";
import type { Emit } from "../../define.ts";
import { aSourceContext, keepEmissions, MemoryIngress, type MemoryRequest } from "../../testing/index.ts";
import webhook from "./index.ts";

interface Setup {
  readonly config?: object;
  readonly secrets?: Record<string, string>;
  readonly emit?: Emit;
}

/** A webhook that is mounted; `post` hands it a request. */
async function aWebhook(setup: Setup = {}) {
  const config = { port: "12000", endpoint: "/example", ...setup.config };
  const parsed = webhook.spec.safeParse(config);
  if (!parsed.success) throw new Error(JSON.stringify(parsed.error.issues));
  const stop = new AbortController();
  const ingress = new MemoryIngress();
  const kept = keepEmissions();
  const { promise: mounted, resolve: ready } = Promise.withResolvers<void>();
  const done = webhook.run(
    aSourceContext({
      spec: parsed.data,
      signal: stop.signal,
      ingress,
      emit: setup.emit ?? kept.emit,
      ready,
      failpoints: noFailpoints,
      ...(setup.secrets === undefined ? {} : { secrets: setup.secrets }),
    }),
  );
  await Promise.race([mounted, done]);
  return {
    ingress,
    emitted: kept.emitted,
    send: (request: MemoryRequest) => ingress.request(request),
    async [Symbol.asyncDispose]() {
      stop.abort();
      await done;
    },
  };
}

const json = { "content-type": "application/json" };

describe("the event's data", () => {
  test("is Argo's shape: canonical headers with all values, parsed body, metadata", async () => {
    await using hook = await aWebhook({ config: { metadata: { team: "a" } } });

    const answer = await hook.send({
      headers: [
        ["content-type", "application/json"],
        ["X-GitHub-Event", "push"],
        ["x-thing", "1"],
        ["X-Thing", "2"],
        ["host", "localhost"],
      ],
      body: '{"message":"hi"}',
    });

    expect(answer).toMatchObject({ status: 200, body: "success" });
    expect(hook.emitted[0]?.data).toEqual({
      header: { "Content-Type": ["application/json"], "X-Github-Event": ["push"], "X-Thing": ["1", "2"] },
      body: { message: "hi" },
      metadata: { team: "a" },
    });
  });

  test("of a GET has the query as lists", async () => {
    await using hook = await aWebhook();
    await hook.send({ method: "GET", query: "a=1&a=2&b=x%20y" });
    expect(hook.emitted[0]?.data).toEqual({ header: {}, body: { a: ["1", "2"], b: ["x y"] } });
  });

  test.each([
    [
      "form with charset",
      "application/x-www-form-urlencoded; charset=utf-8",
      "a=1&a=2",
      { body: { a: ["1", "2"] } },
    ],
    ["plain text", "text/plain", "hello", { body: "hello" }],
    [
      "text that is JSON, as SNS sends it",
      "text/plain; charset=UTF-8",
      '{"Type":"x"}',
      { body: { Type: "x" } },
    ],
    ["a number in text stays text", "text/plain", "123", { body: "123" }],
    ["vendor JSON", "application/vnd.github+json", "[1]", { body: [1] }],
    ["no content type is JSON", "", "true", { body: true }],
    ["binary", "application/octet-stream", "{}", { body: null, bodyBase64: "e30=" }],
    [
      "JSON declared as multipart is not parsed",
      "multipart/form-data; boundary=x",
      "{}",
      { body: null, bodyBase64: "e30=" },
    ],
    ["nothing", "application/json", "", { body: null }],
  ])("reads %s", async (_, type, body, wanted) => {
    await using hook = await aWebhook();
    const answer = await hook.send({ headers: type === "" ? {} : { "content-type": type }, body });
    expect(answer.status).toBe(200);
    expect(hook.emitted[0]?.data).toMatchObject(wanted);
  });

  test("keeps numbers that a double cannot hold as their text", async () => {
    await using hook = await aWebhook();
    await hook.send({
      headers: json,
      body: '{"id":12345678901234567890,"big":1e999,"pi":3.14159265358979323846,"ok":9007199254740991}',
    });
    expect(hook.emitted[0]?.data).toMatchObject({
      body: { id: "12345678901234567890", big: "1e999", pi: Math.PI, ok: 9007199254740991 },
    });
  });

  test("keeps __proto__ as plain data that touches no prototype", async () => {
    await using hook = await aWebhook();
    await hook.send({
      headers: json,
      body: '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}',
    });
    expect(JSON.stringify(hook.emitted[0]?.data)).toContain('"__proto__":{"polluted":1}');
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  });

  test("shows no header that proves who sent it", async () => {
    await using hook = await aWebhook();
    const secrets = [
      "authorization",
      "Cookie",
      "X-Hub-Signature-256",
      "webhook-signature",
      "X-Gitlab-Token",
      "Stripe-Signature",
      "X-Api-Key",
    ];
    await hook.send({ headers: secrets.map((name) => [name, "hunter2"] as const), body: "{}" });
    expect(JSON.stringify(hook.emitted[0])).not.toContain("hunter2");
    expect(hook.emitted[0]?.data).toMatchObject({
      header: { Authorization: ["*** Masked Auth Secret ***"] },
    });
  });
});

describe("a request that cannot be read", () => {
  test.each([
    ["broken JSON", json, "{"],
    ["JSON nested 100,000 deep", json, `${"[".repeat(100_000)}${"]".repeat(100_000)}`],
    ["invalid UTF-8", json, new Uint8Array([0x22, 0xff, 0x22])],
    ["a form declared as JSON", json, "a=1"],
  ])("is refused with 400 and stores nothing: %s", async (_, headers, body) => {
    await using hook = await aWebhook();
    const answer = await hook.send({ headers, body });
    expect(answer.status).toBe(400);
    expect(JSON.parse(answer.body ?? "")).toMatchObject({ code: "SOURCE_BODY_INVALID" });
    expect(hook.emitted).toEqual([]);
  });

  test("with an unknown charset gets 415", async () => {
    await using hook = await aWebhook();
    const answer = await hook.send({ headers: { "content-type": "text/plain; charset=klingon" }, body: "x" });
    expect(answer.status).toBe(415);
  });
});

describe("the event's id", () => {
  test("comes from the most specific header there is", async () => {
    await using hook = await aWebhook({ config: { idHeader: "X-Order" } });
    const all = {
      "ce-id": "e",
      "idempotency-key": "d",
      "webhook-id": "c",
      "X-GitHub-Delivery": "b",
      "x-order": "a",
    };
    const order = ["x-order", "X-GitHub-Delivery", "webhook-id", "idempotency-key", "ce-id"];
    for (let i = 0; i <= order.length; i++) {
      await hook.send({
        headers: Object.entries(all).filter(([name]) => !order.slice(0, i).includes(name)),
        body: "{}",
      });
    }
    expect(hook.emitted.map((e) => e.id)).toEqual(["a", "b", "c", "d", "e", undefined]);
  });

  test("is a hash when the header is very long, the same each time", async () => {
    await using hook = await aWebhook();
    const headers = { "idempotency-key": "k".repeat(5_000) };
    await hook.send({ headers, body: "{}" });
    await hook.send({ headers, body: "{}" });
    expect(hook.emitted[0]?.id).toMatch(/^[0-9a-f]{64}$/);
    expect(hook.emitted[1]?.id).toBe(hook.emitted[0]?.id);
  });
});

describe("CloudEvents", () => {
  const event = {
    specversion: "1.0",
    id: "i1",
    source: "/s",
    type: "t",
    subject: "sub",
    time: "2026-01-02T03:04:05Z",
    data: { a: 1 },
    tenant: "x",
  };

  test("in structured mode keep id, source, type, subject, time, extensions and data", async () => {
    await using hook = await aWebhook();
    await hook.send({
      headers: { "content-type": "application/cloudevents+json; charset=utf-8" },
      body: JSON.stringify(event),
    });
    const { specversion: _, tenant, ...rest } = event;
    expect(hook.emitted).toEqual([{ ...rest, extensions: { tenant } }]);
  });

  test("in binary mode are read from the headers, percent-decoded", async () => {
    await using hook = await aWebhook();
    await hook.send({
      headers: {
        "CE-SpecVersion": "1.0",
        "ce-id": "i2",
        "ce-source": "/s",
        "ce-type": "t",
        "ce-who": "J%C3%BCrgen",
        "content-type": "application/json",
      },
      body: '{"a":1}',
    });
    expect(hook.emitted).toEqual([
      {
        id: "i2",
        source: "/s",
        type: "t",
        datacontenttype: "application/json",
        data: { a: 1 },
        extensions: { who: "Jürgen" },
      },
    ]);
  });

  test("in a batch are all stored, or the request is refused", async () => {
    await using hook = await aWebhook();
    const headers = { "content-type": "application/cloudevents-batch+json" };

    const good = await hook.send({ headers, body: JSON.stringify([event, { ...event, id: "i9" }]) });
    const bad = await hook.send({ headers, body: JSON.stringify([event, { ...event, id: "" }]) });

    expect([good.status, bad.status]).toEqual([200, 400]);
    expect(hook.emitted.map((e) => e.id)).toEqual(["i1", "i9"]);
  });

  test.each([
    ["no type", { type: undefined }],
    ["another version", { specversion: "0.3" }],
    ["an attribute name with a capital", { Tenant: "x" }],
    ["data twice", { data_base64: "eA==" }],
    ["a time that is none", { time: "yesterday" }],
  ])("are refused with %s", async (_, change) => {
    await using hook = await aWebhook();
    const answer = await hook.send({
      headers: { "content-type": "application/cloudevents+json" },
      body: JSON.stringify({ ...event, ...change }),
    });
    expect(answer.status).toBe(400);
    expect(JSON.parse(answer.body ?? "")).toMatchObject({ code: "SOURCE_CLOUD_EVENT_INVALID" });
  });
});

describe("a webhook with an authSecret", () => {
  const config = { authSecret: { name: "hook", key: "token" } };
  const secrets = { "hook/token": "s3cret\n" };

  test.each([
    ["no header", {}],
    ["another token", { authorization: "Bearer s3cre" }],
    ["an empty token", { authorization: "Bearer " }],
    ["another scheme", { authorization: "Basic s3cret" }],
  ])("answers 401 to %s, and says nothing of the secret", async (_, headers) => {
    await using hook = await aWebhook({ config, secrets });
    const answer = await hook.send({ headers, body: "{}" });
    expect(answer.status).toBe(401);
    expect(answer.body).not.toContain("s3cret");
    expect(hook.emitted).toEqual([]);
  });

  test("takes the token, and reads the secret anew at each request", async () => {
    const rotating = { ...secrets };
    await using hook = await aWebhook({ config, secrets: rotating });
    const first = await hook.send({ headers: { authorization: "Bearer s3cret" }, body: "{}" });
    rotating["hook/token"] = "next";
    const old = await hook.send({ headers: { authorization: "Bearer s3cret" }, body: "{}" });
    expect([first.status, old.status]).toEqual([200, 401]);
  });

  test("does not start while the secret is missing", async () => {
    await expect(aWebhook({ config })).rejects.toMatchObject({
      code: "SOURCE_SECRET_MISSING",
      retry: "later",
    });
  });
});

describe("when the bus does not store the event", () => {
  const failing =
    (code: string, retry: "later" | "never" | "bug"): Emit =>
    async () => {
      throw new AppError({ code, retry, message: "nats at 10.0.0.1 is away", hint: "", details: {} });
    };

  test.each([
    ["BUS_UNAVAILABLE", "later", 503],
    ["BUS_STREAM_FULL", "later", 503],
    ["BUS_MESSAGE_TOO_LARGE", "never", 413],
  ] as const)("%s is no 2xx", async (code, retry, status) => {
    await using hook = await aWebhook({ emit: failing(code, retry) });
    const answer = await hook.send({ body: "{}" });
    expect(answer.status).toBe(status);
    if (status === 503) {
      expect(answer.headers?.["retry-after"]).toBe("5");
      expect(answer.body).not.toContain("10.0.0.1");
    }
  });

  test("a bug of ours goes to the ingress, which hides it", async () => {
    await using hook = await aWebhook({ emit: failing("X_BUG", "bug") });
    await expect(hook.send({ body: "{}" })).rejects.toMatchObject({ code: "X_BUG" });
  });

  test("the answer waits for the store", async () => {
    const stored = Promise.withResolvers<{ id: string; outcome: "stored" }>();
    await using hook = await aWebhook({ emit: () => stored.promise });
    let answered = false;
    const answer = hook.send({ body: "{}" }).then((a) => {
      answered = true;
      return a;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(answered).toBe(false);
    stored.resolve({ id: "x", outcome: "stored" });
    expect((await answer).status).toBe(200);
  });
});

test.each([
  ["port", { port: "0" }],
  ["port", { port: "http" }],
  ["method", { method: "PO ST" }],
  ["maxPayloadSize", { maxPayloadSize: 0 }],
  ["idHeader", { idHeader: "a b" }],
  ["serverCertSecret", { serverCertSecret: { name: "a", key: "b" } }],
  ["endpoint", { endpoint: "/a?b" }],
])("a wrong %s is refused with its path: %o", (path, change) => {
  const parsed = webhook.spec.safeParse({ port: "12000", endpoint: "/example", ...change });
  expect(parsed.success).toBe(false);
  if (!parsed.success) expect(parsed.error.issues[0]?.path[0]).toBe(path);
});

test("an endpoint without its slash, and with {name} segments, is as in Argo", () => {
  const parsed = webhook.spec.safeParse({ port: 12000, endpoint: "orders/{id}", method: "post" });
  expect(parsed.success && parsed.data).toMatchObject({ endpoint: "/orders/:id", method: "POST" });
});
