import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { KubeClient } from "../client.ts";
import { resources } from "../object.ts";
import { makeKubeClient } from "./make-client.ts";
import { mapAnswer } from "./map-error.ts";

const status = (reason: string, message: string) => JSON.stringify({ kind: "Status", reason, message });

describe("an answer of the API server", () => {
  test.each([
    [401, "Unauthorized", "KUBE_UNAUTHORIZED", "later"],
    [403, "Forbidden", "KUBE_FORBIDDEN", "never"],
    [404, "NotFound", "KUBE_NOT_FOUND", "never"],
    [409, "AlreadyExists", "KUBE_EXISTS", "never"],
    [409, "Conflict", "KUBE_CONFLICT", "later"],
    [410, "Expired", "KUBE_GONE", "later"],
    [422, "Invalid", "KUBE_INVALID", "never"],
    [500, "InternalError", "KUBE_UNAVAILABLE", "later"],
    [503, "ServiceUnavailable", "KUBE_UNAVAILABLE", "later"],
  ])("%i %s is %s", (code, reason, expected, retry) => {
    const error = mapAnswer("GET pods", { status: code, body: status(reason, "said so") });
    expect(error).toMatchObject({ code: expected, retry });
    expect(error.message).toContain("said so");
  });

  test("403 for a used-up quota may heal", () => {
    const body = status("Forbidden", 'pods "x" is forbidden: exceeded quota: compute');
    expect(mapAnswer("POST pods", { status: 403, body })).toMatchObject({
      code: "KUBE_QUOTA",
      retry: "later",
    });
  });

  test("429 says how long to wait: by its header, else by its body, else a second", () => {
    const body = JSON.stringify({ details: { retryAfterSeconds: 4 } });
    const waits = [
      mapAnswer("GET", { status: 429, body, retryAfter: "7" }),
      mapAnswer("GET", { status: 429, body }),
      mapAnswer("GET", { status: 429, body: "busy" }),
    ].map((error) => error.details["retryAfterMs"]);
    expect(waits).toEqual([7_000, 4_000, 1_000]);
  });
});

describe("a client of a server that misbehaves", () => {
  let client: KubeClient;
  let answer: (path: string) => { body: string; cut?: boolean };
  const server = createServer((request, response) => {
    const { body, cut } = answer(request.url ?? "");
    response.write(body, () => (cut === true ? response.destroy() : response.end()));
  });
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    client = makeKubeClient({
      server: `http://127.0.0.1:${port}`,
      namespace: "default",
      vendor: undefined,
      requestOptions: async () => ({}),
    });
  });
  afterAll(async () => {
    await client[Symbol.asyncDispose]();
    await new Promise((resolve) => server.close(resolve));
  });
  const watched = async () => {
    const seen: string[] = [];
    const options = { resourceVersion: "1" };
    for await (const event of client.watch(resources.pods, options, new AbortController().signal))
      seen.push(event.type === "bookmark" ? "bookmark" : event.object.metadata.name);
    return seen;
  };
  const line = (type: string, object: unknown) => `${JSON.stringify({ type, object })}\n`;

  test("a watch cut within a line fails, and what came before is kept", async () => {
    const whole = line("ADDED", { metadata: { name: "ü".repeat(9) } });
    answer = () => ({ body: whole + whole.slice(0, 20), cut: true });
    const seen: string[] = [];
    const run = async () => {
      for await (const event of client.watch(
        resources.pods,
        { resourceVersion: "1" },
        new AbortController().signal,
      ))
        if (event.type !== "bookmark") seen.push(event.object.metadata.name);
    };
    await expect(run()).rejects.toMatchObject({ code: "KUBE_UNAVAILABLE" });
    expect(seen).toEqual(["ü".repeat(9)]);
  });

  test("410 that comes within a watch is KUBE_GONE, as one that refuses it", async () => {
    answer = () => ({ body: line("ERROR", { code: 410, reason: "Expired", message: "too old" }) });
    await expect(watched()).rejects.toMatchObject({ code: "KUBE_GONE" });
  });

  test("an answer that is no JSON is KUBE_UNAVAILABLE, as a server that is not there", async () => {
    answer = () => ({ body: "<html>" });
    await expect(client.get(resources.pods, { name: "x" })).rejects.toMatchObject({
      code: "KUBE_UNAVAILABLE",
    });
  });

  test("names are encoded into the path, so none can reach another resource", async () => {
    let path = "";
    answer = (asked) => {
      path = asked;
      return { body: JSON.stringify({ metadata: { name: "x" } }) };
    };
    await client.get(resources.pods, { namespace: "a/../b", name: "../../secrets/s?x#y" });
    expect(path).toBe("/api/v1/namespaces/a%2F..%2Fb/pods/..%2F..%2Fsecrets%2Fs%3Fx%23y");
    for (const name of ["", ".", ".."])
      await expect(client.get(resources.pods, { name })).rejects.toMatchObject({ code: "KUBE_INVALID" });
  });
});
