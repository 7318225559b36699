/** Fakes and builders for tests of sources. @module */
export { MemoryIngress, type MemoryRequest, toIngressRequest } from "./memory-ingress.ts";
export {
  aSourceContext,
  type Emissions,
  keepEmissions,
  memoryReferences,
  type SourceContextParts,
} from "./source-context.ts";
