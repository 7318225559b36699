import { describe, expect, test } from "vitest";
import { anApi, aWorkflow, rawExchange } from "../testing/index.ts";
import { apiRoutes } from "./routes/index.ts";
import { withDocument } from "./server.ts";

describe("who may ask", () => {
  test("on loopback, anyone who names this machine", async () => {
    await using api = anApi();
    for (const host of ["localhost:2746", "127.0.0.1:2746", "[::1]:2746"]) {
      expect((await api.call("GET", "/api/v1/version", undefined, { host })).status).toBe(200);
    }
  });

  test.each([
    ["a rebound name", { host: "evil.example" }],
    ["a name that begins like this machine", { host: "127.0.0.1.evil.example" }],
    ["another site's page", { host: "localhost", origin: "https://evil.example" }],
    ["a sandboxed page", { host: "localhost", origin: "null" }],
  ])("refuses %s", async (_, headers) => {
    await using api = anApi();
    const answer = await api.call("GET", "/api/v1/version", undefined, headers);
    expect(answer).toMatchObject({ status: 403, body: { code: "SERVER_HOST_REFUSED" } });
  });

  test("an open address needs a token to be bound", () => {
    expect(() => anApi({ host: "0.0.0.0" })).toThrow(
      expect.objectContaining({ code: "SERVER_TOKEN_REQUIRED" }),
    );
  });

  test("with a token, only who brings it; the health probe needs none", async () => {
    await using api = anApi({ host: "0.0.0.0", token: "s3cret" });
    const get = (authorization?: string) =>
      api.call("GET", "/api/v1/userinfo", undefined, {
        host: "sluice.example",
        ...(authorization === undefined ? {} : { authorization }),
      });
    expect((await get()).status).toBe(401);
    expect((await get("Bearer s3cre")).status).toBe(401);
    expect((await get("Bearer s3cret")).status).toBe(200);
    expect((await api.call("GET", "/healthz")).status).toBe(200);
  });

  test("is decided before the body is read", async () => {
    await using api = anApi({ token: "s3cret" });
    const answer = await api.call("POST", "/api/v1/workflows/default", "{", {
      "content-type": "application/json",
    });
    expect(answer.status).toBe(401);
  });
});

describe("a request that is wrong", () => {
  const path = "/api/v1/workflows/default";
  const json = { "content-type": "application/json" };

  test.each([
    ["no such path", "GET", "/api/v1/nothing", undefined, {}, 404],
    ["broken JSON", "POST", path, "{", json, 400],
    [
      "JSON nested 100,000 deep",
      "POST",
      path,
      `{"workflow":${"[".repeat(100_000)}${"]".repeat(100_000)}}`,
      json,
      400,
    ],
    ["no body", "POST", path, "", json, 400],
    ["a form", "POST", path, "a=1", { "content-type": "application/x-www-form-urlencoded" }, 400],
    ["a body of another type", "POST", path, "<a/>", { "content-type": "application/xml" }, 415],
    ["YAML where JSON is wanted", "POST", path, "a: 1", { "content-type": "application/yaml" }, 400],
    ["9 MB", "POST", path, `"${"x".repeat(9_000_000)}"`, json, 413],
    ["a prototype key", "POST", path, '{"workflow":{"metadata":{"__proto__":{"x":1}},"spec":{}}}', json, 400],
  ] as const)("has the one error shape: %s", async (_, method, url, body, headers, status) => {
    await using api = anApi();
    const answer = await api.call(method, url, body, headers);
    expect(answer.status).toBe(status);
    expect(Object.keys(answer.body).sort()).toEqual(["code", "details", "hint", "message"]);
    expect(answer.body.code).toMatch(/^(SERVER|SPEC)_/);
  });

  test("is not one that sends JSON as curl does, but from another site's page it is", async () => {
    await using api = anApi();
    const send = (more: Record<string, string>) =>
      api.call("POST", "/api/v1/events/default/push", '{"message":"hi"}', {
        "content-type": "application/x-www-form-urlencoded",
        ...more,
      });
    expect((await send({})).status).toBe(200);
    for (const origin of ["https://evil.example", "null"])
      expect((await send({ origin })).body.code).toBe("SERVER_HOST_REFUSED");
  });

  test("by a bug of ours shows only the request's id, and the log has the rest", async () => {
    await using api = anApi({ deps: { doctor: () => Promise.reject(new Error("password is hunter2")) } });
    const answer = await api.call("GET", "/api/v1/sluice/doctor");
    expect([answer.status, answer.body.code]).toEqual([500, "SERVER_INTERNAL"]);
    expect(answer.text).not.toContain("hunter2");
    expect(api.log.entries).toMatchObject([
      { level: "error", fields: { request: answer.body.details.request } },
    ]);
  });

  test("of HTTP itself is refused on the socket", async () => {
    await using api = anApi();
    const port = Number(new URL(await api.server.listen()).port);
    const answer = await rawExchange(
      port,
      "POST /api/v1/version HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    );
    expect(answer).toMatch(/^HTTP\/1.1 400 /);
  });

  test("while the bus is away is 503 with Retry-After", async () => {
    await using api = anApi();
    api.transport.setReachable(false);
    const answer = await api.call("POST", path, { workflow: aWorkflow() });
    expect([answer.status, answer.body.code]).toEqual([503, "BUS_UNAVAILABLE"]);
    expect(answer.headers["retry-after"]).toBe("2");
  });
});

describe("health", () => {
  test("is 503 with the roles that are not ready, then 200", async () => {
    await using starting = anApi({ waiting: ["sensors"] });
    const answer = await starting.call("GET", "/healthz");
    expect([answer.status, answer.body.details.waiting]).toEqual([503, ["sensors"]]);
    await using ready = anApi();
    expect((await ready.call("GET", "/healthz")).status).toBe(200);
  });
});

describe("the OpenAPI document", () => {
  test("has every route once, with its path parameters, under both addresses", async () => {
    await using api = anApi();
    const document = (await api.call("GET", "/openapi.json")).body;
    const served = withDocument(apiRoutes(api.deps), "v").map(
      (r) => `${r.method.toLowerCase()} ${r.path.replace(/:(\w+)/g, "{$1}").replace(/\*$/, "{path}")}`,
    );
    const written = Object.entries(document.paths as Record<string, object>).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method} ${path}`),
    );
    expect(written.sort()).toEqual(served.sort());
    const ids = Object.values(
      document.paths as Record<string, Record<string, { operationId: string }>>,
    ).flatMap((m) => Object.values(m).map((o) => o.operationId));
    expect(new Set(ids).size).toBe(ids.length);
    expect((await api.call("GET", "/api/v1/swagger.json")).body).toEqual(document);
  });
});

test("metrics are Prometheus' text, need the token as all else does, and are nowhere when nothing is measured", async () => {
  await using api = anApi({
    host: "0.0.0.0",
    token: "s3cret",
    deps: { metrics: () => "argo_workflows_gauge 1\n" },
  });
  const get = (authorization: string) =>
    api.server.inject({ url: "/metrics", headers: { host: "sluice.example", authorization } });
  const answer = await get("Bearer s3cret");
  expect(answer).toMatchObject({ statusCode: 200, body: "argo_workflows_gauge 1\n" });
  expect(answer.headers["content-type"]).toBe("text/plain; version=0.0.4; charset=utf-8");
  expect((await get("Bearer other")).statusCode).toBe(401);
  await using bare = anApi();
  expect((await bare.call("GET", "/metrics")).status).toBe(404);
});
