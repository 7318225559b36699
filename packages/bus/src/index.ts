/** The bus: ports, their JetStream and memory implementations, and the embedded nats-server. @module */
export { BusError } from "./errors.ts";
export { type MemoryOptions, type MemoryTransport, makeMemoryTransport } from "./memory/layer.ts";
export type * from "./ports/stores.ts";
export type * from "./ports/transport.ts";
export type { StoreDeps } from "./stores/context.ts";
export { openStores } from "./stores/open.ts";
export type { StreamOptions } from "./streams.ts";
export { fromToken, makeSubjects, namesOf, type Subjects, subjectMatches, token } from "./subjects.ts";
