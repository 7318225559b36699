/** The bus: ports, their JetStream and memory implementations, and the embedded nats-server. @module */
export { BusError } from "./errors.ts";
export { connectJetStream, type JetStreamOptions } from "./jetstream/connect.ts";
export type { NatsAuth } from "./jetstream/connection.ts";
export { type MemoryOptions, type MemoryTransport, makeMemoryTransport } from "./memory/layer.ts";
export type * from "./ports/stores.ts";
export type * from "./ports/transport.ts";
export { type EmbeddedOptions, type EmbeddedServer, startEmbeddedServer } from "./server/embedded.ts";
export { type LocateOptions, locateNatsServer, type NatsBinary } from "./server/locate.ts";
export { type CollectorDeps, runCollector } from "./stores/content/collect.ts";
export type { StoreDeps } from "./stores/context.ts";
export { openStores } from "./stores/open.ts";
export type { StreamOptions } from "./streams.ts";
export { fromToken, makeSubjects, namesOf, type Subjects, subjectMatches, token } from "./subjects.ts";
