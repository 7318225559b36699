/** The bus: ports, their JetStream and memory implementations, and the embedded nats-server. @module */
export type * from "./ports/stores.ts";
export type * from "./ports/transport.ts";
