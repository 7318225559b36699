import { SeededRandom, silentLogger } from "@sluice/base";
import { systemClock } from "@sluice/base/system";
import { startTestServer, type TestServer } from "@sluice/bus/testing";
import { lockSuite } from "@sluice/engine/testing";
import { afterAll, beforeAll } from "vitest";

let server: TestServer;
let made = 0;

beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server[Symbol.asyncDispose]());

lockSuite("JetStream", async () => {
  const transport = await server.connect({ prefix: `k${++made}` });
  return {
    transport,
    clock: systemClock,
    random: new SeededRandom(made),
    log: silentLogger,
    [Symbol.asyncDispose]: () => transport[Symbol.asyncDispose](),
  };
});
