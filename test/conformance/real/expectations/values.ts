import type { Expectation } from "../expectation.ts";
import type { Seen } from "../seen.ts";
import { either, hello, input, output, rootOutput, wanted } from "./words.ts";

const halved = (seen: Seen): string | undefined => {
  const ran = seen.nodes.filter((n) => /^divide-by-2\(/.test(n.displayName) && n.phase === "Succeeded");
  return ran.length === 2 ? undefined : `divide-by-2 ran ${ran.length} times, not for 2 and 4 alone`;
};
const aggregation: Expectation = {
  prints: { "print-nums": /"1".*"2".*"3".*"4"/, "print-evenness": /"odd".*"even".*"odd".*"even"/ },
  judge: halved,
};
/** What the coin gave is what the workflow gives. */
const flipped = (seen: Seen): string | undefined =>
  wanted("stepresult", rootOutput(seen, "stepresult"), seen.node("flip-coin")?.outputs?.result ?? "");

/** Parameters, outputs, expressions, labels and metrics. */
export const values: Readonly<Record<string, Expectation>> = {
  "arguments-parameters-from-configmap.yaml": hello,
  "arguments-parameters.yaml": { ...hello, count: { Pod: 1 } },
  "conditional-parameters.yaml": {
    judge: (seen) => either(seen, "heads", "tails") ?? flipped(seen),
  },
  "dag-conditional-parameters.yaml": {
    judge: flipped,
  },
  "custom-metrics.yaml": { outputs: { "rand-int-value": /^\d+$/ } },
  "dag-custom-metrics.yaml": {
    nodes: [
      "TEST-ONE(0:command:ONE-A,tag:TEST-ONE-A) Pod Succeeded",
      "TEST-TWO(1:command:TWO-B,tag:TEST-TWO-B) Pod Succeeded",
    ],
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
  "global-parameters-from-configmap-referenced-as-local-variable.yaml": hello,
  "global-parameters-from-configmap.yaml": hello,
  "global-parameters.yaml": hello,
  "label-value-from-workflow.yaml": { labels: { foo: "bar" } },
  "output-parameter.yaml": { prints: { "*": "hello world" } },
  "parameter-aggregation-dag.yaml": aggregation,
  "parameter-aggregation.yaml": aggregation,
  "parameter-aggregation-script.yaml": {
    judge: halved,
  },
  "skipped-output-defaults/consumer-input-default.yaml": {
    judge: (seen) => wanted("consumer's in", input(seen, "consumer", "in"), "fallback-from-input"),
  },
  "skipped-output-defaults/expression-fallback.yaml": {
    judge: (seen) => wanted("result", rootOutput(seen, "result"), "expr-fallback"),
  },
  "skipped-output-defaults/producer-output-default.yaml": {
    judge: (seen) => wanted("consumer's in", input(seen, "consumer", "in"), "hello-from-producer"),
  },
  "global-outputs.yaml": { outputs: { "my-global-param": "hello world" }, prints: { "*": "hello world" } },
};
