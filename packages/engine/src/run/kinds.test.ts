import type { RetryStrategy, Template } from "@sluice/spec";
import { describe, expect, test } from "vitest";
import { projectWorkflow } from "../project/workflow.ts";
import { aWorkflow, shTemplate } from "../testing/a-workflow.ts";
import { PureRun, runToEnd, type ScriptedEnd } from "../testing/run-to-end.ts";
import { waiting } from "./control/control.ts";

const retried = (retryStrategy: RetryStrategy, more: Partial<Template> = {}) =>
  aWorkflow({ templates: [shTemplate("main", { retryStrategy, ...more })] });

describe("a retry strategy", () => {
  test("runs limit + 1 attempts and ends with the last one's phase", () => {
    const ended = runToEnd(retried({ limit: 2 }), () => ({ exitCode: 3 }));
    expect(ended.tree()).toEqual([
      "wf Retry Failed No more retries left",
      "wf(0) Pod Failed main: Error (exit code 3)",
      "wf(1) Pod Failed main: Error (exit code 3)",
      "wf(2) Pod Failed main: Error (exit code 3)",
    ]);
    expect(ended.run.message).toBe("No more retries left");
    expect(ended.node("wf").children).toEqual(["wf(0)", "wf(1)", "wf(2)"].map((n) => ended.node(n).id));
  });

  test("takes the outputs of the attempt that went well, and tells each attempt about the one before", () => {
    const container = { image: "alpine", args: ["{{retries}} {{lastRetry.exitCode}} {{lastRetry.status}}"] };
    const ended = runToEnd(retried({}, { container }), (step) => ({
      exitCode: step.node.attempt === 2 ? 0 : 7,
    }));
    expect(ended.run.phase).toBe("Succeeded");
    expect(ended.node("wf").outputs?.exitCode).toBe("0");
    expect(ended.started.map((s) => (s.work.kind === "container" ? s.work.container.args : []))).toEqual([
      ["0 0 "],
      ["1 7 Failed"],
      ["2 7 Failed"],
    ]);
  });

  test("does not retry what its policy leaves out", () => {
    const lost = runToEnd(retried({ limit: 3 }), () => ({ lost: "pod deleted" }));
    expect(lost.tree()).toEqual(["wf Retry Error pod deleted", "wf(0) Pod Error pod deleted"]);
    const always = runToEnd(retried({ limit: 1, retryPolicy: "Always" }), () => ({ lost: "pod deleted" }));
    expect(always.started).toHaveLength(2);
  });

  test("stops when its expression says so", () => {
    const ended = runToEnd(retried({ limit: 9, expression: "asInt(lastRetry.exitCode) > 1" }), (step) => ({
      exitCode: step.node.attempt === 0 ? 2 : 1,
    }));
    expect(ended.started).toHaveLength(2);
    expect(ended.run.message).toBe("retryStrategy.expression evaluated to false");
  });

  test("waits longer each time, up to the cap, and not past maxDuration", () => {
    const ended = runToEnd(
      retried({ limit: 9, backoff: { duration: "2", factor: 2, cap: "5s", maxDuration: "18s" } }),
      () => ({ exitCode: 1 }),
    );
    const starts = [...ended.run.nodes.values()].slice(1).map((n) => n.startedAt);
    expect(starts.slice(1).map((at, i) => at - (starts[i] ?? 0) - 1_000)).toEqual([2_000, 4_000, 5_000]);
    expect(ended.run.message).toBe("Backoff would exceed max duration limit");
  });
});

