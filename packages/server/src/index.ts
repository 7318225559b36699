/** The HTTP faces: webhook ingress and API. @module */
export type { Readiness, ReferenceWriter, SensorsStatus, ServerDeps } from "./api/ports.ts";
export { type ApiServer, makeServer, type ServerOptions } from "./api/server.ts";
export { IngressError, ServerError } from "./errors.ts";
export { type HttpIngress, type IngressOptions, makeIngress } from "./ingress/ingress.ts";
export type { IngressLimits } from "./ingress/listener.ts";
