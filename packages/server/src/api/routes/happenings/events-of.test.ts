import type { WorkflowNode, WorkflowObject } from "@sluice/engine";
import { expect, test } from "vitest";
import { happeningsOf } from "./events-of.ts";

const node = (name: string, more: object): WorkflowNode => ({
  ...{ id: name, name, displayName: name, type: "Pod", phase: "Running", startedAt: "10:00:01" },
  ...more,
});
const aRun = (status: object, nodes: readonly WorkflowNode[]) =>
  ({
    metadata: { namespace: "ci", name: "wf", uid: "u1" },
    status: {
      startedAt: "10:00:00",
      finishedAt: null,
      nodes: Object.fromEntries(nodes.map((n) => [n.id, n])),
      ...status,
    },
  }) as unknown as WorkflowObject;
const told = (workflow: WorkflowObject) =>
  happeningsOf(workflow).map(({ reason, message, type }) => `${type} ${reason}: ${message}`);

test("a run under way has begun, and so have its steps; what waits and what groups steps has not", () => {
  const nodes = [node("wf", { type: "Steps" }), node("wf[0].a", {}), node("wf[0].b", { phase: "Pending" })];
  expect(told(aRun({ phase: "Running" }, nodes))).toEqual([
    "Normal WorkflowRunning: Workflow Running",
    "Normal WorkflowNodeRunning: Running node wf[0].a",
  ]);
});

test("ends are told in their order, with the words of what failed, under names that stay", () => {
  const nodes = [
    node("b", { phase: "Failed", message: "main: Error (exit code 1)", finishedAt: "10:00:03" }),
    node("a", { phase: "Succeeded", finishedAt: "10:00:02" }),
  ];
  const run = aRun({ phase: "Failed", message: "child 'b' failed", finishedAt: "10:00:04" }, nodes);
  expect(told(run).slice(3)).toEqual([
    "Normal WorkflowNodeSucceeded: Succeeded node a",
    "Warning WorkflowNodeFailed: Failed node b: main: Error (exit code 1)",
    "Warning WorkflowFailed: child 'b' failed",
  ]);
  const names = happeningsOf(run).map(({ metadata }) => metadata.name);
  expect(new Set(names).size).toBe(6);
  expect(happeningsOf(run).map(({ metadata }) => metadata.name)).toEqual(names);
  expect(happeningsOf(run)[4]?.metadata.annotations).toMatchObject({
    "workflows.argoproj.io/node-name": "b",
  });
});

test("a run that has not begun has nothing to tell, and one that went well says so", () => {
  expect(told(aRun({ phase: "Pending", startedAt: null }, []))).toEqual([]);
  expect(told(aRun({ phase: "Succeeded", finishedAt: "10:00:04" }, [])).at(-1)).toBe(
    "Normal WorkflowSucceeded: Workflow completed",
  );
});
