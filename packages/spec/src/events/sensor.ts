import { z } from "zod";
import { AnyString, KubeList, KubeObject, ObjectMeta } from "../meta.ts";

export const Comparator = z.enum(["", "=", "!=", ">", ">=", "<", "<="]);

export const DataFilter = z.strictObject({
  path: z.string().min(1),
  type: z.enum(["bool", "number", "string"]),
  value: z.array(AnyString).min(1),
  comparator: Comparator.optional(),
  template: z.string().optional(),
});
export type DataFilter = z.infer<typeof DataFilter>;

export const ExprFilter = z.strictObject({
  expr: z.string().min(1),
  fields: z.array(z.strictObject({ path: z.string().min(1), name: z.string().min(1) })).min(1),
});
export type ExprFilter = z.infer<typeof ExprFilter>;

export const ContextFilter = z.strictObject({
  id: z.string().optional(),
  source: z.string().optional(),
  specversion: z.string().optional(),
  type: z.string().optional(),
  datacontenttype: z.string().optional(),
  subject: z.string().optional(),
  time: z.string().optional(),
});
export type ContextFilter = z.infer<typeof ContextFilter>;

export const TimeFilter = z.strictObject({
  start: z.string(),
  stop: z.string(),
  timezone: z.string().optional(),
});
export type TimeFilter = z.infer<typeof TimeFilter>;

export const LogicalOperator = z.enum(["", "and", "or"]);

export const DependencyFilters = z.strictObject({
  time: TimeFilter.optional(),
  context: ContextFilter.optional(),
  data: z.array(DataFilter).optional(),
  exprs: z.array(ExprFilter).optional(),
  dataLogicalOperator: LogicalOperator.optional(),
  exprLogicalOperator: LogicalOperator.optional(),
  script: z.string().optional(),
});
export type DependencyFilters = z.infer<typeof DependencyFilters>;

export const Dependency = z.strictObject({
  name: z.string().min(1).max(253),
  eventSourceName: z.string().min(1),
  eventName: z.string().min(1),
  filters: DependencyFilters.optional(),
  transform: z.strictObject({ jq: z.string().optional(), script: z.string().optional() }).optional(),
  filtersLogicalOperator: LogicalOperator.optional(),
});
export type Dependency = z.infer<typeof Dependency>;

export const ParameterSource = z.strictObject({
  dependencyName: z.string().min(1),
  contextKey: z.string().optional(),
  contextTemplate: z.string().optional(),
  dataKey: z.string().optional(),
  dataTemplate: z.string().optional(),
  value: AnyString.optional(),
  useRawData: z.boolean().optional(),
});
export type ParameterSource = z.infer<typeof ParameterSource>;

export const TriggerParameter = z.strictObject({
  src: ParameterSource,
  dest: z.string(),
  operation: z.enum(["", "overwrite", "append", "prepend"]).optional(),
});
export type TriggerParameter = z.infer<typeof TriggerParameter>;

/** Argo's Backoff for triggers: `duration` is a Go duration or nanoseconds; `steps` counts all attempts. */
export const TriggerBackoff = z.strictObject({
  duration: z.union([z.string(), z.int()]).optional(),
  factor: z.number().optional(),
  jitter: z.number().optional(),
  steps: z.int().optional(),
});
export type TriggerBackoff = z.infer<typeof TriggerBackoff>;

/** The trigger kinds of Argo's TriggerTemplate; which of them run is said by the triggers' registry. */
export const triggerKinds = [
  "k8s",
  "argoWorkflow",
  "http",
  "awsLambda",
  "azureEventHubs",
  "azureServiceBus",
  "kafka",
  "pulsar",
  "nats",
  "slack",
  "openWhisk",
  "custom",
  "log",
  "email",
] as const;
export type TriggerKind = (typeof triggerKinds)[number];

const kindConfigs = Object.fromEntries(
  triggerKinds.map((kind) => [kind, z.record(z.string(), z.json()).optional()]),
) as Record<TriggerKind, z.ZodOptional<z.ZodRecord<z.ZodString, ReturnType<typeof z.json>>>>;

export const TriggerTemplate = z.strictObject({
  name: z.string().min(1).max(253),
  conditions: z.string().optional(),
  conditionsReset: z
    .array(z.strictObject({ byTime: z.strictObject({ cron: z.string(), timezone: z.string().optional() }) }))
    .optional(),
  ...kindConfigs,
});
export type TriggerTemplate = z.infer<typeof TriggerTemplate>;

const triggerShape = {
  template: TriggerTemplate,
  parameters: z.array(TriggerParameter).optional(),
  policy: z
    .strictObject({
      k8s: KubeObject.optional(),
      status: z.strictObject({ allow: z.array(z.int()) }).optional(),
    })
    .optional(),
  retryStrategy: TriggerBackoff.optional(),
  rateLimit: z
    .strictObject({ unit: z.enum(["Second", "Minute", "Hour"]).optional(), requestsPerUnit: z.int().min(1) })
    .optional(),
  atLeastOnce: z.boolean().optional(),
};
export const Trigger = z.strictObject({
  ...triggerShape,
  dlqTrigger: z.strictObject(triggerShape).optional(),
});
export type Trigger = z.infer<typeof Trigger>;

export const SensorSpec = z.strictObject({
  dependencies: z.array(Dependency).min(1).max(64),
  triggers: z.array(Trigger).min(1).max(64),
  template: KubeObject.optional(),
  eventBusName: z.string().optional(),
  errorOnFailedRound: z.boolean().optional(),
  replicas: z.int().optional(),
  revisionHistoryLimit: z.int().optional(),
  loggingFields: z.record(z.string(), z.string()).optional(),
  imagePullSecrets: KubeList.optional(),
});
export type SensorSpec = z.infer<typeof SensorSpec>;

export const Sensor = z.strictObject({
  apiVersion: z.literal("argoproj.io/v1alpha1"),
  kind: z.literal("Sensor"),
  metadata: ObjectMeta,
  spec: SensorSpec,
  status: z.json().optional(),
});
export type Sensor = z.infer<typeof Sensor>;
