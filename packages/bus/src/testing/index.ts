/** Conformance suites, and a real nats-server for other packages' system tests. @module */
export { type MemoryOptions, type MemoryTransport, makeMemoryTransport } from "../memory/layer.ts";
export { storesConformance } from "./stores-conformance.ts";
export { locateForTests, signalProcess, startTestServer, type TestServer } from "./test-server.ts";
export { transportConformance } from "./transport-conformance.ts";
