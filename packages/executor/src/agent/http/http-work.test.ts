import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type OutboundPolicy, SeededRandom, silentLogger } from "@sluice/base";
import { systemClock } from "@sluice/base/system";
import type { StepEvent, StepRequest, StepWork } from "@sluice/engine";
import { shStep } from "@sluice/engine/testing";
import type { References } from "@sluice/kube";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type AgentExecutor, makeAgent } from "../agent-executor.ts";
import { makeHttpWork } from "./http-work.ts";

interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}
type Http = Extract<StepWork, { kind: "http" }>;

const secrets: References = {
  secret: async (_namespace, name, key) =>
    name === "token" && key === "value" ? Buffer.from("s3cret\n") : undefined,
  configMap: async () => undefined,
};

let server: Server;
let base: string;
let seen: Seen[];
let answer: (response: ServerResponse, request: Seen) => void;
let agent: AgentExecutor;

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
  agent = open();
});
afterEach(async () => {
  await agent[Symbol.asyncDispose]();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const open = (policy: OutboundPolicy = { allowPrivate: true, allowAddresses: [] }): AgentExecutor =>
  makeAgent({
    works: [makeHttpWork({ references: secrets, policy })],
    clock: systemClock,
    random: new SeededRandom(1),
    log: silentLogger,
  });

const stepOf = (
  http: Partial<Http["http"]>,
  over: Partial<StepRequest> & Pick<Http, "success"> = {},
): StepRequest => {
  const { success, ...rest } = over;
  return {
    ...shStep(""),
    work: { kind: "http", http: { url: base, ...http }, ...(success === undefined ? {} : { success }) },
    ...rest,
  };
};

async function ended(
  step: StepRequest,
  by = agent,
): Promise<Extract<StepEvent, { type: "finished" | "refused" }>> {
  const stop = new AbortController();
  try {
    for await (const event of by.events(stop.signal))
      if (event.stepId === step.id && (event.type === "finished" || event.type === "refused")) return event;
    throw new Error("no end was told");
  } finally {
    stop.abort();
  }
}
async function run(step: StepRequest, by = agent): Promise<Record<string, unknown>> {
  const end = ended(step, by);
  await by.start(step);
  return { ...(await end) };
}
const when = (text: string, tags: Readonly<Record<string, string>> = {}) => ({ success: { text, tags } });

describe("a request", () => {
  test("is sent once as it is written, with the step's id as its key and the values of Secrets", async () => {
    const step = stepOf({
      method: "put",
      url: `${base}/a?b=1`,
      body: '{"n":5}',
      headers: [
        { name: "X-A", value: "1" },
        { name: "X-Token", valueFrom: { secretKeyRef: { name: "token", key: "value" } } },
      ],
    });

    expect(await run(step)).toMatchObject({ type: "finished", exitCode: 0, result: "ok" });
    await agent.start(step);
    expect(seen).toMatchObject([
      {
        method: "PUT",
        url: "/a?b=1",
        body: '{"n":5}',
        headers: {
          "x-a": "1",
          "x-token": "s3cret",
          "idempotency-key": step.id,
          traceparent: step.traceparent,
        },
      },
    ]);
  });

  test("carries bytes given in base64", async () => {
    await run(stepOf({ method: "POST", bodyFrom: { bytes: Buffer.from("a\0b").toString("base64") } }));
    expect(seen[0]?.body).toBe("a\0b");
  });

  test.each([
    ["no URL", { url: "ftp://x/" }, "AGENT_REQUEST_INVALID"],
    ["a method of two words", { method: "GET / HTTP/1.1" }, "AGENT_REQUEST_INVALID"],
    [
      "a header that would become two",
      { headers: [{ name: "X", value: "1\r\nY: 2" }] },
      "AGENT_REQUEST_INVALID",
    ],
    [
      "a Secret that is not there",
      { headers: [{ name: "X", valueFrom: { secretKeyRef: { name: "no", key: "k" } } }] },
      "AGENT_REFERENCE_MISSING",
    ],
    ["a metadata address", { url: "http://169.254.169.254/latest/" }, "AGENT_ADDRESS_REFUSED"],
  ])("with %s is refused and not sent", async (_what, http, code) => {
    expect(await run(stepOf(http))).toMatchObject({ type: "refused", code });
    expect(seen).toEqual([]);
  });

  test("to a private address is refused where those are", async () => {
    await using strict = open({ allowPrivate: false, allowAddresses: [] });
    expect(await run(stepOf({}), strict)).toMatchObject({ type: "refused", code: "AGENT_ADDRESS_REFUSED" });
  });
});

describe("an answer", () => {
  test("of 404 fails the step, in Argo's words", async () => {
    answer = (response) => response.writeHead(404).end("nothing here");
    expect(await run(stepOf({}))).toMatchObject({
      exitCode: 1,
      message: "received non-2xx response code: 404",
      result: "nothing here",
    });
  });

  test("is judged by the condition alone where there is one", async () => {
    answer = (response) => response.writeHead(404, { "X-Kind": "none" }).end("google");
    const condition = `response.statusCode == 404 && response.headers["X-Kind"][0] == "none" && response.body contains "goo" && request.method == "GET"`;

    expect(await run(stepOf({}, when(condition)))).toMatchObject({ exitCode: 0 });
    expect(await run(stepOf({}, when("response.statusCode == 200")))).toMatchObject({
      exitCode: 1,
      message: "successCondition 'response.statusCode == 200' evaluated false",
    });
  });

  test("is compared with values that cannot become part of the condition", async () => {
    const hostile = when(`response.body contains "{{inputs.parameters.q}}"`, {
      "inputs.parameters.q": `" || true || "`,
    });
    expect(await run(stepOf({}, hostile))).toMatchObject({ exitCode: 1 });
  });

  test("that a broken condition is to judge makes the step an error, not a failure", async () => {
    expect(await run(stepOf({}, when("response.body + 1")))).toMatchObject({ exitCode: 1, error: true });
  });

  test("too large for a result is an error where the result is wanted, and else let go", async () => {
    answer = (response) => response.end("x".repeat(300_000));

    expect(await run(stepOf({}, { captureResult: true }))).toMatchObject({ error: true });
    const end = await run(stepOf({}, { captureResult: false }));
    expect(end).toMatchObject({ exitCode: 0 });
    expect(end).not.toHaveProperty("result");
  });

  test("that does not come is an error after the template's time", async () => {
    answer = () => {};
    expect(await run(stepOf({ timeoutSeconds: 1 }))).toMatchObject({
      error: true,
      message: `error processing task: '${base}/' did not answer within 1 s`,
    });
  });

  test("of a server that is away is an error, which a retry of failures leaves alone", async () => {
    expect(await run(stepOf({ url: "http://127.0.0.1:1/" }))).toMatchObject({ error: true });
  });
});

describe("a redirect", () => {
  test("is followed; another server is not told the values of Secrets", async () => {
    const other = createServer((request, response) => response.end(JSON.stringify(request.headers)));
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    const { port } = other.address() as AddressInfo;
    answer = (response) => response.writeHead(302, { location: `http://127.0.0.1:${port}/` }).end();
    const headers = [
      { name: "X-A", value: "1" },
      { name: "Authorization", value: "Bearer x" },
      { name: "X-Token", valueFrom: { secretKeyRef: { name: "token", key: "value" } } },
    ];

    const end = await run(stepOf({ method: "POST", body: "b", headers }, { captureResult: true }));

    const told = JSON.parse(String(end["result"])) as Record<string, string>;
    expect(told).toMatchObject({ "x-a": "1" });
    for (const name of ["x-token", "authorization", "content-length"]) expect(told).not.toHaveProperty(name);
    await new Promise((resolve) => other.close(resolve));
  });

  test("does not lead to a metadata address", async () => {
    answer = (response) => response.writeHead(302, { location: "http://169.254.169.254/" }).end();
    expect(await run(stepOf({}))).toMatchObject({ type: "refused", code: "AGENT_ADDRESS_REFUSED" });
  });

  test("in a circle ends", async () => {
    answer = (response) => response.writeHead(302, { location: "/" }).end();
    expect(await run(stepOf({}))).toMatchObject({ error: true });
    expect(seen).toHaveLength(11);
  });
});

describe("a step that is told to end", () => {
  const silent = (): Promise<void> =>
    new Promise((resolve) => {
      answer = () => resolve();
    });

  test("breaks the request off", async () => {
    const asked = silent();
    const step = stepOf({});
    const end = ended(step);
    await agent.start(step);
    await asked;
    await agent.stop(step.id, "term");
    expect(await end).toMatchObject({ type: "finished", exitCode: 143 });
  });

  test("by its deadline says so", async () => {
    silent();
    const deadlineAt = systemClock.now() + 200;
    expect(await run(stepOf({}, { deadlineAt }))).toMatchObject({ type: "finished", deadline: true });
  });
});
