/** Builders that tests of sensors use. @module */
import type { Json } from "@sluice/base";
import type { Resource } from "@sluice/bus";
import type { CloudEvent, Dependency, SensorSpec, StoredEvent, Trigger } from "@sluice/spec";

/** An event of source `hooks`, event `task`, unless said otherwise. */
export function anEvent(
  parts: {
    readonly id?: string;
    readonly data?: Json;
    readonly source?: string;
    readonly event?: string;
    readonly attributes?: Partial<CloudEvent>;
  } = {},
): StoredEvent {
  const { id = "e1", source = "hooks", event = "task" } = parts;
  return {
    v: 1,
    origin: { namespace: "default", source, event },
    receivedAt: 1_000,
    event: {
      specversion: "1.0",
      id,
      source,
      type: "webhook",
      subject: event,
      time: "2026-01-02T03:04:05Z",
      datacontenttype: "application/json",
      ...(parts.data === undefined ? {} : { data: parts.data }),
      ...parts.attributes,
    },
  };
}

/** A dependency on the event of its own name of source `hooks`. */
export const aDependency = (name: string, parts: Partial<Dependency> = {}): Dependency => ({
  name,
  eventSourceName: "hooks",
  eventName: name,
  ...parts,
});

/** A trigger of kind `log`, unless its template says otherwise. */
export const aTrigger = (
  name: string,
  parts: Partial<Trigger> & { readonly conditions?: string } = {},
): Trigger => {
  const { conditions, ...rest } = parts;
  return { template: { name, log: {}, ...(conditions === undefined ? {} : { conditions }) }, ...rest };
};

/** An applied Sensor `join` in namespace `default`. */
export const aSensorResource = (spec: SensorSpec, parts: Partial<Resource> = {}): Resource => ({
  kind: "Sensor",
  namespace: "default",
  name: "join",
  generation: 1,
  revision: 1,
  appliedAt: 0,
  manifest: { apiVersion: "argoproj.io/v1alpha1", kind: "Sensor", metadata: { name: "join" }, spec },
  ...parts,
});
