// What each example is known by beside its phase: nodes, lines printed, outputs, order. Read from the rows of the corpus
// and from the manifests; kept apart from the runner so that a case of the same kind is one entry more.
import type { Seen } from "./seen.ts";

export interface Expectation {
  /** In place of the row's, where the row only supposes: one of its steps ends with 1, say. */
  readonly phases?: readonly string[];
  /** Lines of `displayName Type Phase message`, each of which some node must begin with. */
  readonly nodes?: readonly string[];
  /** Display names that no node may have. */
  readonly absent?: readonly string[];
  /** By display name (or `*`): a line that it must have printed, whole. */
  readonly prints?: Readonly<Record<string, string | RegExp>>;
  readonly message?: RegExp;
  /** The workflow's own output parameters. */
  readonly outputs?: Readonly<Record<string, string | RegExp>>;
  readonly labels?: Readonly<Record<string, string>>;
  /** How many nodes of a type there are. */
  readonly count?: Readonly<Record<string, number>>;
  /** At most so many leaves ran at the same time, by their node's own times. */
  readonly atOnce?: number;
  readonly leastSeconds?: number;
  /** What is wrong with it, in words. */
  readonly judge?: (seen: Seen) => string | undefined;
  /** What a person does while it waits: outputs set at the suspend nodes, then resumed. */
  readonly resume?: Readonly<Record<string, string>>;
  /** Ask for the end after it was seen in its phase. */
  readonly terminate?: true;
  /** Run a second time right after, and judged so. */
  readonly again?: Omit<Expectation, "again">;
  /** Seconds after which it counts as hung. Default 90. */
  readonly withinSeconds?: number;
}

const either = (seen: Seen, a: string, b: string): string | undefined =>
  seen.phaseOf(a) === "Succeeded" && seen.phaseOf(b) === "Skipped"
    ? undefined
    : seen.phaseOf(b) === "Succeeded" && seen.phaseOf(a) === "Skipped"
      ? undefined
      : `${a} is ${seen.phaseOf(a)} and ${b} is ${seen.phaseOf(b)}: exactly one had to run`;

const input = (seen: Seen, node: string, name: string): string | undefined =>
  seen.node(node)?.inputs?.parameters?.find((p) => p.name === name)?.value;
const output = (seen: Seen, node: string, name: string): string | undefined =>
  seen.node(node)?.outputs?.parameters?.find((p) => p.name === name)?.value;
const wanted = (what: string, value: string | undefined, text: string): string | undefined =>
  value === text ? undefined : `${what} is ${JSON.stringify(value)}, not ${JSON.stringify(text)}`;
const sleepers = (count: number) => ({ Pod: count });

