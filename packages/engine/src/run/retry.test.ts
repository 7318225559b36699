import type { RetryStrategy, Template } from "@sluice/spec";
import { describe, expect, test } from "vitest";
import { aWorkflow, shTemplate } from "../testing/a-workflow.ts";
import { PureRun, runToEnd, type ScriptedEnd } from "../testing/run-to-end.ts";

const retried = (retryStrategy: RetryStrategy, more: Partial<Template> = {}) =>
  aWorkflow({ templates: [shTemplate("main", { retryStrategy, ...more })] });

describe("the time of a retry strategy", () => {
  test.each([
    ["7s", "Backoff for 7 seconds"],
    ["4m30s", "Backoff for 4 minutes 30 seconds"],
    ["2h", "Backoff for 2 hours 0 minutes 0 seconds"],
    ["50h", "Backoff for 2 days 2 hours 0 minutes 0 seconds"],
  ])("a wait of %s is told in words, until it is over", (duration, message) => {
    const pure = new PureRun(retried({ limit: 1, backoff: { duration } }), () => ({ exitCode: 1 }));
    pure.next();
    expect(pure.run.nodes.get("wf")?.message).toBe(message);
    pure.next();
    expect(pure.run.nodes.get("wf")?.message).toBeUndefined();
  });

  test("is the reason when it is over, even when no retry was left or none was due", () => {
    const late = { exitCode: 1, ms: 90_000 };
    const backoff = { duration: "1s", maxDuration: "1m" };
    for (const strategy of [{ limit: 0 }, { retryPolicy: "OnError" as const }])
      expect(runToEnd(retried({ ...strategy, backoff }), () => late).run.message).toBe(
        "Max duration limit exceeded",
      );
  });

  test("ends a later attempt that runs past maxDuration, counted from the first one's start", () => {
    const ended = runToEnd(
      retried({ limit: 5, backoff: { duration: "10", maxDuration: "1m" } }),
      (step): ScriptedEnd => (step.node.attempt === 0 ? { exitCode: 1, ms: 5_000 } : { forever: true }),
    );
    expect(ended.tree()).toEqual([
      "wf Retry Failed Max duration limit exceeded",
      "wf(0) Pod Failed main: Error (exit code 1)",
      "wf(1) Pod Failed Step exceeded its deadline",
    ]);
    expect(ended.node("wf(1)").finishedAt).toBe(ended.node("wf").startedAt + 60_000);
  });

  test("leaves the first attempt its own time", () => {
    const slow = retried({ limit: 1, backoff: { duration: "1", maxDuration: "10" } });
    expect(runToEnd(slow, () => ({ ms: 60_000 })).run.phase).toBe("Succeeded");
  });
});

test("siblings read where and when a retried step ran of its last attempt", () => {
  const value = "{{steps.a.id}} {{steps.a.hostNodeName}} {{steps.a.exitCode}} {{steps.a.startedAt}}";
  const main: Template = {
    name: "main",
    steps: [
      [{ name: "a", template: "flaky" }],
      [{ name: "b", template: "take", arguments: { parameters: [{ name: "v", value }] } }],
    ],
  };
  const take = shTemplate("take", { inputs: { parameters: [{ name: "v" }] } });
  const pure = new PureRun(
    aWorkflow({ templates: [main, shTemplate("flaky", { retryStrategy: { limit: 2 } }), take] }),
    () => ({ forever: true }),
  );
  const [first] = pure.run.steps.keys();
  pure.fact({ type: "started", at: pure.now + 1_000, step: first ?? "", host: "one" });
  pure.fact({ type: "finished", at: pure.now + 1_000, startedAt: pure.now, step: first ?? "", exitCode: 1 });
  const [second] = pure.run.steps.keys();
  pure.fact({ type: "started", at: pure.now + 1_000, step: second ?? "", host: "two" });
  pure.fact({ type: "finished", at: pure.now + 1_000, startedAt: pure.now, step: second ?? "", exitCode: 0 });

  const nodes = [...pure.run.nodes.values()];
  const last = nodes.find((node) => node.displayName === "a(1)");
  const given = nodes.find((node) => node.displayName === "b")?.inputs?.[0]?.value;
  expect(given).toBe(`${last?.id} two 0 2023-11-14T22:13:22Z`);
});

