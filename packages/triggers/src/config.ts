import { defaultOutboundPolicy, type OutboundPolicy } from "@sluice/base";

/** What the composition root may set for triggers. */
export interface TriggersConfig {
  /** Requests held at once, waiting or executing. */
  readonly maxInFlight: number;
  /** Requests executed at once for one trigger of one sensor: a slow target keeps no more than these. */
  readonly maxPerTrigger: number;
  /** Requests held for one trigger of one sensor; further ones are given back for a while. */
  readonly maxHeldPerTrigger: number;
  /** How long attempts under way may take to end after the worker was told to stop, ms. */
  readonly graceMs: number;
  readonly http: HttpConfig;
}

export interface HttpConfig extends OutboundPolicy {
  /** Bytes of an answer that are read; the rest is not. */
  readonly maxResponseBytes: number;
}

export const defaultTriggersConfig: TriggersConfig = {
  maxInFlight: 256,
  maxPerTrigger: 16,
  maxHeldPerTrigger: 64,
  graceMs: 5_000,
  http: { ...defaultOutboundPolicy, maxResponseBytes: 64 * 1_024 },
};
