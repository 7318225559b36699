/** Fakes that other packages' tests may use. @module */
export { RecordingLogger } from "./recording-logger.ts";
export { VirtualClock } from "./virtual-clock.ts";
