/** Event sources: the kinds, their runner and the Ingress port. @module */
export type { Ingress, IngressRequest, IngressResponse, IngressRoute } from "./ingress.ts";
