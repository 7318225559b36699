/** Executor kinds behind the engine's Executor contract: `local` and `kubernetes`, and the agent beside them. @module */
export {
  AgentError,
  type AgentExecutor,
  type AgentOptions,
  makeAgent,
  makeDataWork,
  makeHttpWork,
  makeResourceWork,
  withAgent,
} from "./agent/index.ts";
export { LocalError } from "./errors.ts";
export { KubeExecError, type KubernetesExecutorOptions, makeKubernetesExecutor } from "./kubernetes/index.ts";
export { type IsolationChoice, type LocalCandidate, probeLocal } from "./local/isolation/probe.ts";
export { type LocalExecutorOptions, makeLocalExecutor } from "./local/local-executor.ts";
export { memoryFolder } from "./local/memory-folder.ts";
export type { SiteOptions } from "./local/site.ts";