describe("steps loops, parallelism and limits", () => {
  const loop = (more: object, workflow: object = {}) =>
    aWorkflow({
      ...workflow,
      templates: [
        { name: "main", steps: [[{ name: "x", template: "sh", withSequence: { count: 6 } }]], ...more },
        shTemplate("sh"),
      ],
    });

  test("the workflow's parallelism bounds its leaves", () => {
    const ended = runToEnd(loop({}, { parallelism: 2 }));
    expect([ended.peak, ended.started.length, ended.run.phase]).toEqual([2, 6, "Succeeded"]);
  });

  test("a template's parallelism bounds its own children", () => {
    expect(runToEnd(loop({ parallelism: 3 })).peak).toBe(3);
  });

  test("with failFast the exit handlers of what ran go on, one after the other, and then the template fails", () => {
    const ended = runToEnd(
      aWorkflow({
        templates: [
          {
            name: "main",
            parallelism: 2,
            failFast: true,
            dag: {
              tasks: [
                { name: "good", template: "sh", hooks: { exit: { template: "sh" } } },
                { name: "bad", template: "sh", hooks: { exit: { template: "sh" } } },
                { name: "never", template: "sh" },
              ],
            },
          },
          shTemplate("sh"),
        ],
      }),
      (step) => (step.node.name === "wf.bad" ? { exitCode: 1, ms: 500 } : {}),
    );

    expect(ended.run.phase).toBe("Failed");
    expect(ended.node("good.onExit").phase).toBe("Succeeded");
    expect(ended.node("bad.onExit").phase).toBe("Succeeded");
    expect(ended.tree().some((line) => line.startsWith("never "))).toBe(false);
    expect(ended.peak).toBe(2);
  });

  test("with failFast nothing is started after a failure (loops-arbitrary-sequential-steps)", () => {
    const ended = runToEnd(loop({ parallelism: 1, failFast: true }), (step) => ({
      exitCode: step.node.name.includes("3:") ? 1 : 0,
    }));
    expect(ended.started).toHaveLength(4);
    expect(ended.run).toMatchObject({
      phase: "Failed",
      message: "template has failed or errored children and failFast enabled",
    });
  });

  test("sequences count up, down, and in a format", () => {
    const names = (withSequence: object) =>
      runToEnd(
        aWorkflow({
          templates: [
            { name: "main", steps: [[{ name: "x", template: "sh", withSequence }]] },
            shTemplate("sh"),
          ],
        }),
      ).started.map((s) => s.node.name.replace("wf[0].x", ""));
    expect(names({ start: "5", end: "3" })).toEqual(["(0:5)", "(1:4)", "(2:3)"]);
    expect(names({ count: "2", format: "testuser%02d" })).toEqual(["(0:testuser00)", "(1:testuser01)"]);
  });

  test("a run that grows past its bound of nodes ends as an error, with what it has under way", () => {
    const ended = runToEnd(loop({}), () => ({}), { maxNodes: 5 });
    expect(ended.run).toMatchObject({ phase: "Error", message: "the number of nodes is more than 5" });
    expect([...ended.run.nodes.values()].every((node) => node.finishedAt !== undefined)).toBe(true);
    expect(ended.run.steps.size).toBe(0);
  });

  test("endless recursion ends at the depth bound with a clear error", () => {
    const ended = runToEnd(
      aWorkflow({ templates: [{ name: "main", steps: [[{ name: "again", template: "main" }]] }] }),
    );
    expect(ended.run.phase).toBe("Failed");
    expect([...ended.run.nodes.values()].at(-1)?.message).toContain("Maximum recursion depth exceeded");
  });
});

