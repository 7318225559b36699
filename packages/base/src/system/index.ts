/** The real clock and the real chance. Imported by `cli` and by tests on real parts only. @module */
export { systemClock } from "./clock.ts";
export { armFailpoints } from "./failpoint.ts";
export { systemRandom } from "./random.ts";
