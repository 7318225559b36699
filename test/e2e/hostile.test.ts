// What a stranger may send: each input has one answer, none is a crash, and the server works as before afterwards.
import { connect } from "node:net";
import { gzipSync } from "node:zlib";
import { signalProcess } from "@sluice/bus/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { freePort } from "../free-port.ts";
import { listWorkflows, manifestFile, submittingSensor, webhookSource, workflowsEnded } from "./fixtures.ts";
import { SluiceProcess } from "./sluice-process.ts";

const deep = (open: string, close: string): string => open.repeat(100_000) + close.repeat(100_000);
const printing = `
entrypoint: print
arguments: { parameters: [{ name: who, value: nobody }] }
templates:
  - name: print
    inputs: { parameters: [{ name: text, value: "{{workflow.parameters.who}}" }] }
    container:
      image: alpine:3.6
      env: [{ name: WHO, value: "{{inputs.parameters.text}}" }]
      command: [sh, -c]
      args: ['printf "%s\\n" "$WHO"']
`;

let sluice: SluiceProcess;
let hook: string;
let hookPort: number;
let api: string;

beforeAll(async () => {
  hookPort = await freePort();
  sluice = await SluiceProcess.prepare();
  const sensor = `${submittingSensor({ spec: printing })}
      parameters:
        - src: { dependencyName: push, dataKey: body.who }
          dest: argoWorkflow.source.resource.spec.arguments.parameters.0.value
`;
  // Only what asks for it starts a workflow.
  const filtered = sensor.replace(
    "eventName: push }",
    `eventName: push, filters: { data: [{ path: body.run, type: string, comparator: "=", value: ["^(a+)+$"] }] } }`,
  );
  await sluice.up({ files: [await manifestFile(sluice, webhookSource(hookPort), filtered)] });
  hook = `http://127.0.0.1:${hookPort}/push`;
  api = `${sluice.url}/api/v1/workflows/default`;
});
afterAll(async () => {
  expect((await fetch(`${sluice.url}/healthz`)).status, sluice.log).toBe(200);
  expect(sluice.running).toBe(true);
  expect(sluice.log).not.toMatch(/met a bug|UnhandledPromise|uncaught/i);
  await sluice[Symbol.asyncDispose]();
});

type Answer = {
  readonly status: number;
  readonly body: { readonly code?: string } & Record<string, unknown>;
};

async function post(
  url: string,
  body: string | Uint8Array,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const sent = { "content-type": "application/json", ...headers };
  const answer = await fetch(url, { method: "POST", headers: sent, body: body });
  const text = await answer.text();
  return { status: answer.status, body: text.startsWith("{") ? JSON.parse(text) : { text } };
}

/** Bytes over a bare socket; resolves with what came back when the other side has closed. */
function raw(port: number, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1" });
    let seen = "";
    socket.setEncoding("latin1").on("data", (part: string) => {
      seen += part;
    });
    socket.on("close", () => resolve(seen));
    socket.on("error", reject);
    socket.write(bytes, "latin1");
  });
}

interface Case {
  readonly name: string;
  readonly body: string | Uint8Array;
  readonly headers?: Record<string, string>;
  readonly hook: readonly [number, string?];
  readonly api: readonly [number, string?];
}

const invalid: Case["api"] = [400, "SERVER_REQUEST_INVALID"];
const broken: Case["hook"] = [400, "SOURCE_BODY_INVALID"];
const cases: readonly Case[] = [
  { name: "lists 100,000 deep", body: deep("[", "]"), hook: broken, api: invalid },
  {
    name: "objects 100,000 deep",
    body: `${'{"a":'.repeat(100_000)}1${"}".repeat(100_000)}`,
    hook: broken,
    api: invalid,
  },
  {
    name: "keys of the prototype",
    body: '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}',
    hook: [200],
    api: invalid,
  },
  { name: "doubled keys", body: '{"a":1,"a":2}', hook: [200], api: invalid },
  {
    name: "numbers beyond a double",
    body: '{"a":1e999,"b":-0,"c":9007199254740993}',
    hook: [200],
    api: invalid,
  },
  { name: "a lone surrogate and a NUL", body: '{"a":"\\ud800\\u0000"}', hook: [200], api: invalid },
  { name: "a byte order mark", body: '\ufeff{"a":1}', hook: [200], api: invalid },
  {
    name: "bytes that are not UTF-8",
    body: Uint8Array.of(0x22, 0xff, 0xfe, 0x22),
    hook: broken,
    api: invalid,
  },
  {
    name: "gzip",
    body: gzipSync("0".repeat(1_000_000)),
    headers: { "content-encoding": "gzip" },
    hook: [415, "INGRESS_ENCODING_UNSUPPORTED"],
    api: [415, "SERVER_ENCODING_UNSUPPORTED"],
  },
  {
    name: "a form that calls itself JSON",
    body: '--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--x--',
    hook: broken,
    api: invalid,
  },
  {
    name: "JSON that calls itself a form",
    body: '{"workflow":{}}',
    headers: { "content-type": "multipart/form-data; boundary=x" },
    hook: [200],
    api: [415, "SERVER_CONTENT_TYPE_UNSUPPORTED"],
  },
  {
    name: "a CloudEvent without an id",
    body: '{"specversion":"1.0","source":"x","type":"y"}',
    headers: { "content-type": "application/cloudevents+json" },
    hook: [400, "SOURCE_CLOUD_EVENT_INVALID"],
    api: [415, "SERVER_CONTENT_TYPE_UNSUPPORTED"],
  },
  {
    name: "a CloudEvent with an attribute named as the prototype",
    body: "{}",
    headers: { "ce-specversion": "1.0", "ce-id": "1", "ce-source": "x", "ce-type": "y", "ce-__proto__": "z" },
    hook: [400, "SOURCE_CLOUD_EVENT_INVALID"],
    api: invalid,
  },
];

