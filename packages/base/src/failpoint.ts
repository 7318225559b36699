/**
 * Named places where a test may kill or delay the process, to break a promise on purpose.
 * `cli` arms them from `SLUICE_FAILPOINT`; unarmed (always, in production) a failpoint is one map look-up.
 */
export interface Failpoints {
  /** Awaited at the named place; an armed one does what it was armed with (usually: kill -9 of this process). */
  reach(name: string): Promise<void> | void;
}

/** The names that exist; each is one hop of an event's life. */
export const failpointNames = [
  "source.accepted",
  "source.published",
  "sensor.matched",
  "sensor.requested",
  "trigger.claimed",
  "trigger.executed",
  "engine.appended",
  "engine.started",
] as const;
export type FailpointName = (typeof failpointNames)[number];

export const noFailpoints: Failpoints = { reach: () => {} };
