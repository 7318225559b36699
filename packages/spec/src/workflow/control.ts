import { z } from "zod";
import { IntOrString, KubeObject } from "../meta.ts";
import { Arguments } from "./parameter.ts";

/** Argo's Backoff: durations are Go durations or, without a unit, seconds. */
export const Backoff = z.strictObject({
  duration: z.union([z.string(), z.number()]).transform(String).optional(),
  factor: IntOrString.optional(),
  maxDuration: z.union([z.string(), z.number()]).transform(String).optional(),
  cap: z.union([z.string(), z.number()]).transform(String).optional(),
});
export type Backoff = z.infer<typeof Backoff>;

export const RetryPolicyName = z.enum(["Always", "OnFailure", "OnError", "OnTransientError"]);

export const RetryStrategy = z.strictObject({
  /** Retries, so attempts = limit + 1. Absent = without end. May be templated. */
  limit: IntOrString.optional(),
  retryPolicy: RetryPolicyName.optional(),
  backoff: Backoff.optional(),
  expression: z.string().optional(),
  affinity: KubeObject.optional(),
});
export type RetryStrategy = z.infer<typeof RetryStrategy>;

export const TemplateRef = z.strictObject({
  name: z.string().optional(),
  template: z.string().optional(),
  clusterScope: z.boolean().optional(),
});
export type TemplateRef = z.infer<typeof TemplateRef>;

export const Sequence = z.strictObject({
  count: IntOrString.optional(),
  start: IntOrString.optional(),
  end: IntOrString.optional(),
  format: z.string().optional(),
});
export type Sequence = z.infer<typeof Sequence>;

export const ContinueOn = z.strictObject({ error: z.boolean().optional(), failed: z.boolean().optional() });
export type ContinueOn = z.infer<typeof ContinueOn>;

export const LifecycleHook = z.strictObject({
  template: z.string().optional(),
  templateRef: TemplateRef.optional(),
  arguments: Arguments.optional(),
  expression: z.string().optional(),
});
export type LifecycleHook = z.infer<typeof LifecycleHook>;

const Mutex = z.strictObject({
  name: z.string().optional(),
  namespace: z.string().optional(),
  /** Of the same name in every installation that shares the bus. */
  database: z.boolean().optional(),
});
const Semaphore = z.strictObject({
  namespace: z.string().optional(),
  configMapKeyRef: z
    .strictObject({ name: z.string().optional(), key: z.string(), optional: z.boolean().optional() })
    .optional(),
  database: z.strictObject({ key: z.string() }).optional(),
});

export const Synchronization = z.strictObject({
  mutexes: z.array(Mutex).optional(),
  semaphores: z.array(Semaphore).optional(),
  mutex: Mutex.optional(),
  semaphore: Semaphore.optional(),
});
export type Synchronization = z.infer<typeof Synchronization>;

export const Memoize = z.strictObject({
  key: z.string().optional(),
  /** A Go duration; absent = an entry of any age counts. */
  maxAge: z.string().optional(),
  cache: z
    .strictObject({
      configMap: z
        .strictObject({
          name: z.string().optional(),
          key: z.string().optional(),
          optional: z.boolean().optional(),
        })
        .optional(),
    })
    .optional(),
});
export type Memoize = z.infer<typeof Memoize>;

export const Metadata = z.strictObject({
  labels: z.record(z.string(), z.string()).optional(),
  annotations: z.record(z.string(), z.string()).optional(),
});
