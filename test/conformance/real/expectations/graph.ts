import type { Expectation } from "../expectation.ts";
import { either } from "./words.ts";

const diamond: Expectation = {
  judge: (seen) =>
    seen.isBefore("A", "B") && seen.isBefore("A", "C") && seen.isBefore("B", "D") && seen.isBefore("C", "D")
      ? undefined
      : "not in the order A, then B and C, then D",
};

/** Steps, dags, loops and conditions. */
export const graph: Readonly<Record<string, Expectation>> = {
  "coinflip-recursive.yaml": { prints: { heads: "it was heads" } },
  "coinflip.yaml": { judge: (seen) => either(seen, "heads", "tails") },
  "conditionals.yaml": {
    nodes: [
      "print-hello-govaluate Pod Succeeded",
      "print-hello-expr Pod Succeeded",
      "print-hello-expr-json Pod Succeeded",
    ],
  },
  "dag-coinflip.yaml": { count: { DAG: 1 } },
  "dag-diamond-steps.yaml": { count: { Pod: 12 }, prints: { "*": "D3" } },
  "dag-diamond.yaml": diamond,
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
  "fibonacci-seq-conditional-param.yaml": { prints: { printresult: "5" } },
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
  "recursive-for-loop.yaml": {
    judge: (seen) => {
      const count = seen.nodes.filter((n) => n.displayName === "iterate-counter").length;
      return count === 10 ? undefined : `iterate-counter ran ${count} times, not 10`;
    },
  },
  "steps.yaml": {
    count: { StepGroup: 2, Pod: 3 },
    judge: (seen) =>
      seen.isBefore("hello1", "hello2a") && seen.isBefore("hello1", "hello2b") ? undefined : "not in order",
  },
  "withsequence-nested-result.yaml": { withinSeconds: 120 },
};
