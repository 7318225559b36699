import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { VirtualClock } from "@sluice/base/testing";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { makeContext } from "../../context.ts";
import { followWorkflow } from "./live-tree.ts";

const running = { metadata: { name: "wf", namespace: "default" }, spec: {}, status: { phase: "Running" } };

describe("following a workflow that was deleted before the stream of changes began", () => {
  let server: Server;
  let looks = 0;
  let watched = Promise.withResolvers<void>();
  beforeEach(async () => {
    looks = 0;
    watched = Promise.withResolvers<void>();
    server = createServer((request, response) => {
      if (request.url?.includes("workflow-events") === true) {
        response.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders();
        watched.resolve();
        return;
      }
      looks += 1;
      const [status, body] =
        looks === 1 ? [200, running] : [404, { code: "ENGINE_RUN_NOT_FOUND", message: "there is no run" }];
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
  });
  afterEach(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  });

  test("ends with what was seen last, and does not wait for ever", async () => {
    const clock = new VirtualClock(0);
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const context = { ...makeContext({ server: url }, {}, new AbortController().signal), clock };
    const changes: unknown[] = [];

    const following = followWorkflow(context, "wf", (workflow) => void changes.push(workflow));
    await watched.promise;
    await clock.advanceBy(2_000);

    expect(await following).toEqual(running);
    expect(changes).toEqual([running]);
    expect(looks).toBe(2);
  });
});
