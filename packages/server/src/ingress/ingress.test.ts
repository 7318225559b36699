// Over real sockets: what matters here is what node:http does with hostile requests.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { request as tlsRequest } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { systemClock } from "@sluice/base/system";
import { RecordingLogger } from "@sluice/base/testing";
import type { IngressRequest, IngressRoute } from "@sluice/sources";
import { describe, expect, test } from "vitest";
import { rawExchange } from "../testing/raw-http.ts";
import { type IngressOptions, makeIngress } from "./ingress.ts";

async function anIngress(options: Partial<IngressOptions> = {}) {
  const log = new RecordingLogger();
  const ingress = makeIngress({ clock: systemClock, log, graceMs: 1_000, ...options });
  const seen: IngressRequest[] = [];
  const mount = (parts: Partial<IngressRoute> = {}) =>
    ingress.mount({
      port: 0,
      path: "/hook",
      methods: ["POST"],
      maxBodyBytes: 1_000,
      async handle(request) {
        seen.push(request);
        return { status: 200, body: "success" };
      },
      ...parts,
    });
  const port = () => ingress.portOf(0) ?? 0;
  return {
    ingress,
    log,
    seen,
    mount,
    port,
    fetch: (path: string, init?: RequestInit) => fetch(`http://127.0.0.1:${port()}${path}`, init),
    [Symbol.asyncDispose]: () => ingress[Symbol.asyncDispose](),
  };
}

const post = (body: string | Uint8Array<ArrayBuffer> = "{}", headers: Record<string, string> = {}) => ({
  method: "POST",
  body,
  headers,
});

describe("a mounted route", () => {
  test("gets the request whole: raw path, query, headers in their case, body", async () => {
    await using at = await anIngress();
    await at.mount({ methods: "*" });

    const answer = await rawExchange(
      at.port(),
      "POST /hook?a=%20b HTTP/1.1\r\nHost: x\r\nX-One: 1\r\nx-one: 2\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi",
    );

    expect(answer).toMatch(/^HTTP\/1.1 200 OK/);
    expect(at.seen[0]).toMatchObject({ method: "POST", path: "/hook", query: "a=%20b" });
    expect(at.seen[0]?.headers).toEqual(
      expect.arrayContaining([
        ["X-One", "1"],
        ["x-one", "2"],
      ]),
    );
    expect(Buffer.from(at.seen[0]?.body ?? []).toString()).toBe("hi");
  });

  test("answers 405 with Allow to another method, 404 elsewhere, and the port answers /health", async () => {
    await using at = await anIngress();
    await at.mount();
    const wrong = await at.fetch("/hook");
    expect([wrong.status, wrong.headers.get("allow")]).toEqual([405, "POST"]);
    expect(await wrong.json()).toMatchObject({ code: "INGRESS_METHOD_NOT_ALLOWED" });
    expect((await at.fetch("/other", post())).status).toBe(404);
    const health = await at.fetch("/health");
    expect([health.status, await health.text()]).toEqual([200, "OK"]);
  });

  test("may take /health for itself", async () => {
    await using at = await anIngress();
    await at.mount({ path: "/health", methods: ["GET"] });
    expect(await (await at.fetch("/health")).text()).toBe("success");
  });

  test("that throws answers 500 without a word of why, and the log has it", async () => {
    await using at = await anIngress();
    await at.mount({ handle: () => Promise.reject(new Error("password is hunter2")) });
    const answer = await at.fetch("/hook", post());
    expect(answer.status).toBe(500);
    expect(await answer.text()).not.toContain("hunter2");
    expect(at.log.entries).toMatchObject([{ level: "error", fields: { reason: "password is hunter2" } }]);
  });

  test("is replaced by its owner without refusing a request", async () => {
    await using at = await anIngress();
    const first = await at.mount({ owner: "o", handle: async () => ({ status: 200, body: "one" }) });
    const load = (async () => {
      const statuses = new Set<number>();
      for (let i = 0; i < 50; i++) statuses.add((await at.fetch("/hook", post())).status);
      return statuses;
    })();
    await at.mount({ owner: "o", handle: async () => ({ status: 200, body: "two" }) });
    await first[Symbol.asyncDispose]();
    expect(await load).toEqual(new Set([200]));
    expect(await (await at.fetch("/hook", post())).text()).toBe("two");
  });

  test("finishes the request under way before its unmounting is done, and gives the port back", async () => {
    await using at = await anIngress();
    const entered = Promise.withResolvers<void>();
    const release = Promise.withResolvers<void>();
    const mounted = await at.mount({
      async handle() {
        entered.resolve();
        await release.promise;
        return { status: 200, body: "late" };
      },
    });
    const port = at.port();
    const answer = at.fetch("/hook", post());
    await entered.promise;
    const unmounted = mounted[Symbol.asyncDispose]();
    release.resolve();
    expect(await (await answer).text()).toBe("late");
    await unmounted;
    await expect(fetch(`http://127.0.0.1:${port}/hook`, post())).rejects.toThrow();
  });

  test("on a port that another program has is refused as later", async () => {
    await using one = await anIngress();
    await one.mount();
    await using two = await anIngress();
    await expect(two.mount({ port: one.port() })).rejects.toMatchObject({
      code: "INGRESS_PORT_IN_USE",
      retry: "later",
    });
  });

  test("serves TLS with the certificate it brings", async () => {
    await using at = await anIngress();
    const tls = selfSigned();
    await at.mount({ tls });
    const status = await new Promise<number>((resolve, reject) => {
      tlsRequest(
        { port: at.port(), path: "/hook", method: "POST", ca: tls.cert, servername: "localhost" },
        (r) => {
          r.resume();
          resolve(r.statusCode ?? 0);
        },
      )
        .on("error", reject)
        .end("{}");
    });
    expect(status).toBe(200);
    await expect(at.mount({ path: "/plain" })).rejects.toMatchObject({ code: "INGRESS_TLS_CONFLICT" });
  });
});

