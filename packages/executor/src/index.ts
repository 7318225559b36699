/** Executor kinds behind the engine's Executor contract: `local` and `kubernetes`. @module */
export { LocalError } from "./errors.ts";
export { type LocalExecutorOptions, makeLocalExecutor } from "./local/local-executor.ts";
export { type IsolationChoice, type LocalCandidate, type ProbeOptions, probeLocal } from "./local/probe.ts";
