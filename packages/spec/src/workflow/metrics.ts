import { z } from "zod";
import { AnyString } from "../meta.ts";

/** Lint asks for it, with the words that name the metric. */
const Value = AnyString.default("");

/** A Prometheus metric of a workflow or template. Values and labels may have tags; they are rendered when it is emitted. */
export const PrometheusMetric = z.strictObject({
  /** Shown as `argo_workflows_<name>`. */
  name: z.string().optional(),
  help: z.string().optional(),
  labels: z.array(z.strictObject({ key: z.string(), value: AnyString })).optional(),
  /** Emitted only when it holds; as `when` of a step. */
  when: z.string().optional(),
  counter: z.strictObject({ value: Value }).optional(),
  gauge: z
    .strictObject({
      value: Value,
      /** Shown while the node runs; only for `{{duration}}` and `{{workflow.duration}}`. */
      realtime: z.boolean().optional(),
      operation: z.enum(["Set", "Add", "Sub"]).optional(),
    })
    .optional(),
  histogram: z
    .strictObject({ value: Value, buckets: z.array(z.union([z.number(), z.string()])).optional() })
    .optional(),
});
export type PrometheusMetric = z.infer<typeof PrometheusMetric>;

export const Metrics = z.strictObject({ prometheus: z.array(PrometheusMetric) });
export type Metrics = z.infer<typeof Metrics>;
