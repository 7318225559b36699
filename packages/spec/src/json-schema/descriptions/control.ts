import { Backoff, RetryStrategy, Synchronization } from "../../workflow/control.ts";
import { Metrics, PrometheusMetric } from "../../workflow/metrics.ts";
import type { Described } from "./rows.ts";

/** Of retries, locks and metrics. */
export const controlRows: Described = [
  [
    RetryStrategy,
    {
      limit: "Retries at most; attempts are one more. Absent: without end.",
      retryPolicy: "Ends that are tried again: OnFailure (default), OnError, OnTransientError, Always.",
      backoff: "Waits between attempts.",
      expression: "Try again only while this holds, as lastRetry.exitCode != '2'.",
      affinity: "Whether attempts keep away from hosts that failed.",
    },
  ],
  [
    Backoff,
    {
      duration: 'The first wait: "10s", or seconds.',
      factor: "Each wait is this many times the last one.",
      maxDuration: "No more attempts after this time.",
      cap: "The longest wait.",
    },
  ],
  [
    Synchronization,
    {
      mutexes: "Locks that one holds at a time, by name.",
      semaphores: "Locks that so many hold at a time as a ConfigMap's key says.",
      mutex: "One lock; write mutexes instead.",
      semaphore: "One semaphore; write semaphores instead.",
    },
  ],
  [Metrics, { prometheus: "The metrics." }],
  [
    PrometheusMetric,
    {
      name: "Letters, digits and '_'.",
      help: "What it says; required.",
      labels: "Labels; values may have tags.",
      when: "Emit it only when this holds.",
      counter: "Counts up.",
      gauge: "Goes up and down.",
      histogram: "Counts by size.",
    },
  ],
];
