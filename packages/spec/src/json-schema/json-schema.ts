import type { JsonObject } from "@sluice/base";
import { z } from "zod";
import { EventSource, EventSourceSpec } from "../events/event-source.ts";
import { Sensor, SensorSpec, Trigger, TriggerTemplate } from "../events/sensor.ts";
import { type ManifestKind, manifestSchemas } from "../manifest.ts";
import { descriptions } from "./descriptions/table.ts";

/** Schemas of kinds that other packages own, by the kind's name. */
export interface KindSchemas {
  readonly source: Readonly<Record<string, z.ZodType>>;
  readonly trigger: Readonly<Record<string, z.ZodType>>;
}

const noKinds: KindSchemas = { source: {}, trigger: {} };

/** What editors show first when a field is pointed at. */
const titles: Readonly<Record<ManifestKind, string>> = {
  Workflow: "One run of steps in containers",
  WorkflowTemplate: "Templates that workflows of a namespace refer to",
  ClusterWorkflowTemplate: "Templates that workflows of every namespace refer to",
  CronWorkflow: "A workflow that starts by the clock",
  WorkflowEventBinding: "A workflow template that an API event submits",
  EventSource: "Where events come in: webhooks, clocks, queues",
  Sensor: "Which events fire which triggers",
  EventBus: "Accepted for existing folders; the bus is configured where Sluice starts",
  ConfigMap: "Settings that manifests refer to",
  Secret: "Secrets that manifests refer to",
};

/**
 * JSON Schemas (draft 2020-12) of every kind, for completion and checks in editors. `kinds` gives the configs of event
 * sources and triggers; a kind without a schema there takes any map.
 */
export function jsonSchemas(kinds: KindSchemas = noKinds): Readonly<Record<ManifestKind, JsonObject>> {
  const whole: Readonly<Record<ManifestKind, z.ZodType>> = {
    ...manifestSchemas,
    EventSource: eventSourceWith(kinds.source),
    Sensor: sensorWith(kinds.trigger),
  };
  const entries = Object.entries(whole).map(([kind, schema]) => [
    kind,
    toJsonSchema(kind as ManifestKind, schema),
  ]);
  return Object.fromEntries(entries) as Record<ManifestKind, JsonObject>;
}

function toJsonSchema(kind: ManifestKind, schema: z.ZodType): JsonObject {
  const made = z.toJSONSchema(schema, {
    io: "input",
    unrepresentable: "any",
    reused: "ref",
    override: ({ zodSchema, jsonSchema }) => {
      const rows = descriptions.get(zodSchema);
      for (const [field, description] of Object.entries(rows ?? {})) {
        const property = jsonSchema.properties?.[field];
        if (typeof property === "object")
          jsonSchema.properties = { ...jsonSchema.properties, [field]: { ...property, description } };
      }
    },
  });
  return { title: kind, description: titles[kind], ...(made as JsonObject) };
}

function eventSourceWith(source: KindSchemas["source"]): z.ZodType {
  const maps = Object.entries(source)
    .filter(([kind]) => Object.hasOwn(EventSourceSpec.shape, kind))
    .map(([kind, schema]) => [kind, z.record(z.string(), schema).optional()]);
  return EventSource.extend({ spec: EventSourceSpec.extend(Object.fromEntries(maps)) });
}

function sensorWith(trigger: KindSchemas["trigger"]): z.ZodType {
  const configs = Object.entries(trigger)
    .filter(([kind]) => Object.hasOwn(TriggerTemplate.shape, kind))
    .map(([kind, schema]) => [kind, schema.optional()]);
  const template = TriggerTemplate.extend(Object.fromEntries(configs));
  const triggers = z.array(Trigger.extend({ template })).min(1).max(64);
  return Sensor.extend({ spec: SensorSpec.extend({ triggers }) });
}