describe("time and exit handlers", () => {
  const withExit = (spec: object = {}) =>
    aWorkflow({
      onExit: "bye",
      ...spec,
      templates: [
        shTemplate("main"),
        shTemplate("bye", { container: { image: "a", args: ["{{workflow.status}}"] } }),
      ],
    });
  const args = (ended: ReturnType<typeof runToEnd>) =>
    ended.started.map((s) => (s.work.kind === "container" ? s.work.container.args?.[0] : ""));

  test("onExit runs after a failure, sees the status, and masks nothing", () => {
    const ended = runToEnd(withExit(), (step) => ({ exitCode: step.node.template === "main" ? 1 : 0 }));
    expect(ended.tree()).toEqual(["wf Pod Failed main: Error (exit code 1)", "wf.onExit Pod Succeeded"]);
    expect(args(ended)[1]).toBe("Failed");
    expect(ended.run.phase).toBe("Failed");
  });

  test("a failed exit handler fails a run that went well", () => {
    const ended = runToEnd(withExit(), (step) => ({ exitCode: step.node.template === "main" ? 0 : 9 }));
    expect(ended.run).toMatchObject({ phase: "Failed", message: "main: Error (exit code 9)" });
  });

  test.each(["Stop", "Terminate"] as const)("%s says why a step ended that had not begun", (strategy) => {
    const hooks = { running: { expression: "steps.a.status == 'Running'", template: "sh" } };
    const templates: Template[] = [
      {
        name: "main",
        steps: [
          [
            { name: "a", template: "sh", hooks },
            { name: "b", template: "sh" },
          ],
        ],
      },
      shTemplate("sh"),
    ];
    const pure = new PureRun(aWorkflow({ templates }), () => ({ forever: true }));
    const [a, b] = [...pure.run.steps.keys()] as [string, string];
    pure.fact({ type: "started", at: pure.now, step: b });
    pure.fact({ type: "stop", at: pure.now, by: "ann", strategy });
    const at = pure.now + 1_000;
    const end = { type: "finished", at, exitCode: 143 } as const;
    pure.fact({ ...end, step: a, startedAt: at });
    pure.fact({ ...end, step: b, startedAt: pure.now - 500 });

    const { nodes } = projectWorkflow(pure.run).status;
    const messages = Object.values(nodes).map((node) => [node.displayName, node["message"]]);
    expect(messages).toContainEqual(["a", `workflow shutdown with strategy: ${strategy}`]);
    expect(messages).toContainEqual(["b", "main: Error (exit code 143)"]);
    expect(messages.flat()).not.toContain("a.hooks.running");
  });

  test("Stop still runs the exit handler, Terminate does not", () => {
    const after = (strategy: "Stop" | "Terminate") => {
      const pure = new PureRun(withExit(), (step) =>
        step.node.template === "main" ? { forever: true } : {},
      );
      pure.fact({ type: "stop", at: pure.now + 5, by: "ann", strategy });
      return pure.toEnd();
    };
    expect(after("Stop").started).toHaveLength(2);
    expect(after("Stop").run).toMatchObject({ phase: "Failed", message: "Stopped with strategy 'Stop'" });
    expect(after("Terminate").started).toHaveLength(1);
  });

  test("the workflow's deadline ends what runs, and the exit handler still runs", () => {
    const ended = runToEnd(withExit({ activeDeadlineSeconds: 5 }), (step) =>
      step.node.template === "main" ? { forever: true } : {},
    );
    expect(ended.tree()).toEqual(["wf Pod Failed Step exceeded its deadline", "wf.onExit Pod Succeeded"]);
    expect(ended.run.phase).toBe("Failed");
  });

  test("a step's timeout counts from its node's creation", () => {
    const ended = runToEnd(aWorkflow({ templates: [shTemplate("main", { timeout: "10s" })] }), () => ({
      forever: true,
    }));
    expect(ended.run).toMatchObject({ phase: "Failed", message: "Step exceeded its deadline" });
    expect((ended.run.finishedAt ?? 0) - ended.run.startedAt).toBe(10_000);
  });

  test("a step's exit hook runs after it, sees its outputs, and the next group waits for it", () => {
    const ended = runToEnd(
      aWorkflow({
        templates: [
          {
            name: "main",
            steps: [
              [
                {
                  name: "one",
                  template: "make",
                  hooks: {
                    exit: {
                      template: "bye",
                      arguments: { parameters: [{ name: "m", value: "{{steps.one.outputs.parameters.p}}" }] },
                    },
                  },
                },
              ],
              [{ name: "two", template: "sh" }],
            ],
          },
          shTemplate("make", { outputs: { parameters: [{ name: "p", valueFrom: { path: "/p" } }] } }),
          shTemplate("bye", { inputs: { parameters: [{ name: "m" }] } }),
          shTemplate("sh"),
        ],
      }),
      () => ({ outputs: { p: "{{workflow.name}}" } }),
    );
    expect(ended.started.map((s) => s.node.name)).toEqual(["wf[0].one", "wf[0].one.onExit", "wf[1].two"]);
    // What a step wrote is data: it is not looked at for tags.
    expect(ended.node("one.onExit")).toMatchObject({
      hooked: true,
      inputs: [{ name: "m", value: "{{workflow.name}}" }],
    });
  });

  test("a suspend node with a duration resumes by itself; without its output it fails", () => {
    const of = (outputs: Template["outputs"]) =>
      runToEnd(aWorkflow({ templates: [{ name: "main", suspend: { duration: "20" }, outputs }] })).run.phase;
    expect(of(undefined)).toBe("Succeeded");
    expect(of({ parameters: [{ name: "p", valueFrom: { supplied: {}, default: "x" } }] })).toBe("Succeeded");
    expect(of({ parameters: [{ name: "p", valueFrom: { supplied: {} } }] })).toBe("Failed");
  });

  test("a suspended workflow starts nothing new until it is resumed", () => {
    const pure = new PureRun(aWorkflow({ suspend: true }));
    expect(pure.started).toHaveLength(0);
    expect(waiting(pure.run, undefined)).toHaveLength(0);
    pure.fact({ type: "resume", at: pure.now + 1, by: "ann" });
    expect(pure.toEnd().run.phase).toBe("Succeeded");
  });
});

