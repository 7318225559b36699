/** Carries out what sensors ask for, with retry, rate limit and dead letters. Start at `runTriggers`. @module */
export { defaultTriggersConfig, type HttpConfig, type TriggersConfig } from "./config.ts";
export {
  type ActionSpec,
  defineTrigger,
  type ManifestSchema,
  type TriggerContext,
  type TriggerDefinition,
  type TriggerKind,
  type TriggerResult,
} from "./define.ts";
export { TriggerError } from "./errors.ts";
export { triggerRegistry } from "./kinds/registry.gen.ts";
export { defaultRetryPlan, type RetryPlan, retryPlan } from "./retry.ts";
export { runTriggers, type TriggersDeps } from "./worker.ts";
