import type { SensorIssue } from "./errors.ts";

/** How a sensor is doing, for the API. */
export interface SensorStatus {
  readonly namespace: string;
  readonly name: string;
  readonly generation: number;
  /** `degraded`: it runs, but what it did last failed and is tried again. */
  readonly state: "live" | "degraded" | "invalid";
  readonly message?: string;
  readonly issues?: readonly SensorIssue[];
  /** Since this process started. */
  readonly counts: { readonly events: number; readonly firings: number };
  /** Epoch ms. */
  readonly lastEventAt?: number;
  readonly lastFiringAt?: number;
  /** Joins that wait: which dependencies are filled. */
  readonly pending: readonly { readonly trigger: string; readonly filled: readonly string[] }[];
}

/** What a running sensor says about itself. */
export type SensorReport =
  | { readonly type: "event"; readonly at: number; readonly firings: number }
  | { readonly type: "waiting"; readonly trigger: string; readonly filled: readonly string[] }
  | { readonly type: "well" }
  | { readonly type: "failing"; readonly message: string };

const keyOf = (namespace: string, name: string): string => JSON.stringify([namespace, name]);

/** The statuses of all sensors of this process. Made by the composition root, written by `runSensors`, read by the API. */
export class SensorsStatus {
  readonly #byKey = new Map<string, SensorStatus>();

  list(namespace?: string): readonly SensorStatus[] {
    return [...this.#byKey.values()].filter((s) => namespace === undefined || s.namespace === namespace);
  }

  get(namespace: string, name: string): SensorStatus | undefined {
    return this.#byKey.get(keyOf(namespace, name));
  }

  /** A sensor was applied: it is `live` without issues, else `invalid`. Counts go on. */
  applied(
    sensor: { readonly namespace: string; readonly name: string; readonly generation: number },
    issues: readonly SensorIssue[],
  ): void {
    const { namespace, name, generation } = sensor;
    const before = this.get(namespace, name);
    const first = issues[0];
    this.#byKey.set(keyOf(namespace, name), {
      namespace,
      name,
      generation,
      counts: before?.counts ?? { events: 0, firings: 0 },
      ...(before?.lastEventAt === undefined ? {} : { lastEventAt: before.lastEventAt }),
      ...(before?.lastFiringAt === undefined ? {} : { lastFiringAt: before.lastFiringAt }),
      pending: [],
      ...(first === undefined
        ? { state: "live" }
        : { state: "invalid", issues, message: `${first.path}: ${first.message}` }),
    });
  }

  removed(namespace: string, name: string): void {
    this.#byKey.delete(keyOf(namespace, name));
  }

  report(namespace: string, name: string, report: SensorReport): void {
    const before = this.get(namespace, name);
    if (before !== undefined) this.#byKey.set(keyOf(namespace, name), reported(before, report));
  }
}

function reported(status: SensorStatus, report: SensorReport): SensorStatus {
  switch (report.type) {
    case "event":
      return {
        ...status,
        counts: { events: status.counts.events + 1, firings: status.counts.firings + report.firings },
        lastEventAt: report.at,
        ...(report.firings === 0 ? {} : { lastFiringAt: report.at }),
      };
    case "waiting": {
      const others = status.pending.filter((p) => p.trigger !== report.trigger);
      const { trigger, filled } = report;
      return { ...status, pending: filled.length === 0 ? others : [...others, { trigger, filled }] };
    }
    case "well": {
      const { message: _, ...rest } = status;
      return { ...rest, state: "live" };
    }
    case "failing":
      return { ...status, state: "degraded", message: report.message };
  }
}