describe("a body", () => {
  for (const { name, body, headers, ...wanted } of cases) {
    test(`of ${name} has its answer from the webhook and from the API`, async () => {
      for (const [url, [status, code]] of [
        [hook, wanted.hook],
        [api, wanted.api],
      ] as const) {
        const answer = await post(url, body, headers);
        expect([answer.status, answer.body.code]).toEqual([status, code]);
        if (code !== undefined)
          expect(answer.body).toMatchObject({ message: expect.any(String), hint: expect.any(String) });
      }
    });
  }

  test("that says it has 20 MB is refused before it is read", async () => {
    for (const [port, path] of [
      [hookPort, "/push"],
      [sluice.port, "/api/v1/workflows/default"],
    ] as const) {
      const head = `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 20000000\r\nConnection: close\r\n\r\n{`;
      const answer = await raw(port, head);
      expect(answer).toMatch(/^HTTP\/1\.1 413 [\s\S]*_BODY_TOO_LARGE/);
    }
  });

  test("that pollutes a prototype changes no other event", async () => {
    await post(hook, '{"__proto__":{"run":"aaa"}}', { "x-github-delivery": "proto" });
    const shown = await sluice.json<{ event: unknown }>("GET", "/api/v1/sluice/events/default/proto");
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
    expect(shown.event).toBeDefined();
  });
});

describe("a request line or header", () => {
  const paths = ["/hook/%2e%2e/admin", "//push", "/push%2f", "/push/../push", "/%00", "/%ff", "/%"];
  for (const path of paths)
    test(`to ${path} reaches nothing`, async () => {
      for (const port of [hookPort, sluice.port]) {
        const answer = await raw(
          port,
          `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n`,
        );
        expect(answer).toMatch(/^HTTP\/1\.1 40[04] /);
        expect(answer).toMatch(/"code":"(INGRESS|SERVER)_[A-Z_]+"/);
      }
    });

  const broken: readonly (readonly [string, string, RegExp])[] = [
    [
      "both a length and chunks",
      "POST /push HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      /^HTTP\/1\.1 400 /,
    ],
    ["a TLS greeting", "\x16\x03\x01\x00\xff\r\n\r\n", /^HTTP\/1\.1 400 /],
    [
      "a header of 100 kB",
      `GET /push HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: ${"a".repeat(100_000)}\r\n\r\n`,
      /^HTTP\/1\.1 431 |^$/,
    ],
  ];
  for (const [name, bytes, wanted] of broken)
    test(`with ${name} is refused, and the connection closed`, async () => {
      for (const port of [hookPort, sluice.port])
        expect(await raw(port, bytes).catch(() => "")).toMatch(wanted);
    });

  test("from a page whose name was rebound to this machine is refused by the API", async () => {
    const answer = await raw(
      sluice.port,
      "GET /api/v1/info HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n",
    );
    expect(answer).toMatch(/^HTTP\/1\.1 403 [\s\S]*SERVER_HOST_REFUSED/);
  });

  for (const id of ["a.b.*.> x", "../../etc/passwd", "é\u00ff", "a".repeat(7_000), "__proto__", "{{=1}}"])
    test(`with the delivery id ${JSON.stringify(id.slice(0, 20))} is stored once and found`, async () => {
      const headers = { "x-github-delivery": id };
      expect((await post(hook, '{"n":1}', headers)).status).toBe(200);
      expect((await post(hook, '{"n":1}', headers)).status).toBe(200);
      const { items } = await sluice.json<{ items: { event: { id: string } }[] }>(
        "GET",
        "/api/v1/sluice/events/default?limit=2",
      );
      const [newest, before] = items.map((item) => item.event.id);
      expect(newest).not.toBe(before);
      const shown = await fetch(
        `${sluice.url}/api/v1/sluice/events/default/${encodeURIComponent(newest ?? "")}`,
      );
      expect(shown.status).toBe(200);
    });
});

