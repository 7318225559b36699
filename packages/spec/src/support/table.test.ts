import { describe, expect, it } from "vitest";
import { Dependency, DependencyFilters, SensorSpec, Trigger, TriggerTemplate } from "../events/sensor.ts";
import { Container, Script } from "../workflow/container.ts";
import { LifecycleHook, RetryStrategy } from "../workflow/control.ts";
import { Artifact, Parameter, ValueFrom } from "../workflow/parameter.ts";
import { Dag, DagTask, Inputs, Outputs, Suspend, Template } from "../workflow/template.ts";
import { WorkflowSpec } from "../workflow/workflow.ts";
import { support } from "./table.ts";

const shapes = {
  workflow: WorkflowSpec.shape,
  template: Template.shape,
  container: { ...Container.shape, ...Script.shape },
  step: DagTask.shape,
  dag: Dag.shape,
  suspend: Suspend.shape,
  hook: LifecycleHook.shape,
  inputs: Inputs.shape,
  outputs: Outputs.shape,
  artifact: Artifact.shape,
  parameter: Parameter.shape,
  valueFrom: ValueFrom.shape,
  retryStrategy: RetryStrategy.shape,
  sensor: SensorSpec.shape,
  dependency: Dependency.shape,
  filters: DependencyFilters.shape,
  trigger: Trigger.shape,
  policy: Trigger.shape.policy.unwrap().shape,
  triggerTemplate: TriggerTemplate.shape,
} satisfies Record<keyof typeof support, object>;

describe("the table of what runs", () => {
  it.each(Object.keys(shapes) as (keyof typeof shapes)[])(
    "has a row for each field of %s, and no other",
    (place) => {
      expect(Object.keys(support[place]).sort()).toEqual(Object.keys(shapes[place]).sort());
    },
  );
});