describe("values", () => {
  test("a missing output file without a default is an Error that names it", () => {
    const of = (valueFrom: object) =>
      runToEnd(
        aWorkflow({
          templates: [shTemplate("main", { outputs: { parameters: [{ name: "p", valueFrom }] } })],
        }),
      );
    expect(of({ path: "/tmp/p", default: "d" }).node("wf").outputs?.parameters?.[0]?.value).toBe("d");
    expect(of({ path: "/tmp/p" }).run).toMatchObject({ phase: "Error" });
    expect(of({ path: "/tmp/p" }).run.message).toContain("output parameter 'p' has no file at /tmp/p");
  });

  test("an output file that could not be taken is an Error that says why, whatever the default", () => {
    const of = (end: ScriptedEnd, valueFrom: object) =>
      runToEnd(
        aWorkflow({
          templates: [shTemplate("main", { outputs: { parameters: [{ name: "p", valueFrom }] } })],
        }),
        () => end,
      ).run;
    const why = "output parameter 'p' has more than 9 B";
    expect(of({ unread: { p: why } }, { path: "/p", default: "d" })).toMatchObject({
      phase: "Error",
      message: `failed to save outputs: ${why}`,
    });
    expect(of({ unread: { p: why }, exitCode: 3 }, { path: "/p" })).toMatchObject({ phase: "Failed" });
    // An executor that says it beside the exit code.
    expect(of({ message: why }, { path: "/p" }).message).toBe(`failed to save outputs: ${why}`);
  });

  test("an unresolved reference is an error at once", () => {
    const ended = runToEnd(
      aWorkflow({
        templates: [shTemplate("main", { container: { image: "a", args: ["{{inputs.parameters.x}}"] } })],
      }),
    );
    expect(ended.run).toMatchObject({
      phase: "Error",
      message: "error in entry template execution: failed to resolve {{inputs.parameters.x}}",
    });
  });

  test("unknown tags stay as they are, and exported outputs are seen by later steps and by the status", () => {
    const ended = runToEnd(
      aWorkflow({
        templates: [
          { name: "main", steps: [[{ name: "a", template: "make" }], [{ name: "b", template: "use" }]] },
          shTemplate("make", {
            outputs: { parameters: [{ name: "p", globalName: "shared", valueFrom: { path: "/p" } }] },
          }),
          shTemplate("use", {
            container: { image: "a", args: ["{{workflow.outputs.parameters.shared}} {{custom.variable}}"] },
          }),
        ],
      }),
      () => ({ outputs: { p: "v" } }),
    );
    const last = ended.started.at(-1);
    expect(last?.work.kind === "container" && last.work.container.args).toEqual(["v {{custom.variable}}"]);
    expect([...ended.run.globals]).toEqual([["shared", "v"]]);
  });

  test("composite outputs come from a child or an expression, through nested templates", () => {
    const ended = runToEnd(
      aWorkflow({
        templates: [
          {
            name: "main",
            steps: [
              [{ name: "inner", template: "inner" }],
              [{ name: "use", template: "use", when: "{{steps.inner.outputs.parameters.sum}} == 42" }],
            ],
          },
          {
            name: "inner",
            steps: [[{ name: "make", template: "make" }]],
            outputs: {
              parameters: [
                { name: "sum", valueFrom: { expression: "asInt(steps.make.outputs.result) + 1" } },
              ],
            },
          },
          { name: "make", script: { image: "a", command: ["sh"], source: "echo 41" } },
          shTemplate("use"),
        ],
      }),
      () => ({ result: "41" }),
    );
    expect(ended.node("use").phase).toBe("Succeeded");
    expect(ended.node("inner").outputs?.parameters?.[0]?.value).toBe("42");
  });
});
