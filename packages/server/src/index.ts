/** The HTTP faces: webhook ingress and API. @module */
export { IngressError, ServerError } from "./errors.ts";
export { type HttpIngress, type IngressOptions, makeIngress } from "./ingress/ingress.ts";
export type { IngressLimits } from "./ingress/listener.ts";
