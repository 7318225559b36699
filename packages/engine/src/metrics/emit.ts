import type { MetricEmission } from "./emission.ts";

type Labels = Readonly<Record<string, string>>;

/** One more of something. */
export const counted = (name: string, help: string, labels: Labels, value = 1): MetricEmission => ({
  ...{ kind: "counter", name, help, value },
  labels: Object.entries(labels),
});

export const gauged = (name: string, help: string, value: number, labels: Labels = {}): MetricEmission => ({
  ...{ kind: "gauge", operation: "Set", name, help, value },
  labels: Object.entries(labels),
});

/** Seconds that something took, over bounds that fit what runs for milliseconds as for hours. */
export const timed = (
  name: string,
  help: string,
  {
    seconds,
    buckets,
    labels = {},
  }: { readonly seconds: number; readonly buckets: readonly number[]; readonly labels?: Labels },
): MetricEmission => ({
  ...{ kind: "histogram", name, help, value: seconds, buckets },
  labels: Object.entries(labels),
});