describe("nodeAntiAffinity", () => {
  const elsewhere = (hosts: readonly string[]) => ({
    key: "kubernetes.io/hostname",
    operator: "NotIn",
    values: hosts,
  });
  test("keeps each attempt from the hosts of those before, beside the affinity of its own", () => {
    const zone = { key: "zone", operator: "In", values: ["a"] };
    const strategy: RetryStrategy = {
      limit: 2,
      retryPolicy: "Always",
      affinity: { nodeAntiAffinity: {} },
    };
    const own = {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions: [zone] }] },
      },
      podAffinity: { kept: true },
    };
    for (const affinity of [undefined, own]) {
      const more = affinity === undefined ? {} : { affinity };
      const pure = new PureRun(retried(strategy, more), () => ({ forever: true }));
      for (const host of ["one", "two"]) {
        const [step] = pure.run.steps.keys();
        pure.fact({ type: "started", at: pure.now + 1, step: step ?? "", host });
        pure.fact({ type: "lost", at: pure.now + 1, step: step ?? "", reason: "gone" });
      }
      const before = affinity === undefined ? [] : [zone];
      const away = (hosts: readonly string[]) => ({
        ...(affinity === undefined ? {} : { podAffinity: { kept: true } }),
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: {
            nodeSelectorTerms: [{ matchExpressions: [...before, elsewhere(hosts)] }],
          },
        },
      });
      expect(pure.started.map((request) => request.pod["affinity"])).toEqual([
        affinity,
        away(["one"]),
        away(["two", "one"]),
      ]);
    }
  });
});

describe("a retry strategy that cannot be read when it is needed", () => {
  test.each([
    [
      { limit: 2, expression: "lastRetry.exitCode" },
      "Expected boolean evaluation for 'lastRetry.exitCode'. Got \"1\"",
    ],
    [{ limit: 2, backoff: { maxDuration: "1m" } }, "no base duration specified for retryStrategy"],
  ])(
    "%j is an error of the step and of its group, not a failure",
    (retryStrategy: RetryStrategy, message) => {
      const main: Template = { name: "main", steps: [[{ name: "a", template: "sh" }]] };
      const ended = runToEnd(aWorkflow({ templates: [main, shTemplate("sh", { retryStrategy })] }), () => ({
        exitCode: 1,
      }));
      const group = `step group deemed errored due to child wf[0].a error: ${message}`;
      expect(ended.tree()).toEqual([
        `wf Steps Failed ${group}`,
        `[0] StepGroup Error ${group}`,
        `a Retry Error ${message}`,
        "a(0) Pod Failed main: Error (exit code 1)",
      ]);
    },
  );

  test("is told by a task, and its continueOn forgives the error", () => {
    const templates: Template[] = [
      {
        name: "main",
        dag: { tasks: [{ name: "a", template: "sh", continueOn: { error: true } }] },
      },
      shTemplate("sh", { retryStrategy: { limit: 2, expression: "1" } }),
    ];
    const ended = runToEnd(aWorkflow({ templates }), () => ({ exitCode: 1 }));
    expect(ended.node("wf.a")).toMatchObject({
      phase: "Error",
      message: "task 'wf.a' errored: Expected boolean evaluation for '1'. Got 1",
    });
    expect(ended.run.phase).toBe("Succeeded");
  });
});

describe("the workflow's deadline", () => {
  const late = "retry exceeded workflow deadline 2023-11-14 22:13:30 +0000 UTC";

  test("is the reason of a step that could be tried again", () => {
    const workflow = aWorkflow({
      activeDeadlineSeconds: 10,
      templates: [shTemplate("main", { retryStrategy: { limit: 5 } })],
    });
    expect(runToEnd(workflow, () => ({ forever: true })).tree()).toEqual([
      `wf Retry Failed ${late}`,
      "wf(0) Pod Failed Step exceeded its deadline",
    ]);
  });

  test("ends a back-off at once", () => {
    const retryStrategy = { limit: 5, backoff: { duration: "1h" } };
    const workflow = aWorkflow({
      activeDeadlineSeconds: 10,
      templates: [shTemplate("main", { retryStrategy })],
    });
    const { run } = runToEnd(workflow, () => ({ exitCode: 1 }));
    expect(run).toMatchObject({ phase: "Failed", message: late });
    expect((run.finishedAt ?? 0) - run.startedAt).toBe(10_000);
  });
});

describe("values in a retry's expression", () => {
  const attempts = (expression: string, x: string): number =>
    runToEnd(
      retried({ limit: 2, expression }, { inputs: { parameters: [{ name: "x", value: x }] } }),
      () => ({ exitCode: 3 }),
    ).started.length;

  test("are data, whatever is in them", () => {
    expect(attempts("'{{inputs.parameters.x}}' == 'a'", "a")).toBe(3);
    expect(attempts("'{{inputs.parameters.x}}' == 'a'", "b' == 'b' || 'a")).toBe(1);
    expect(attempts("{{=inputs.parameters.x}} == 'a'", "a")).toBe(3);
    expect(attempts("{{=inputs.parameters.x}} == 'a'", "'a' == 'a' || 'a'")).toBe(1);
  });

  test("that read as numbers are numbers", () => {
    expect(attempts("{{lastRetry.exitCode}} == 3 && {{retries}} < 1", "")).toBe(2);
  });
});
