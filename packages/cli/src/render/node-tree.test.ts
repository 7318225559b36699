import { describe, expect, test } from "vitest";
import type { NodeStatus, WorkflowObject } from "../client/workflow-object.ts";
import { paletteOf } from "./colour.ts";
import { treeOf } from "./node-tree.ts";
import { oneLine } from "./text.ts";
import { renderTree, renderWorkflow } from "./workflow.ts";

const node = (id: string, more: Partial<NodeStatus> = {}): NodeStatus => ({
  id,
  name: id,
  displayName: id.split(".").at(-1) ?? id,
  type: "Pod",
  phase: "Succeeded",
  startedAt: "2026-01-01T00:00:00Z",
  ...more,
});

const workflow = (...nodes: readonly NodeStatus[]): WorkflowObject => ({
  metadata: { name: "wf", namespace: "default" },
  spec: {},
  status: { phase: "Succeeded", nodes: Object.fromEntries(nodes.map((n) => [n.id, n])) },
});

const lines = (w: WorkflowObject): string[] => treeOf(w).map((row) => `${row.lead}${row.node.displayName}`);

describe("the tree of steps", () => {
  test("draws groups in their order, a single step on the trunk and parallel ones on a branch", () => {
    const tree = workflow(
      node("wf", { type: "Steps", children: ["wf[0]"] }),
      node("wf[0]", { type: "StepGroup", boundaryID: "wf", children: ["wf[0].flip"] }),
      node("wf[0].flip", { boundaryID: "wf", children: ["wf[1]"] }),
      node("wf[1]", { type: "StepGroup", boundaryID: "wf", children: ["wf[1].heads", "wf[1].tails"] }),
      node("wf[1].heads", { boundaryID: "wf" }),
      node("wf[1].tails", { boundaryID: "wf", type: "Skipped", phase: "Skipped" }),
    );

    expect(lines(tree)).toEqual(["wf", "├───flip", "└─┬─heads", "  └─tails"]);
  });

  test("draws the tenth group after the ninth", () => {
    const groups = Array.from({ length: 11 }, (_, i) => [
      node(`wf[${i}]`, { type: "StepGroup", boundaryID: "wf" }),
      node(`wf[${i}].s${i}`, { boundaryID: "wf" }),
    ]).flat();
    const tree = workflow(node("wf", { type: "Steps" }), ...groups);

    expect(
      lines(tree)
        .slice(1)
        .map((line) => line.slice(4)),
    ).toEqual(groups.filter((g) => g.type === "Pod").map((g) => g.displayName));
  });

  test("draws nested steps under their step", () => {
    const tree = workflow(
      node("wf", { type: "Steps" }),
      node("wf[0]", { type: "StepGroup", boundaryID: "wf" }),
      node("wf[0].inner", { type: "Steps", boundaryID: "wf" }),
      node("wf[0].inner[0]", { type: "StepGroup", boundaryID: "wf[0].inner" }),
      node("wf[0].inner[0].leaf", { boundaryID: "wf[0].inner" }),
    );

    expect(lines(tree)).toEqual(["wf", "└───inner", "    └───leaf"]);
  });
});

test("a retry's attempts are drawn under it, and what follows it is not", () => {
  const tree = workflow(
    node("wf", { type: "DAG" }),
    node("wf.a", { type: "Retry", boundaryID: "wf", children: ["wf.a(0)", "wf.a(1)", "wf.b"] }),
    node("wf.a(0)", { boundaryID: "wf", phase: "Failed" }),
    node("wf.a(1)", { boundaryID: "wf" }),
    node("wf.b", { boundaryID: "wf", startedAt: "2026-01-01T00:00:09Z" }),
  );

  expect(lines(tree)).toEqual(["wf", "├───a", "│   ├───a(0)", "│   └───a(1)", "└───b"]);
});

test("an exit handler is a tree of its own", () => {
  expect(lines(workflow(node("wf"), node("wf.onExit", { startedAt: "2026-01-01T00:00:05Z" })))).toEqual([
    "wf",
    "onExit",
  ]);
});

test("a running step that says how far it is shows it where its message would be", () => {
  const shown = (more: Partial<NodeStatus>) =>
    renderTree(workflow(node("wf", more)), { palette: paletteOf(false), now: 0 });
  expect(shown({ phase: "Running", progress: "40/100" })).toContain("40/100");
  expect(shown({ phase: "Running", progress: "0/1" })).not.toContain("0/1");
  expect(shown({ phase: "Running", progress: "40/100", message: "why" })).not.toContain("40/100");
  expect(shown({ progress: "100/100" })).not.toContain("100/100");
});

test("what runs shows how long it may take, and what is over does not", () => {
  const now = Date.parse("2026-01-01T00:00:12Z");
  const shown = (phase: string) => {
    const { status, ...rest } = workflow(node("wf", { phase, estimatedDuration: 40 }));
    const whole = { ...rest, status: { ...status, phase, estimatedDuration: 42 } };
    return renderWorkflow(whole, { palette: paletteOf(false), now });
  };
  expect(shown("Running")).toMatch(/EstimatedDuration: {3}42s\n/);
  expect(shown("Running")).toContain("12s of ~40s");
  expect(shown("Succeeded")).not.toMatch(/EstimatedDuration|of ~/);
});

test("text from outside cannot move the cursor or add lines", () => {
  expect(oneLine("a\u001b[2Jb\nc\u0007", 100)).toBe("a·[2Jb⏎c·");
  const tree = workflow(node("wf", { message: "\u001b]0;title\u0007" }));
  expect(renderTree(tree, { palette: paletteOf(false), now: 0 })).not.toContain("\u001b");
});

test("a name made from an item, and a workflow's message, cannot steer the terminal either", () => {
  const named = workflow(node("wf", { displayName: "say(0:\u001b[2J\n✔ all is well)" }));
  const told = { ...named, status: { ...named.status, message: "\u001b]0;title\u0007\nStatus: Succeeded" } };
  const text = renderWorkflow(told, { palette: paletteOf(false), now: 0 });

  expect(text.replaceAll("\n", "")).not.toMatch(/\p{Cc}/u);
  expect(text.match(/^Status:/gm)).toHaveLength(1);
  expect(text).not.toMatch(/^✔ all is well/m);
});

test("what still runs has `null` as its end, as the API says it, and its time so far", () => {
  const running = {
    ...workflow(node("wf", { phase: "Running", finishedAt: null })),
    status: {
      phase: "Running",
      startedAt: "2026-01-01T00:00:00Z",
      finishedAt: null,
      nodes: { wf: node("wf", { phase: "Running", finishedAt: null }) },
    },
  };
  const text = renderWorkflow(running, { palette: paletteOf(false), now: Date.UTC(2026, 0, 1, 0, 1, 5) });

  expect(text).not.toMatch(/NaN|null/);
  expect(text).toMatch(/^Duration: +1m05s$/m);
  expect(text).toMatch(/● wf +1m05s/);
});
