export { type AgentExecutor, type AgentOptions, makeAgent } from "./agent-executor.ts";
export { makeDataWork } from "./data/data-work.ts";
export { AgentError } from "./errors.ts";
export { type HttpWorkOptions, makeHttpWork } from "./http/http-work.ts";
export { makeResourceWork, type ResourceWorkOptions } from "./resource/resource-work.ts";
export { withAgent } from "./routed-executor.ts";
export type { AgentWork } from "./work.ts";
