import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { ApiClient } from "./api-client.ts";

test.each([
  ["SERVER_REQUEST_INVALID", "see `sluice --help`, or `sluice COMMAND --help`"],
  ["SERVER_NOT_FOUND", "the server's own"],
])("what the server refuses with %s has the hint %s", async (code, hint) => {
  const server = createServer((_, answer) => {
    answer.writeHead(400).end(JSON.stringify({ code, message: "labels: 'x'", hint: "the server's own" }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  const asked = new ApiClient({ url }).request("GET", "/x");

  await expect(asked)
    .rejects.toMatchObject({ code, hint, message: "labels: 'x'" })
    .finally(() => new Promise((resolve) => server.close(resolve)));
});
