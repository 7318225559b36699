import { defineErrors } from "@sluice/base";

export interface SensorIssue {
  /** Path in the manifest: `spec.triggers[0].template.conditions`. */
  readonly path: string;
  readonly message: string;
}

const first = (issues: readonly SensorIssue[]): string => {
  const rest = issues.length > 1 ? ` (and ${issues.length - 1} more)` : "";
  return `${issues[0]?.path ?? "spec"}: ${issues[0]?.message ?? "unknown"}${rest}`;
};

export const SensorError = defineErrors("SENSOR", {
  INVALID: {
    retry: "never",
    message: (d: { sensor: string; issues: readonly SensorIssue[] }) =>
      `sensor '${d.sensor}' cannot run: ${first(d.issues)}`,
    hint: "mend the manifest and apply it again; `sluice lint --offline FILE` shows every issue",
  },
  PARAMETER_UNRESOLVED: {
    retry: "never",
    message: (d: { sensor: string; trigger: string; where: string; reason: string }) =>
      `parameter ${d.where} of trigger '${d.trigger}' of sensor '${d.sensor}' has no value: ${d.reason}`,
    hint: "give the parameter a `value` as its default, or mend its key or template, then emit the event again",
  },
  STATE_TOO_LARGE: {
    retry: "never",
    message: (d: { sensor: string; trigger: string; bytes: number; maxBytes: number }) =>
      `the pending events of trigger '${d.trigger}' of sensor '${d.sensor}' take ${d.bytes} B, a join can keep ${d.maxBytes} B`,
    hint: "join smaller events: keep the payload elsewhere and send its reference",
  },
  STATE_UNREADABLE: {
    retry: "never",
    message: (d: { key: string; reason: string }) => `join state '${d.key}' cannot be read: ${d.reason}`,
    hint: "the state was written by a newer version or damaged; delete the sensor and apply it again to start anew",
  },
});
