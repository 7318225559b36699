import { z } from "zod";
import { KubeObject, ObjectMeta } from "../meta.ts";

/** The maps of Argo's EventSourceSpec, one a kind of source; each maps event names to that kind's own config. */
export const sourceKinds = [
  "amqp",
  "azureEventsHub",
  "azureQueueStorage",
  "azureServiceBus",
  "bitbucket",
  "bitbucketserver",
  "calendar",
  "emitter",
  "file",
  "generic",
  "gerrit",
  "github",
  "gitlab",
  "hdfs",
  "kafka",
  "minio",
  "mns",
  "mqtt",
  "nats",
  "nsq",
  "pubSub",
  "pulsar",
  "redis",
  "redisStream",
  "resource",
  "sftp",
  "slack",
  "sns",
  "sqs",
  "storageGrid",
  "stripe",
  "webhook",
] as const;
export type SourceKind = (typeof sourceKinds)[number];

const kindMaps = Object.fromEntries(
  sourceKinds.map((kind) => [kind, z.record(z.string(), z.json()).optional()]),
) as Record<SourceKind, z.ZodOptional<z.ZodRecord<z.ZodString, ReturnType<typeof z.json>>>>;

/** The frame only: each event's config is checked by its kind's own schema (assembled from the sources' registry). */
export const EventSourceSpec = z.strictObject({
  eventBusName: z.string().optional(),
  template: KubeObject.optional(),
  service: KubeObject.optional(),
  replicas: z.int().optional(),
  ...kindMaps,
});
export type EventSourceSpec = z.infer<typeof EventSourceSpec>;

export const EventSource = z.strictObject({
  apiVersion: z.literal("argoproj.io/v1alpha1"),
  kind: z.literal("EventSource"),
  metadata: ObjectMeta,
  spec: EventSourceSpec,
  status: z.json().optional(),
});
export type EventSource = z.infer<typeof EventSource>;

/** Accepted so that existing folders apply as they are; the bus itself is configured where Sluice is started. */
export const EventBusResource = z.strictObject({
  apiVersion: z.literal("argoproj.io/v1alpha1"),
  kind: z.literal("EventBus"),
  metadata: ObjectMeta,
  spec: KubeObject,
  status: z.json().optional(),
});
