// What the engine runs today, field by field. A new field of a schema does not compile until it has a row here, so that
// none is ever ignored in silence.
import { dependency, filters, policy, sensor, trigger, triggerTemplate } from "./sensor.ts";
import { container, dag, step, suspend, template } from "./template.ts";
import { artifact, inputs, outputs, parameter, valueFrom } from "./values.ts";
import { hook, retryStrategy, workflow } from "./workflow.ts";

/** The whole table, by place. */
export const support = {
  workflow,
  template,
  container,
  step,
  dag,
  suspend,
  hook,
  inputs,
  outputs,
  artifact,
  parameter,
  valueFrom,
  retryStrategy,
  sensor,
  dependency,
  filters,
  trigger,
  policy,
  triggerTemplate,
} as const;
export type SupportPlace = keyof typeof support;
