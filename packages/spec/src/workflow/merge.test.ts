import { describe, expect, test } from "vitest";
import { mergeSpecs } from "./merge.ts";
import type { Parameter } from "./parameter.ts";
import type { WorkflowSpec } from "./workflow.ts";

const withParameters = (...parameters: Parameter[]): WorkflowSpec => ({ arguments: { parameters } });
const fromMap = { configMapKeyRef: { name: "settings", key: "size" } };

describe("an argument that workflow and template both have", () => {
  test.each([
    [{ value: "own" }, { valueFrom: fromMap }],
    [{ valueFrom: fromMap }, { value: "theirs" }],
    [{ default: "own" }, { value: "theirs", default: "theirs too" }],
  ])("is what the workflow says, however the template says it: %j over %j", (over, under) => {
    const merged = mergeSpecs(
      withParameters({ name: "a", ...over }),
      withParameters({ name: "a", description: "A size", enum: ["own"], ...under }),
    );
    expect(merged.arguments?.parameters).toEqual([
      { name: "a", description: "A size", enum: ["own"], ...over },
    ]);
  });

  test("keeps the template's value where the workflow only names it", () => {
    const merged = mergeSpecs(withParameters({ name: "a" }), withParameters({ name: "a", value: "theirs" }));
    expect(merged.arguments?.parameters).toEqual([{ name: "a", value: "theirs" }]);
  });

  test("as an artifact merges with a place of the same kind, and replaces another", () => {
    const under: WorkflowSpec = {
      arguments: {
        artifacts: [
          { name: "same", s3: { bucket: "b", key: "old" } },
          { name: "other", http: { url: "https://example.com" } },
        ],
      },
    };
    const over: WorkflowSpec = {
      arguments: {
        artifacts: [
          { name: "same", s3: { key: "new" } },
          { name: "other", raw: { data: "text" } },
        ],
      },
    };
    expect(mergeSpecs(over, under).arguments?.artifacts).toEqual([
      { name: "same", s3: { bucket: "b", key: "new" } },
      { name: "other", raw: { data: "text" } },
    ]);
  });
});

test("entries stand in the template's order, the workflow's own before them", () => {
  const named = (...names: string[]): WorkflowSpec => withParameters(...names.map((name) => ({ name })));
  const order = (over: string[], under: string[]) =>
    mergeSpecs(named(...over), named(...under)).arguments?.parameters?.map(({ name }) => name);
  expect(order(["own"], ["a", "b"])).toEqual(["own", "a", "b"]);
  expect(order(["b"], ["a", "b", "c"])).toEqual(["a", "b", "c"]);
  expect(order(["c", "own"], ["a", "b", "c", "d"])).toEqual(["a", "b", "c", "own", "d"]);
});

test("a hook of both is the workflow's as a whole", () => {
  const over: WorkflowSpec = { hooks: { exit: { template: "mine" } } };
  const under: WorkflowSpec = {
    hooks: {
      exit: { template: "theirs", expression: "true" },
      running: { template: "theirs", expression: "true" },
    },
  };
  expect(mergeSpecs(over, under).hooks).toEqual({
    exit: { template: "mine" },
    running: { template: "theirs", expression: "true" },
  });
});
