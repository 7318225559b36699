/** The ground of every package: errors, ownership, time, chance, logging. @module */
export { type BackoffPolicy, backoffMs, defaultBackoff, type RetryOptions, retrying } from "./backoff.ts";
export { type Clock, sleepFor } from "./clock.ts";
export { formatDuration, formatGoDuration, parseGoDuration, parseSecondsOrDuration } from "./duration.ts";
export {
  AppError,
  definedErrors,
  defineErrors,
  type ErrorBody,
  type ErrorDoc,
  type ErrorRow,
  hasCode,
  isAppError,
  messageOf,
  type Retry,
  retryOf,
} from "./errors.ts";
export { type FailpointName, type Failpoints, failpointNames, noFailpoints } from "./failpoint.ts";
export { fnv32a, hashId, hashUid, nameSuffix } from "./hash.ts";
export { isForbiddenKey, isObject, type Json, type JsonObject, stableJson } from "./json.ts";
export { type LogFields, type Logger, silentLogger } from "./logger.ts";
export { Mailbox } from "./mailbox.ts";
export { defaultOutboundPolicy, type OutboundPolicy, refusalOf } from "./outbound/address.ts";
export { type OutboundAnswer, type OutboundRequest, sendOutbound } from "./outbound/request.ts";
export { inlinePacking, type Packing, threadPacking } from "./packing.ts";
export { KeyedRandom, type Random, SeededRandom } from "./random.ts";
export { anyAborted, Scope } from "./scope.ts";
export { type Loop, sideBySide } from "./side-by-side.ts";
export { childTraceparent, isTraceparent, traceparentOf } from "./traceparent.ts";
