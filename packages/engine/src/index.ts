/** The workflow engine: pure state machine, journal loop, and the Executor contract. @module */
export { type BindingDeps, bindingOrigin, runBindings } from "./bindings/loop.ts";
export { bindingKind, redriveBinding } from "./bindings/submit.ts";
export {
  type BackfillDirectory,
  type BackfillRequest,
  makeBackfillDirectory,
} from "./cron/backfill/directory.ts";
export { type BackfillDeps, runBackfills } from "./cron/backfill/loop.ts";
export type { BackfillState } from "./cron/backfill/state.ts";
export type { CronDeps } from "./cron/deps.ts";
export { type CronDirectoryDeps, makeCronDirectory } from "./cron/directory/directory.ts";
export type {
  CronDirectory,
  CronList,
  CronObject,
  CronStatus,
  RunAtOptions,
  RunAtOutcome,
} from "./cron/directory/port.ts";
export { runCron } from "./cron/loop.ts";
export { type CronArgument, cronLabel, scheduledTimeAnnotation, workflowAt } from "./cron/workflow.ts";
export type { ConfigMapContent, Definitions, TemplatePlace } from "./definitions/port.ts";
export type { RunDirectoryDeps } from "./directory/deps.ts";
export { makeRunDirectory } from "./directory/directory.ts";
export { type LabelTest, parseLabelSelector } from "./directory/label-selector.ts";
export type { RunDirectory, RunEvent, RunList, RunQuery, SubmitOptions } from "./directory/port.ts";
export { EngineError } from "./errors.ts";
export type { Estimate, Estimates } from "./estimation/estimate.ts";
export type { ArtifactArchive, ArtifactInput, ArtifactOutput, SavedArtifact } from "./executor/artifacts.ts";
export { type Executor, type ExecutorDescription, runUidOf, type StartPermit } from "./executor/contract.ts";
export type { ContainerEnd, StepEnd, StepEvent, StepLine } from "./executor/events.ts";
export {
  type Progress,
  parseProgress,
  progressAnnotation,
  progressIn,
  progressText,
  progressTickMs,
  progressVariable,
} from "./executor/progress.ts";
export { claimOwnerOf, type StepRequest, type VolumeClaim } from "./executor/request.ts";
export type { Condition, ContainerWork, ResourceWork, StepWork } from "./executor/work.ts";
export { type CommandFact, type Fact, factVersion, isCommand } from "./facts.ts";
export {
  type LimitPlace,
  makeSemaphoreLimits,
  type SemaphoreLimit,
  type SemaphoreLimits,
} from "./locks/semaphore-limits.ts";
export { type EngineConfig, type EngineDeps, executorAnnotation } from "./loop/deps.ts";
export { runEngine } from "./loop/engine.ts";
export { type LiveRun, type RunChange, RunRegistry } from "./loop/registry.ts";
export type { MetricEmission, MetricLabel } from "./metrics/emission.ts";
export { type MetricsOptions, MetricsRegistry } from "./metrics/registry.ts";
export type { LiveStep } from "./project/live-step.ts";
export { projectWorkflow } from "./project/workflow.ts";
export type { WorkflowNode, WorkflowObject } from "./project/workflow-object.ts";
export type { ClaimsDeps } from "./retention/freed-claims.ts";
export type { KeepNewest } from "./retention/newest.ts";
export { type RetentionDeps, runRetention } from "./retention/retention.ts";
export { createRun } from "./run/create.ts";
export { decide, type Effects, reduce } from "./run/reduce.ts";
export { type Node, type NodePhase, type NodeType, podName, type RunPhase } from "./run/state/node.ts";
export { defaultLimits, type Run, type RunLimits } from "./run/state/run.ts";
export type { ShardSettings } from "./shards/settings.ts";
export {
  type Simulated,
  type SimulatedAnswer,
  type SimulatedEnd,
  type SimulatedStep,
  type SimulatedStepRequest,
  type SimulationOptions,
  simulate,
} from "./simulate/simulation.ts";
export { admitted, type SubmissionPolicy, withPolicy } from "./submission/policy.ts";
export { rfc3339 } from "./values/globals.ts";