function selfSigned() {
  const folder = mkdtempSync(join(tmpdir(), "sluice-tls-"));
  try {
    const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
    const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"];
    execFileSync(
      "openssl",
      [
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "1",
        "-keyout",
        key,
        "-out",
        cert,
        ...subject,
      ],
      { stdio: "ignore" },
    );
    return { cert: readFileSync(cert), key: readFileSync(key) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe("a hostile request", () => {
  test("with a declared 50 MB body is refused at its head", async () => {
    await using at = await anIngress();
    await at.mount();
    const answer = await rawExchange(
      at.port(),
      `POST /hook HTTP/1.1\r\nHost: x\r\nContent-Length: 52428800\r\n\r\n${"x".repeat(100)}`,
    );
    expect(answer).toMatch(/^HTTP\/1.1 413 /);
    expect(answer.toLowerCase()).toContain("connection: close");
    expect(at.seen).toEqual([]);
  });

  test("with chunks that never end is refused at the bound", async () => {
    await using at = await anIngress();
    await at.mount();
    const chunk = `190\r\n${"x".repeat(400)}\r\n`;
    const answer = await rawExchange(
      at.port(),
      "POST /hook HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n",
      chunk,
      chunk,
      chunk,
      chunk,
    );
    expect(answer).toMatch(/^HTTP\/1.1 413 /);
    expect(at.seen).toEqual([]);
  });

  test("that is never finished is cut off in bounded time", async () => {
    const limits = { headersTimeoutMs: 100, requestTimeoutMs: 150, checkEveryMs: 25 };
    await using at = await anIngress({ limits });
    await at.mount();
    const [slowHead, slowBody] = await Promise.all([
      rawExchange(at.port(), "POST /hook HTTP/1.1\r\nHost: x\r\n"),
      rawExchange(at.port(), "POST /hook HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nx"),
    ]);
    expect(slowHead).toMatch(/^HTTP\/1.1 408 /);
    expect(slowBody).toMatch(/^(HTTP\/1.1 408 |$)/);
    expect(at.seen).toEqual([]);
  });

  test("with a gzip body is refused and never inflated", async () => {
    await using at = await anIngress();
    await at.mount();
    const bomb = new Uint8Array(gzipSync(Buffer.alloc(500_000)));
    const answer = await at.fetch("/hook", post(bomb, { "content-encoding": "gzip" }));
    expect(answer.status).toBe(415);
    expect(await answer.json()).toMatchObject({ code: "INGRESS_ENCODING_UNSUPPORTED" });
    expect(at.seen).toEqual([]);
  });

  test("with Transfer-Encoding and Content-Length is refused as a smuggling attempt", async () => {
    await using at = await anIngress();
    await at.mount();
    const answer = await rawExchange(
      at.port(),
      "POST /hook HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /health HTTP/1.1\r\nHost: x\r\n\r\n",
    );
    expect(answer).toMatch(/^HTTP\/1.1 400 /);
    expect(answer).not.toContain("OK\r\n\r\nOK");
    expect(at.seen).toEqual([]);
  });

  test("with a head of 100 kB gets 431", async () => {
    await using at = await anIngress();
    await at.mount();
    const answer = await rawExchange(
      at.port(),
      `POST /hook HTTP/1.1\r\nHost: x\r\nX: ${"y".repeat(100_000)}\r\n\r\n`,
    );
    expect(answer).toMatch(/^HTTP\/1.1 431 /);
  });

  test("beyond those that may be under way is told to come again", async () => {
    await using at = await anIngress({ limits: { maxInFlight: 1 } });
    const entered = Promise.withResolvers<void>();
    const release = Promise.withResolvers<void>();
    await at.mount({
      async handle() {
        entered.resolve();
        await release.promise;
        return { status: 200 };
      },
    });
    const first = at.fetch("/hook", post());
    await entered.promise;
    const second = await at.fetch("/hook", post());
    release.resolve();
    expect([second.status, second.headers.get("retry-after")]).toEqual([503, "1"]);
    expect((await first).status).toBe(200);
  });

  test("whose client has gone is seen by the handler", async () => {
    await using at = await anIngress();
    const gone = Promise.withResolvers<void>();
    const entered = Promise.withResolvers<void>();
    await at.mount({
      async handle(request) {
        request.signal.addEventListener("abort", () => gone.resolve(), { once: true });
        entered.resolve();
        await gone.promise;
        return { status: 200 };
      },
    });
    const client = new AbortController();
    const answer = at.fetch("/hook", { ...post(), signal: client.signal }).catch(() => "cut");
    await entered.promise;
    client.abort();
    await gone.promise;
    expect(await answer).toBe("cut");
  });
});
