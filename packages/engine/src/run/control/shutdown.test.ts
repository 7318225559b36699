import type { Template } from "@sluice/spec";
import { expect, test } from "vitest";
import { aWorkflow, shTemplate, submission } from "../../testing/a-workflow.ts";
import { PureRun } from "../../testing/run-to-end.ts";
import { createRun } from "../create.ts";
import { decide, reduce } from "../reduce.ts";

const withExit = () => aWorkflow({ onExit: "bye", templates: [shTemplate("main"), shTemplate("bye")] });

test("a Terminate during the exit handler is what the run ends with", () => {
  const pure = new PureRun(withExit(), () => ({ forever: true }));
  pure.fact({ type: "stop", at: pure.now + 5, by: "ann", strategy: "Stop", message: "enough" });
  const [main = ""] = pure.run.steps.keys();
  pure.fact({ type: "finished", at: pure.now, startedAt: pure.now, step: main, exitCode: 143 });
  expect(pure.run.stage).toBe("exit");
  pure.fact({ type: "stop", at: pure.now + 5, by: "ann", strategy: "Terminate" });
  const [exit = ""] = pure.run.steps.keys();
  pure.fact({ type: "finished", at: pure.now, startedAt: pure.now, step: exit, exitCode: 143 });
  expect(pure.run).toMatchObject({ phase: "Failed", message: "Stopped with strategy 'Terminate'" });
});

test("a Terminate tells steps to end as a Stop does, the deletion of the run ends them", () => {
  const told = (fact: { type: "stop"; strategy: "Stop" | "Terminate" } | { type: "delete" }) => {
    const run = createRun(submission(withExit()));
    reduce(run, { type: "engine", v: 1, at: run.now, engine: "e1" });
    decide(run);
    reduce(run, { ...fact, at: run.now, by: "ann" });
    return decide(run).stop.map(({ how }) => how);
  };
  expect(told({ type: "stop", strategy: "Stop" })).toEqual(["term"]);
  expect(told({ type: "stop", strategy: "Terminate" })).toEqual(["term"]);
  expect(told({ type: "delete" })).toEqual(["kill"]);
});

test("what waits and what is asked by HTTP is said to be stopped, what would have a pod to be refused", () => {
  const templates: Template[] = [
    {
      name: "main",
      dag: {
        tasks: [
          { name: "a", template: "sh" },
          { name: "pod", template: "sh", depends: "a.Failed" },
          { name: "ask", template: "ask", depends: "a.Failed" },
          { name: "wait", template: "wait", depends: "a.Failed" },
        ],
      },
    },
    shTemplate("sh"),
    { name: "ask", http: { url: "http://nowhere.invalid" } },
    { name: "wait", suspend: {} },
  ];
  const pure = new PureRun(aWorkflow({ templates }), () => ({ forever: true }));
  pure.fact({ type: "stop", at: pure.now + 5, by: "ann", strategy: "Stop" });
  expect(pure.toEnd().tree().slice(2).sort()).toEqual([
    "ask HTTP Failed Stopped with strategy 'Stop'",
    "pod Pod Failed workflow shutdown with strategy: Stop",
    "wait Suspend Failed Stopped with strategy 'Stop'",
  ]);
});
