// Sensors.
import type {
  Dependency,
  DependencyFilters,
  SensorSpec,
  Trigger,
  TriggerTemplate,
} from "../events/sensor.ts";
import type { Row } from "./row.ts";

export const sensor: Row<SensorSpec> = {
  dependencies: "runs",
  triggers: "runs",
  errorOnFailedRound: "accepted",
  eventBusName: "accepted",
  template: "accepted",
  replicas: "accepted",
  revisionHistoryLimit: "accepted",
  loggingFields: "accepted",
  imagePullSecrets: "accepted",
};

export const dependency: Row<Dependency> = {
  name: "runs",
  eventSourceName: "runs",
  eventName: "runs",
  filters: "runs",
  filtersLogicalOperator: "runs",
  transform: "later",
};

export const filters: Row<DependencyFilters> = {
  time: "runs",
  context: "runs",
  data: "runs",
  exprs: "runs",
  dataLogicalOperator: "runs",
  exprLogicalOperator: "runs",
  script: "later",
};

export const trigger: Row<Trigger> = {
  template: "runs",
  parameters: "runs",
  policy: "runs",
  retryStrategy: "runs",
  rateLimit: "runs",
  /** Every trigger is at least once here. */
  atLeastOnce: "accepted",
  dlqTrigger: "later",
};

export const triggerTemplate: Row<TriggerTemplate> = {
  name: "runs",
  conditions: "runs",
  argoWorkflow: "runs",
  http: "runs",
  log: "runs",
  k8s: "runs",
  conditionsReset: "later",
  awsLambda: "later",
  azureEventHubs: "later",
  azureServiceBus: "later",
  kafka: "later",
  pulsar: "later",
  nats: "later",
  slack: "later",
  openWhisk: "later",
  custom: "later",
  email: "later",
};

export const policy: Row<NonNullable<Trigger["policy"]>> = { status: "runs", k8s: "later" };
