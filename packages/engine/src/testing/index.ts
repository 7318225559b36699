/** Builders and fakes for the engine, and the suite that every executor passes. @module */
export { EventReader, type ExecutorBench, type StepEnd, shStep } from "./conformance/bench.ts";
export { executorConformance } from "./conformance/executor.ts";
