import type { Expectation } from "../expectation.ts";
import { input, wanted } from "./words.ts";

/** Exit handlers and lifecycle hooks. */
export const hooks: Readonly<Record<string, Expectation>> = {
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
  "life-cycle-hooks-tmpl-level.yaml": {
    nodes: ["step-1.hooks.success HTTP Succeeded", "step2.hooks.success HTTP Succeeded"],
  },
  "life-cycle-hooks-wf-level.yaml": { count: { HTTP: 2 } },
  "template-on-exit.yaml": { nodes: ["stepA.onExit Pod Succeeded", "stepB.onExit Pod Succeeded"] },
};
