/** One label, in the order of the manifest. */
export type MetricLabel = readonly [name: string, value: string];

interface Common {
  /** Without the prefix `argo_workflows_`. */
  readonly name: string;
  readonly help: string;
  readonly labels: readonly MetricLabel[];
  readonly value: number;
}

/** What a workflow's metric says once: plain data. `problem`: it could not be made, and why. */
export type MetricEmission =
  | (Common & { readonly kind: "counter" })
  | (Common & { readonly kind: "gauge"; readonly operation: "Set" | "Add" | "Sub" })
  | (Common & { readonly kind: "histogram"; readonly buckets: readonly number[] })
  | { readonly kind: "problem"; readonly name: string; readonly reason: string };
