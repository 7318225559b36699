/** Fakes that other packages' tests may use. @module */
export { collectGarbage } from "./garbage.ts";
export { RecordingLogger } from "./recording-logger.ts";
export { VirtualClock } from "./virtual-clock.ts";