const aggregation: Expectation = {
  prints: { "print-nums": /"1".*"2".*"3".*"4"/, "print-evenness": /"odd".*"even".*"odd".*"even"/ },
  judge: (seen) => {
    const ran = seen.nodes.filter((n) => /^divide-by-2\(/.test(n.displayName) && n.phase === "Succeeded");
    return ran.length === 2 ? undefined : `divide-by-2 ran ${ran.length} times, not for 2 and 4 alone`;
  },
};
const hello: Expectation = { prints: { "*": "hello world" } };
const diamond: Expectation = {
  judge: (seen) =>
    seen.isBefore("A", "B") && seen.isBefore("A", "C") && seen.isBefore("B", "D") && seen.isBefore("C", "D")
      ? undefined
      : "not in the order A, then B and C, then D",
};

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

export const expectations: Readonly<Record<string, Expectation>> = {
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
  "arguments-parameters-from-configmap.yaml": hello,
  "arguments-parameters.yaml": { ...hello, count: { Pod: 1 } },
  "cluster-workflow-template/cluster-wftmpl-dag.yaml": { prints: { "*": "A" } },
  "cluster-workflow-template/workflow-template-ref-with-entrypoint-arg-passing.yaml": hello,
  "workflow-template/workflow-template-ref-with-entrypoint-arg-passing.yaml": hello,
  "workflow-template/hello-world.yaml": hello,
  "workflow-template/dag.yaml": { nodes: ["inner-A Pod Succeeded", "inner-D Pod Succeeded"] },
  "workflow-template/steps.yaml": {
    nodes: ["inner-hello1 Pod Succeeded", "inner-hello2a Pod Succeeded", "inner-hello2b Pod Succeeded"],
  },
  "coinflip-recursive.yaml": { prints: { heads: "it was heads" } },
  "coinflip.yaml": { judge: (seen) => either(seen, "heads", "tails") },
  "colored-logs.yaml": { withinSeconds: 420 },
  "conditional-parameters.yaml": {
    judge: (seen) =>
      either(seen, "heads", "tails") ??
      wanted(
        "stepresult",
        seen.root?.outputs?.parameters?.find((p) => p.name === "stepresult")?.value,
        seen.node("flip-coin")?.outputs?.result ?? "",
      ),
  },
  "dag-conditional-parameters.yaml": {
    judge: (seen) =>
      wanted(
        "stepresult",
        seen.root?.outputs?.parameters?.find((p) => p.name === "stepresult")?.value,
        seen.node("flip-coin")?.outputs?.result ?? "",
      ),
  },
  "conditionals.yaml": {
    nodes: [
      "print-hello-govaluate Pod Succeeded",
      "print-hello-expr Pod Succeeded",
      "print-hello-expr-json Pod Succeeded",
    ],
  },
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
  "continue-on-fail.yaml": { nodes: ["C Pod Failed", "D Pod Succeeded"], atOnce: 1 },
  "cron-backfill.yaml#3": {
    prints: { "*": "run for 2020-05-19" },
    atOnce: 1,
    nodes: ["create-job(2:2020-05-21) Pod Succeeded"],
  },
  "custom-metrics.yaml": { outputs: { "rand-int-value": /^\d+$/ } },
  "dag-coinflip.yaml": { count: { DAG: 1 } },
  "dag-continue-on-fail.yaml": {
    nodes: [
      "B Pod Failed",
      "E Pod Failed",
      "D Pod Succeeded",
      "G Skipped Omitted omitted: depends condition not met",
    ],
  },
  "dag-custom-metrics.yaml": {
    nodes: [
      "TEST-ONE(0:command:ONE-A,tag:TEST-ONE-A) Pod Succeeded",
      "TEST-TWO(1:command:TWO-B,tag:TEST-TWO-B) Pod Succeeded",
    ],
  },
  "dag-diamond-steps.yaml": { count: { Pod: 12 }, prints: { "*": "D3" } },
  "dag-diamond.yaml": diamond,
  "dag-disable-failFast.yaml": {
    nodes: [
      "C Retry Failed No more retries left",
      "C(3) Pod Failed",
      "B Retry Succeeded",
      "D Pod Succeeded",
      "E Pod Succeeded",
    ],
  },
  "dag-enhanced-depends.yaml": {
    nodes: [
      "C Pod Failed",
      "should-execute-1 Pod Succeeded",
      "should-execute-2 Pod Succeeded",
      "should-execute-3 Pod Succeeded",
      "should-not-execute Skipped Omitted",
    ],
  },
  "dag-inline-workflow.yaml": { nodes: ["a Pod Succeeded"] },
  "dag-multiroot.yaml": {
    judge: (seen) =>
      seen.isBefore("A", "C") && seen.isBefore("A", "D") && seen.isBefore("B", "D")
        ? undefined
        : "not in order",
  },
  "dag-nested.yaml": { count: { Pod: 16, DAG: 5 } },
  "dag-targets.yaml": {
    nodes: ["A Pod Succeeded", "C Pod Succeeded", "E Pod Succeeded"],
    absent: ["B", "D"],
  },
  "dag-task-level-timeout.yaml": {
    nodes: ["A Pod Succeeded", "C Pod Succeeded", "B Pod Failed Step exceeded its deadline"],
  },
  "exit-code-output-variable.yaml": { prints: { "*": "Exit code was: 123" } },
  "exit-handler-dag-level.yaml": {
    nodes: [
      "A.onExit Pod Succeeded",
      "B.onExit Pod Succeeded",
      "C.onExit Pod Succeeded",
      "D.onExit Pod Succeeded",
    ],
    judge: (seen) => (seen.isBefore("A.onExit", "B") ? undefined : "B did not wait for A's handler"),
  },
  "exit-handler-step-level.yaml": {
    count: { Pod: 6 },
    nodes: ["hello1.onExit Pod Succeeded", "hello2a.onExit Pod Succeeded", "hello2b.onExit Pod Succeeded"],
  },
  "exit-handler-with-param.yaml": {
    judge: (seen) =>
      wanted("step-1.onExit's message", input(seen, "step-1.onExit", "message"), "hello world"),
  },
  "exit-handlers.yaml": {
    nodes: ["notify Pod Succeeded", "cry Pod Succeeded", "celebrate Skipped Skipped"],
    message: /exit code 1/,
  },
  "expression-destructure-json-complex.yaml": {
    prints: { "*": '[43][43][{"age":43,"name":"Baris"}]["Baris","Mo","Jai"]' },
  },
  "expression-destructure-json.yaml": { prints: { "*": "123" } },
  "expression-reusing-verbose-snippets.yaml": {
    prints: { "*": "The week's average temperature was 35.8 with a minimum of 15 and a maximum of 57." },
  },
  "expression-tag-template-workflow.yaml": {
    nodes: ["task-0(0:3) Pod Succeeded"],
    judge: (seen) =>
      /^hello 30 @ \d{4}/.test(output(seen, "task-0(0:3)", "output") ?? "")
        ? undefined
        : `output is ${JSON.stringify(output(seen, "task-0(0:3)", "output"))}`,
  },
  "fibonacci-seq-conditional-param.yaml": { prints: { printresult: "5" } },
  "forever.yaml": { terminate: true },
  "global-parameters-from-configmap-referenced-as-local-variable.yaml": hello,
  "global-parameters-from-configmap.yaml": hello,
  "global-parameters.yaml": hello,
  "hello-world.yaml": { ...hello, count: { Pod: 1 } },
  "http-hello-world.yaml": { nodes: ["good HTTP Succeeded", "bad HTTP Failed"] },
  "intermediate-parameters.yaml": {
    resume: { approve: "YES" },
    nodes: ["deploy-prod Pod Succeeded"],
  },
  "label-value-from-workflow.yaml": { labels: { foo: "bar" } },
  "life-cycle-hooks-tmpl-level.yaml": {
    nodes: ["step-1.hooks.success HTTP Succeeded", "step2.hooks.success HTTP Succeeded"],
  },
  "life-cycle-hooks-wf-level.yaml": { count: { HTTP: 2 } },
  "loops-arbitrary-sequential-steps.yaml": {
    message: /template has failed or errored children and failFast enabled/,
    count: { Pod: 4 },
  },
  "loops-dag.yaml": {
    nodes: [
      "B TaskGroup Succeeded",
      "B(0:foo) Pod Succeeded",
      "B(1:bar) Pod Succeeded",
      "B(2:baz) Pod Succeeded",
      "C Pod Succeeded",
    ],
  },
  "loops-maps.yaml": {
    nodes: ["test-linux(0:image:debian,tag:9.1) Pod Succeeded"],
    count: { Pod: 4 },
  },
  "loops-param-argument.yaml": {
    judge: (seen) =>
      seen.nodes.some((n) => n.displayName.startsWith("os-debian-"))
        ? undefined
        : "no node is shown as os-debian-…",
  },
  "loops-param-result.yaml": {
    nodes: ["sleep(0:20) Pod Succeeded", "sleep(10:30) Pod Succeeded"],
    withinSeconds: 180,
  },
  "loops-sequence.yaml": {
    count: { Pod: 25 },
    nodes: [
      "sequence-count(4:4) Pod Succeeded",
      "sequence-start-end(5:105) Pod Succeeded",
      "sequence-format(4:testuser04) Pod Succeeded",
    ],
  },
  "loops.yaml": {
    nodes: [
      "print-message-loop(0:hello world) Pod Succeeded",
      "print-message-loop(1:goodbye world) Pod Succeeded",
    ],
  },
  "memoize-simple.yaml": {
    judge: (seen) => wanted("hello", seen.root?.outputs?.parameters?.[0]?.value, "world"),
    again: {
      judge: (seen) =>
        seen.root?.memoizationStatus?.hit === true
          ? wanted("hello", seen.root.outputs?.parameters?.[0]?.value, "world")
          : "the second run did not find what the first had stored",
    },
  },
  "output-parameter.yaml": { prints: { "*": "hello world" } },
  "parallelism-limit.yaml": { atOnce: 2, leastSeconds: 50, withinSeconds: 150, count: sleepers(10) },
  "parallelism-template-limit.yaml": { atOnce: 2, leastSeconds: 50, withinSeconds: 150, count: sleepers(10) },
  "parallelism-nested.yaml": { atOnce: 4, leastSeconds: 40, withinSeconds: 180 },
  "parallelism-nested-dag.yaml": { withinSeconds: 240 },
  "parallelism-nested-workflow.yaml": { atOnce: 2, leastSeconds: 120, withinSeconds: 300 },
  "parameter-aggregation-dag.yaml": aggregation,
  "parameter-aggregation.yaml": aggregation,
  "parameter-aggregation-script.yaml": {
    judge: (seen) => {
      const ran = seen.nodes.filter((n) => /^divide-by-2\(/.test(n.displayName) && n.phase === "Succeeded");
      return ran.length === 2 ? undefined : `divide-by-2 ran ${ran.length} times, not for 2 and 4 alone`;
    },
  },
  "pod-gc-strategy-with-label-selector.yaml": { phases: ["Failed"], nodes: ["fail Pod Failed"] },
  "recursive-for-loop.yaml": {
    judge: (seen) => {
      const count = seen.nodes.filter((n) => n.displayName === "iterate-counter").length;
      return count === 10 ? undefined : `iterate-counter ran ${count} times, not 10`;
    },
  },
  "retry-backoff.yaml": { withinSeconds: 120 },
  "retry-container.yaml": { count: { Retry: 1 } },
  "retry-script.yaml": { count: { Retry: 1 } },
  "retry-with-steps.yaml": { count: { Retry: 3 } },
  "retry-conditional.yaml": {
    message: /child|retryStrategy\.expression evaluated to false|No more retries left/,
    withinSeconds: 120,
  },
  "scripts-bash.yaml": { prints: { print: /^result was: \d+$/ } },
  "scripts-javascript.yaml": { prints: { print: /^result was: [\d.]+$/ } },
  "scripts-python.yaml": { prints: { print: /^result was: \d+$/ } },
  "skipped-output-defaults/consumer-input-default.yaml": {
    judge: (seen) => wanted("consumer's in", input(seen, "consumer", "in"), "fallback-from-input"),
  },
  "skipped-output-defaults/expression-fallback.yaml": {
    judge: (seen) =>
      wanted(
        "result",
        seen.root?.outputs?.parameters?.find((p) => p.name === "result")?.value,
        "expr-fallback",
      ),
  },
  "skipped-output-defaults/producer-output-default.yaml": {
    judge: (seen) => wanted("consumer's in", input(seen, "consumer", "in"), "hello-from-producer"),
  },
  "status-reference.yaml": {
    nodes: ["flakey-container Pod Failed", "failed Pod Succeeded", "succeeded Skipped Skipped"],
  },
  "step-level-timeout.yaml": { nodes: ["sleep1 Pod Failed", "sleep2 Pod Failed"] },
  "steps.yaml": {
    count: { StepGroup: 2, Pod: 3 },
    judge: (seen) =>
      seen.isBefore("hello1", "hello2a") && seen.isBefore("hello1", "hello2b") ? undefined : "not in order",
  },
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
  "template-on-exit.yaml": { nodes: ["stepA.onExit Pod Succeeded", "stepB.onExit Pod Succeeded"] },
  "timeouts-step.yaml": {
    message: /Pod was active on the node longer than the specified deadline|Step exceeded its deadline/,
    leastSeconds: 9,
  },
  "withsequence-nested-result.yaml": { withinSeconds: 120 },
  "artifact-passing.yaml": { prints: { "*": "hello world" } },
  "artifact-passing-subpath.yaml": {
    prints: { "list-artifact": "hello_world.txt", "consume-artifact": "hello world" },
  },
  "artifact-disable-archive.yaml": { prints: { "consume-artifact": "hello world" } },
  "exit-handler-with-artifacts.yaml": { prints: { "step-1.onExit": "Welcome" } },
  "handle-large-output-results.yaml": {
    prints: { "sequence-param(0:0)": '"a"', "sequence-param(1:1)": '"b"', "sequence-param(2:2)": '"c"' },
  },
  "input-artifact-raw.yaml": { prints: { "*": "the raw file" } },
  "key-only-artifact.yaml": { prints: { consume: "hello" } },
  "nested-workflow.yaml": { prints: { consume: "hello world" } },
  "artifact-path-placeholders.yaml": {
    judge: (seen) => wanted("actual-lines-count", seen.root?.outputs?.parameters?.[0]?.value, "3"),
  },
  "global-outputs.yaml": { outputs: { "my-global-param": "hello world" }, prints: { "*": "hello world" } },
  "map-reduce.yaml": {
    judge: (seen) =>
      seen.lines.some((line) => line.text.includes("20")) || seen.phase === "Succeeded"
        ? undefined
        : "no total of 20",
  },
};