describe("manifests", () => {
  const bomb = `a: &a [x,x,x,x,x,x,x,x,x]\n${"bcdefghi"
    .split("")
    .map((name, i) => `${name}: &${name} [${Array(9).fill(`*${"abcdefghi"[i]}`).join(",")}]`)
    .join("\n")}`;
  const aWorkflow = (spec: string) =>
    `apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: { name: x }\nspec:\n${spec}`;
  const texts: readonly (readonly [string, string])[] = [
    ["a billion laughs", bomb],
    ["a tag that runs code", "!!js/function 'function () { return 1 }'"],
    ["a key of 64 kB", `${"k".repeat(65_536)}: 1`],
    ["tabs for indentation", "a:\n\t- b"],
    ["200 documents", Array(200).fill("a: 1").join("\n---\n")],
    ["nesting 10,000 deep", "[".repeat(10_000)],
    [
      "a DAG that is a circle",
      aWorkflow(
        "  entrypoint: m\n  templates:\n  - name: m\n    dag: { tasks: [{ name: a, template: s, dependencies: [b] }, { name: b, template: s, dependencies: [a] }] }\n  - { name: s, suspend: {} }",
      ),
    ],
    ["a name that climbs", aWorkflow("  entrypoint: ../../x\n  templates: [{ name: ../../x, suspend: {} }]")],
    [
      "an expression that reaches for the constructor",
      "apiVersion: argoproj.io/v1alpha1\nkind: Sensor\nmetadata: { name: x }\nspec:\n  dependencies: [{ name: d, eventSourceName: s, eventName: e, filters: { exprs: [{ expr: \"(1).constructor.constructor('return 1')()\", fields: [{ name: n, path: body.n }] }] } }]\n  triggers: [{ template: { name: t, log: {} } }]",
    ],
  ];
  for (const [name, text] of texts)
    test(`with ${name} are refused with what is wrong`, async () => {
      const answer = await post(`${sluice.url}/api/v1/sluice/apply`, text, {
        "content-type": "application/yaml",
      });
      expect(answer.status).toBe(400);
      expect(answer.body).toMatchObject({
        code: expect.stringMatching(/^[A-Z]+_/),
        message: expect.any(String),
      });
    });
});

describe("event data", () => {
  test("with templates, shell and terminal escapes is text in the step and in its log", async () => {
    const who = "{{workflow.name}} {{=1+1}} $(id) `id`; \u001b]0;owned\u0007\u001b[2J\u009b2J <script>";
    await post(hook, JSON.stringify({ run: "aaa", who }), { "x-github-delivery": "escapes" });
    const [workflow] = await workflowsEnded(sluice, 1);

    expect(workflow?.status?.phase).toBe("Succeeded");
    const logs = await sluice.run("logs", workflow?.metadata.name ?? "", "--no-prefix");
    expect(logs.stdout).toContain("{{workflow.name}} {{=1+1}} $(id) `id`;");
    expect(logs.stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
    const shown = await sluice.run("events", "show", "escapes");
    expect(shown.stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
  });

  test("that would take a backtracking expression for ever is judged at once, with the verdict on record", async () => {
    const before = (await listWorkflows(sluice)).length;
    await post(hook, JSON.stringify({ run: `${"a".repeat(50_000)}!` }), { "x-github-delivery": "redos" });
    await post(hook, JSON.stringify({ run: { a: 1 } }), { "x-github-delivery": "object" });
    await post(hook, JSON.stringify({ run: "aa", who: "next" }), { "x-github-delivery": "next" });
    await workflowsEnded(sluice, before + 1);

    expect(await listWorkflows(sluice)).toHaveLength(before + 1);
    for (const id of ["redos", "object"]) {
      const { trail } = await sluice.json<{ trail: object[] }>("GET", `/api/v1/sluice/events/default/${id}`);
      expect(trail).toMatchObject([{ type: "verdict", passed: false }]);
    }
  });
});

describe("a nats-server that hangs", () => {
  test("lets the webhook answer 503 with Retry-After within its bound, and take events again afterwards", async () => {
    const { nats } = await sluice.json<{ nats: { pid: number } }>("GET", "/api/v1/sluice/doctor");
    const startedAt = performance.now();
    await signalProcess(nats.pid, "SIGSTOP");
    const answers = await Promise.all(
      ["hung-1", "hung-2"].map((id) =>
        fetch(hook, { method: "POST", headers: { "x-github-delivery": id }, body: "{}" }),
      ),
    ).finally(() => signalProcess(nats.pid, "SIGCONT"));

    expect(answers.map((answer) => answer.status)).toEqual([503, 503]);
    for (const answer of answers) expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(performance.now() - startedAt).toBeLessThan(15_000);
    expect((await post(hook, "{}", { "x-github-delivery": "hung-1" })).status).toBe(200);
  });
});
