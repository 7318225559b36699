import type { Expectation } from "../expectation.ts";

/** What ends, waits and holds: retries, timeouts, suspensions, parallelism, locks. */
export const control: Readonly<Record<string, Expectation>> = {
  "continue-on-fail.yaml": { nodes: ["C Pod Failed", "D Pod Succeeded"], atOnce: 1 },
  "dag-continue-on-fail.yaml": {
    nodes: [
      "B Pod Failed",
      "E Pod Failed",
      "D Pod Succeeded",
      "G Skipped Omitted omitted: depends condition not met",
    ],
  },
  "dag-disable-failFast.yaml": {
    nodes: [
      "C Retry Failed No more retries left",
      "C(3) Pod Failed",
      "B Retry Succeeded",
      "D Pod Succeeded",
      "E Pod Succeeded",
    ],
  },
  "dag-task-level-timeout.yaml": {
    nodes: ["A Pod Succeeded", "C Pod Succeeded", "B Pod Failed Step exceeded its deadline"],
  },
  "exit-code-output-variable.yaml": { prints: { "*": "Exit code was: 123" } },
  "forever.yaml": { terminate: true },
  "intermediate-parameters.yaml": {
    resume: { approve: "YES" },
    nodes: ["deploy-prod Pod Succeeded"],
  },
  "parallelism-limit.yaml": { atOnce: 2, leastSeconds: 50, withinSeconds: 150, count: { Pod: 10 } },
  "parallelism-template-limit.yaml": { atOnce: 2, leastSeconds: 50, withinSeconds: 150, count: { Pod: 10 } },
  "parallelism-nested.yaml": { atOnce: 4, leastSeconds: 40, withinSeconds: 180 },
  "parallelism-nested-dag.yaml": { withinSeconds: 240 },
  "parallelism-nested-workflow.yaml": { atOnce: 2, leastSeconds: 120, withinSeconds: 300 },
  "retry-backoff.yaml": { withinSeconds: 120 },
  "retry-container.yaml": { count: { Retry: 1 } },
  "retry-script.yaml": { count: { Retry: 1 } },
  "retry-with-steps.yaml": { count: { Retry: 3 } },
  "retry-conditional.yaml": {
    message: /child|retryStrategy\.expression evaluated to false|No more retries left/,
    withinSeconds: 120,
  },
  "status-reference.yaml": {
    nodes: ["flakey-container Pod Failed", "failed Pod Succeeded", "succeeded Skipped Skipped"],
  },
  "step-level-timeout.yaml": { nodes: ["sleep1 Pod Failed", "sleep2 Pod Failed"] },
  "suspend-template-outputs.yaml": { resume: { message: "X" }, prints: { release: "X" } },
  "suspend-template.yaml": { resume: {}, leastSeconds: 20 },
  "synchronization-mutex-tmpl-level.yaml": {
    withinSeconds: 330,
    leastSeconds: 250,
    judge: (seen) =>
      seen.atOnce(/^synchronization-acquire-lock\(/) === 1 &&
      seen.atOnce(/^synchronization-acquire-lock1\(/) === 1
        ? undefined
        : "two held a mutex at once",
  },
  "synchronization-tmpl-level.yaml": { atOnce: 3, leastSeconds: 20 },
  "synchronization-db-tmpl-level.yaml": { atOnce: 3, leastSeconds: 20 },
  // The same mutexes as the one above, which holds them for 250 seconds.
  "synchronization-mutex-wf-level.yaml": { withinSeconds: 330 },
  "synchronization-db-mutex-tmpl-level.yaml": { withinSeconds: 330 },
  "synchronization-db-mutex-wf-level.yaml": { withinSeconds: 330 },
  "timeouts-step.yaml": {
    message: /Pod was active on the node longer than the specified deadline|Step exceeded its deadline/,
    leastSeconds: 9,
  },
};
