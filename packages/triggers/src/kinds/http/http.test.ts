import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { refusalOf, silentLogger } from "@sluice/base";
import { systemClock } from "@sluice/base/system";
import type { TriggerRequest } from "@sluice/spec";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { defaultTriggersConfig, type HttpConfig } from "../../config.ts";
import { type Attempted, execute } from "../../execute.ts";
import { aRequest, makeRuns, referencesOf } from "../../testing/index.ts";
import http, { retryAfterOf } from "./index.ts";

interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

let server: Server;
let base: string;
let seen: Seen[];
let answer: (response: ServerResponse, request: Seen) => void;

beforeEach(async () => {
  seen = [];
  answer = (response) => response.end("ok");
  server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { method = "", url = "", headers } = request;
    const one = { method, url, headers, body: Buffer.concat(chunks).toString("utf8") };
    seen.push(one);
    answer(response, one);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

async function call(
  action: Record<string, unknown>,
  parts: Partial<TriggerRequest> = {},
  config: Partial<HttpConfig> = {},
): Promise<Attempted> {
  return await execute(
    {
      kinds: new Map([["http", http]]),
      references: referencesOf({ "default/token/value": "s3cret\n", "default/cm/key": "plain" }),
      submitRun: makeRuns().submitRun,
      config: { ...defaultTriggersConfig, http: { ...defaultTriggersConfig.http, ...config } },
      clock: systemClock,
      log: silentLogger,
      memory: new Map(),
    },
    aRequest({ kind: "http", action: { url: base, ...action } as TriggerRequest["action"], ...parts }),
    1,
    new AbortController().signal,
  );
}
const failed = (attempted: Attempted): { code: string; retry: string } => {
  expect(attempted.kind).toBe("failed");
  return (attempted as { error: { code: string; retry: string } }).error;
};

describe("a call", () => {
  test("posts the body with the request's id, its trace and secure headers", async () => {
    const secureHeaders = [
      { name: "X-Token", valueFrom: { secretKeyRef: { name: "token", key: "value" } } },
      { name: "X-Plain", valueFrom: { configMapKeyRef: { name: "cm", key: "key" } } },
    ];

    const attempted = await call({
      url: `${base}/a?b=1`,
      body: '{"n":5}',
      headers: { "X-A": "1" },
      secureHeaders,
    });

    expect(attempted).toEqual({ kind: "succeeded", result: { outcome: "done", result: "HTTP 200" } });
    expect(seen).toMatchObject([
      {
        method: "POST",
        url: "/a?b=1",
        body: '{"n":5}',
        headers: {
          "content-type": "application/json",
          "idempotency-key": "request-1",
          "x-a": "1",
          "x-token": "s3cret",
          "x-plain": "plain",
        },
      },
    ]);
    expect(seen[0]?.headers["traceparent"]).toMatch(/^00-0af7651916cd43dd8448eb211c80319c-/);
  });

  test("carries basic auth", async () => {
    const ref = { name: "token", key: "value" };

    await call({ basicAuth: { username: ref, password: ref } });

    expect(seen[0]?.headers["authorization"]).toBe(
      `Basic ${Buffer.from("s3cret:s3cret").toString("base64")}`,
    );
  });

  test("waits for a secret that is not there yet", async () => {
    const secureHeaders = [{ name: "X", valueFrom: { secretKeyRef: { name: "none", key: "value" } } }];

    expect(failed(await call({ secureHeaders }))).toMatchObject({
      code: "TRIGGER_REFERENCE_MISSING",
      retry: "later",
    });
    expect(seen).toEqual([]);
  });

  test("refuses a header that would become two", async () => {
    const error = failed(await call({ headers: { "X-A": "1\r\nX-B: 2" } }));

    expect(error).toMatchObject({ code: "TRIGGER_ACTION_INVALID", retry: "never" });
    expect(seen).toEqual([]);
  });
});

describe("an answer", () => {
  test.each([
    [500, "TRIGGER_HTTP_STATUS", "later"],
    [429, "TRIGGER_HTTP_STATUS", "later"],
    [404, "TRIGGER_HTTP_REFUSED", "never"],
  ])("of %d is %s", async (status, code, retry) => {
    answer = (response) => response.writeHead(status).end("why");

    expect(failed(await call({}))).toMatchObject({ code, retry });
  });

  test("that the policy allows is success", async () => {
    answer = (response) => response.writeHead(404).end();

    expect((await call({}, { allowStatus: [404] })).kind).toBe("succeeded");
  });

  test("says how long to wait", async () => {
    answer = (response) => response.writeHead(503, { "retry-after": "7" }).end();

    expect(failed(await call({}))).toMatchObject({ details: { retryAfterMs: 7_000 } });
    expect(retryAfterOf("Thu, 01 Jan 1970 00:00:10 GMT", 4_000)).toBe(6_000);
    expect(retryAfterOf("soon", 0)).toBeUndefined();
  });

  test("with a redirect is not followed", async () => {
    answer = (response) =>
      response.writeHead(302, { location: "http://169.254.169.254/latest/meta-data" }).end();

    expect(failed(await call({}))).toMatchObject({ code: "TRIGGER_HTTP_REDIRECT", retry: "never" });
    expect(seen).toHaveLength(1);
  });

  test("with a body without end is cut", async () => {
    answer = (response) => {
      const more = (): void => {
        while (response.writable && response.write("x".repeat(65_536)));
        if (response.writable) response.once("drain", more);
      };
      more();
    };

    expect((await call({})).kind).toBe("succeeded");
  });

  test("that does not come ends with the timeout", async () => {
    answer = () => {};

    expect(failed(await call({ timeout: 0.1 }))).toMatchObject({ code: "TRIGGER_TIMED_OUT", retry: "later" });
  });

  test("of a service that is away is tried later", async () => {
    expect(failed(await call({ url: "http://127.0.0.1:1/" }))).toMatchObject({
      code: "TRIGGER_HTTP_FAILED",
      retry: "later",
    });
  });
});

describe("addresses", () => {
  const config = defaultTriggersConfig.http;

  test.each([
    "169.254.169.254",
    "fe80::1",
    "fe80::1%eth0",
    "::ffff:169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "2002:a9fe:a9fe::1",
    "fd00:ec2::254",
    "100.100.100.200",
    "224.0.0.1",
    "not-an-address",
  ])("%s is refused", (address) => {
    expect(refusalOf(address, { ...config, allowPrivate: true })).toBeDefined();
  });

  test.each([
    "127.0.0.1",
    "::1",
    "10.1.2.3",
    "192.168.0.1",
    "172.20.0.1",
    "fd12::1",
    "::ffff:10.0.0.1",
    "0.0.0.0",
  ])("%s is refused where private addresses are", (address) => {
    expect(refusalOf(address, { ...config, allowPrivate: false })).toBeDefined();
    expect(refusalOf(address, { ...config, allowPrivate: true })).toBeUndefined();
  });

  test("one that is allowed by name is not", () => {
    expect(refusalOf("169.254.1.1", { ...config, allowAddresses: ["169.254.1.0/24"] })).toBeUndefined();
    expect(refusalOf("8.8.8.8", { ...config, allowPrivate: false })).toBeUndefined();
  });

  test.each([
    "http://169.254.169.254/",
    "http://[fe80::1]/",
    "http://2852039166/",
    "http://[::ffff:a9fe:a9fe]/",
  ])("%s is never called", async (url) => {
    expect(failed(await call({ url }))).toMatchObject({ code: "TRIGGER_HTTP_ADDRESS", retry: "never" });
  });

  test("a name that leads to this machine is not called where that is refused", async () => {
    const { port } = new URL(base);

    expect(
      failed(await call({ url: `http://localhost:${port}/` }, {}, { allowPrivate: false })),
    ).toMatchObject({
      code: "TRIGGER_HTTP_ADDRESS",
    });
    expect((await call({ url: `http://localhost:${port}/` })).kind).toBe("succeeded");
    expect(seen).toHaveLength(1);
  });
});
