import type { Expectation } from "../expectation.ts";
import { wanted } from "./words.ts";

/** Artifacts, and what is made of them. */
export const artifacts: Readonly<Record<string, Expectation>> = {
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
  "map-reduce.yaml": {
    nodes: ["map(0:0) Pod Succeeded", "map(3:3) Pod Succeeded", "reduce Pod Succeeded"],
    count: { Pod: 6 },
  },
};
