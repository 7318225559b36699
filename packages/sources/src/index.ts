/** Event sources: the kinds, their runner and the Ingress port. Start at `runSources`. @module */
export {
  type AnySource,
  defineSource,
  type Emit,
  type EmitRequest,
  type Emitted,
  type SourceContext,
  type SourceDefinition,
  type SpecSchema,
} from "./define.ts";
export { type EmitDeps, makeEmit } from "./emit.ts";
export { type ConfigIssue, SourceError } from "./errors.ts";
export { compileFilter, type SourceFilter } from "./filter.ts";
export type { Ingress, IngressRequest, IngressResponse, IngressRoute } from "./ingress.ts";
export { maxJsonDepth, type ParsedJson, parseJsonBytes } from "./json-body.ts";
export { sourceRegistry } from "./kinds/registry.gen.ts";
export { deliveryId } from "./kinds/webhook/delivery-id.ts";
export { headerData } from "./kinds/webhook/headers.ts";
export {
  type EventState,
  type EventStatus,
  type SourceStatus,
  SourcesBoard,
  type SourcesStatus,
} from "./runner/board.ts";
export { type PlannedEvent, planEvents, type SourceRegistry } from "./runner/plan.ts";
export { runSources, type SourcesDeps } from "./runner/run.ts";
export { sourceSchemas } from "./schemas.ts";
