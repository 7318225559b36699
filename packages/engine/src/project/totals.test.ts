import type { Template } from "@sluice/spec";
import { describe, expect, test } from "vitest";
import { aWorkflow, shTemplate } from "../testing/a-workflow.ts";
import { PureRun } from "../testing/run-to-end.ts";
import { projectWorkflow } from "./workflow.ts";

const statusOf = (pure: PureRun) => projectWorkflow(pure.run).status;
const nodesOf = (pure: PureRun) =>
  Object.fromEntries(Object.values(statusOf(pure).nodes).map((node) => [node.name, node]));

describe("progress and what was taken", () => {
  const inner: Template = {
    name: "inner",
    dag: {
      tasks: [
        { name: "loop", template: "flaky", withItems: ["a", "b"] },
        { name: "after", template: "plain", depends: "loop" },
      ],
    },
  };
  const main: Template = {
    name: "main",
    steps: [[{ name: "one", template: "plain" }], [{ name: "two", template: "inner" }]],
  };
  const flaky = shTemplate("flaky", { retryStrategy: { limit: 1 } });
  const templates = [main, inner, flaky, shTemplate("plain")];
  // Each container asks for nothing: 0.1 of a processor and 100 MiB, as Argo counts it.
  const pure = new PureRun(aWorkflow({ templates, onExit: "plain" }), ({ node }) => ({
    exitCode: node.name.endsWith("(0:a)(0)") ? 1 : 0,
    ms: 20_000,
  }));
  pure.toEnd();
  const nodes = nodesOf(pure);

  test.each([
    ["wf", "4/5", 10, 100],
    ["wf[0]", "1/1", 2, 20],
    ["wf[1]", "3/4", 8, 80],
    ["wf[1].two", "3/4", 8, 80],
    ["wf[1].two.loop", "2/3", 6, 60],
    ["wf[1].two.loop(0:a)", "1/2", 4, 40],
    ["wf[1].two.loop(0:a)(0)", "0/1", 2, 20],
  ])("of %s count each pod in it once", (name, progress, cpu, memory) =>
    expect(nodes[name]).toMatchObject({ progress, resourcesDuration: { cpu, memory } }),
  );

  test("of the workflow count its hooks too", () =>
    expect(statusOf(pure)).toMatchObject({ progress: "5/6", resourcesDuration: { cpu: 12, memory: 120 } }));
});

test("what waits for a person counts as work, and what was skipped as none", () => {
  const pure = new PureRun(
    aWorkflow({
      templates: [
        {
          name: "main",
          steps: [[{ name: "no", template: "plain", when: "1 == 2" }], [{ name: "ask", template: "ask" }]],
        },
        { name: "ask", suspend: {} },
        shTemplate("plain"),
      ],
    }),
  );
  expect(statusOf(pure).progress).toBe("0/1");
  expect(nodesOf(pure)["wf[0]"]).not.toHaveProperty("progress");
});

test("what took less than a second is shown as none of it, and what has not ended not at all", () => {
  const quick = new PureRun(aWorkflow(), () => ({ exitCode: 0, ms: 200 }));
  expect(statusOf(quick)).not.toHaveProperty("resourcesDuration");
  quick.toEnd();
  expect(statusOf(quick)).toMatchObject({ resourcesDuration: { cpu: 0, memory: 0 } });
});

test("the condition PodRunning is about pods that really run, and stays to the end", () => {
  const pure = new PureRun(aWorkflow(), () => ({ forever: true }));
  expect(statusOf(pure)["conditions"]).toEqual([{ type: "PodRunning", status: "False" }]);

  const [step] = pure.run.steps.keys();
  pure.fact({ type: "started", at: pure.now, step: step ?? "" });
  expect(statusOf(pure)["conditions"]).toEqual([{ type: "PodRunning", status: "True" }]);

  pure.fact({ type: "finished", at: pure.now, startedAt: pure.now, step: step ?? "", exitCode: 0 });
  expect(statusOf(pure)["conditions"]).toEqual([
    { type: "PodRunning", status: "False" },
    { type: "Completed", status: "True" },
  ]);
});

test("a run that never began is Completed and nothing else", () => {
  const pure = new PureRun(aWorkflow({ entrypoint: "gone" }));
  expect(statusOf(pure)["conditions"]).toEqual([{ type: "Completed", status: "True" }]);
});
