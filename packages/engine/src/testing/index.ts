/** Builders and fakes for the engine, and the suite that every executor passes. @module */
export { stopDaemonsAgain } from "../run/daemons/scope.ts";
export { resumeAsks } from "../run/gates/books.ts";
export { AskWorld } from "../simulate/ask-world.ts";
export { aWorkflow, shTemplate, submission } from "./a-workflow.ts";
export { EventReader, type ExecutorBench, shStep } from "./conformance/bench.ts";
export { executorConformance } from "./conformance/executor.ts";
export { useBench } from "./conformance/open-bench.ts";
export { definitionsAmong } from "./definitions-among.ts";
export { EngineBench, type EngineProcess } from "./engine-bench.ts";
export type { LockGround } from "./lock-processes.ts";
export { lockSuite } from "./lock-suite.ts";
export { type ManualEnd, ManualExecutor, type ManualOptions, manualWorld } from "./manual-executor.ts";
export { type Ended, PureRun, runToEnd, type Script, type ScriptedEnd } from "./run-to-end.ts";
