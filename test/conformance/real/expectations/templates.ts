import type { Expectation } from "../expectation.ts";
import { hello, wanted } from "./words.ts";

/** A daemon that others reached, and that ended with its template, after them. */
const served = (daemon: string, ...users: readonly string[]): Expectation => ({
  nodes: [`${daemon} `, ...users.map((user) => `${user} Pod Succeeded`)],
  judge: (seen) => {
    const node = seen.node(daemon);
    if (node?.phase !== "Succeeded") return `${daemon} is ${node?.phase ?? "not there"}`;
    const early = users.find((user) => !seen.isOverBefore(user, daemon));
    return early === undefined ? undefined : `${daemon} ended before ${early}`;
  },
});

/** Bodies of templates: daemons, container sets, scripts, requests; and templates that others refer to. */
export const templates: Readonly<Record<string, Expectation>> = {
  "daemon-nginx.yaml": {
    ...served("nginx-server", "nginx-client"),
    prints: { "nginx-client": /Welcome to nginx/ },
  },
  "daemon-step.yaml": {
    ...served("influx", "consumer"),
    prints: { consumer: /cpu,host=server03,region=useast load=15.4/ },
  },
  "dag-daemon-task.yaml": {
    ...served("influx", "consumer"),
    prints: { consumer: /cpu,host=server03,region=useast load=15.4/ },
  },
  "dag-daemon-retry-strategy.yaml": {
    ...served("server", "client(0:0)", "client(5:5)"),
    prints: { "client(5:5)": /Welcome to nginx/ },
  },
  "steps-daemon-retry-strategy.yaml": {
    ...served("server", "client(0:0)", "client(9:9)"),
    prints: { "client(9:9)": /Welcome to nginx/ },
  },
  "variables-showcase.yaml": {
    ...served("svc", "gather"),
    prints: {
      consume: /^fanout\.echoed-param {2}= \[alpha=1,beta=2\]$/,
      report: /^workflow\.status {18}= Succeeded$/,
    },
  },
  "cluster-workflow-template/cluster-wftmpl-dag.yaml": { prints: { "*": "A" } },
  "cluster-workflow-template/workflow-template-ref-with-entrypoint-arg-passing.yaml": hello,
  "workflow-template/workflow-template-ref-with-entrypoint-arg-passing.yaml": hello,
  "workflow-template/hello-world.yaml": hello,
  "workflow-template/dag.yaml": { nodes: ["inner-A Pod Succeeded", "inner-D Pod Succeeded"] },
  "workflow-template/steps.yaml": {
    nodes: ["inner-hello1 Pod Succeeded", "inner-hello2a Pod Succeeded", "inner-hello2b Pod Succeeded"],
  },
  "colored-logs.yaml": { withinSeconds: 420 },
  "container-set-template/graph-workflow.yaml": {
    nodes: [
      "a Container Succeeded",
      "b Container Succeeded",
      "c Container Succeeded",
      "d Container Succeeded",
    ],
    count: { Pod: 1 },
  },
  "container-set-template/outputs-result-workflow.yaml": {
    judge: (seen) => wanted("a's result", seen.node("a")?.outputs?.result, "hi"),
  },
  "container-set-template/parallel-workflow.yaml": {
    nodes: ["a Container Succeeded", "b Container Succeeded"],
  },
  "cron-backfill.yaml#3": {
    prints: { "*": "run for 2020-05-19" },
    atOnce: 1,
    nodes: ["create-job(2:2020-05-21) Pod Succeeded"],
  },
  "hello-world.yaml": { ...hello, count: { Pod: 1 } },
  "http-hello-world.yaml": { nodes: ["good HTTP Succeeded", "bad HTTP Failed"] },
  "memoize-simple.yaml": {
    judge: (seen) => wanted("hello", seen.root?.outputs?.parameters?.[0]?.value, "world"),
    again: {
      judge: (seen) =>
        seen.root?.memoizationStatus?.hit === true
          ? wanted("hello", seen.root.outputs?.parameters?.[0]?.value, "world")
          : "the second run did not find what the first had stored",
    },
  },
  "pod-gc-strategy-with-label-selector.yaml": { phases: ["Failed"], nodes: ["fail Pod Failed"] },
  "scripts-bash.yaml": { prints: { print: /^result was: \d+$/ } },
  "scripts-javascript.yaml": { prints: { print: /^result was: [\d.]+$/ } },
  "scripts-python.yaml": { prints: { print: /^result was: \d+$/ } },
};
