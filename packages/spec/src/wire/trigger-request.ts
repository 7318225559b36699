import type { JsonObject } from "@sluice/base";
import type { TriggerBackoff } from "../events/sensor.ts";
import type { CauseRef } from "./cloud-event.ts";

/** One firing of one trigger: the rendered action and what caused it. Stored in TRIGGERS until it is done. */
export interface TriggerRequest {
  readonly v: 1;
  /** Hash of sensor, trigger and the ids of the events that fired it: a repeat has the same id (P3). */
  readonly id: string;
  readonly namespace: string;
  readonly sensor: string;
  readonly sensorGeneration: number;
  readonly trigger: string;
  /** Name of the kind's folder under `triggers/src/kinds`: "argoWorkflow", "http", "log", "k8s". */
  readonly kind: string;
  /** The kind's config with every parameter applied; nothing in it is a template any more. */
  readonly action: JsonObject;
  readonly retryStrategy?: TriggerBackoff;
  /** Statuses that count as success, from `policy.status.allow`. */
  readonly allowStatus?: readonly number[];
  readonly rateLimit?: { readonly unit: "Second" | "Minute" | "Hour"; readonly requestsPerUnit: number };
  readonly causes: readonly CauseRef[];
  /** Why its parameters could not be resolved: the action is empty and must not be executed. Only in dead letters. */
  readonly unresolved?: string;
  readonly traceparent: string;
  /** Epoch ms. */
  readonly requestedAt: number;
  /** Set when it was sent again from DEAD: the dead letter's position. The id stays, so that what exists is not made twice. */
  readonly redrive?: number;
}

/** What gave up, with enough to send it again. Stored in DEAD. */
export interface DeadLetter {
  readonly v: 1;
  readonly id: string;
  readonly request: TriggerRequest;
  readonly code: string;
  readonly message: string;
  readonly hint: string;
  readonly attempts: number;
  /** Epoch ms. */
  readonly at: number;
}
