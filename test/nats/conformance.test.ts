import {
  startTestServer,
  storesConformance,
  type TestServer,
  transportConformance,
} from "@sluice/bus/testing";
import { afterAll, beforeAll } from "vitest";

let server: TestServer;
let made = 0;

beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server[Symbol.asyncDispose]());

/** One server for all; a prefix of its own makes each transport fresh. */
const make = () => server.connect({ prefix: `t${++made}` });

transportConformance("JetStream", make);
storesConformance("JetStream", make);
