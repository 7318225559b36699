/** The Kubernetes port. @module */
export type { References } from "./references.ts";
