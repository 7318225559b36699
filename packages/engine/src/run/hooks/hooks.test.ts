import type { LifecycleHook, Template, WorkflowSpec } from "@sluice/spec";
import { describe, expect, test } from "vitest";
import { aWorkflow, shTemplate } from "../../testing/a-workflow.ts";
import { PureRun, runToEnd, type Script } from "../../testing/run-to-end.ts";

const hook = (expression: string, more: Partial<LifecycleHook> = {}): LifecycleHook => ({
  template: "notify",
  expression,
  ...more,
});
const notify = shTemplate("notify");

const steps = (hooks: Readonly<Record<string, LifecycleHook>>, more: Partial<WorkflowSpec> = {}) =>
  aWorkflow({
    templates: [
      { name: "main", steps: [[{ name: "a", template: "work", hooks }], [{ name: "b", template: "work" }]] },
      shTemplate("work"),
      notify,
    ],
    ...more,
  });

const failing =
  (...names: readonly string[]): Script =>
  (step) => ({ exitCode: names.some((name) => step.node.name.endsWith(name)) ? 1 : 0 });

/** Names of the nodes of hooks, in the order in which they were made, with their phases. */
const fired = (ended: ReturnType<typeof runToEnd>): readonly string[] =>
  [...ended.run.nodes.values()].filter((n) => n.hooked === true).map((n) => `${n.displayName} ${n.phase}`);

describe("a hook of a step", () => {
  const both = {
    running: hook("steps.a.status == 'Running'"),
    done: hook('steps["a"].status == "Succeeded"'),
    never: hook("steps.a.status == 'Error'"),
  };

  test("on Running fires although the step's start was never stored", () => {
    const ended = runToEnd(steps(both));
    expect(fired(ended)).toEqual(["a.hooks.running Succeeded", "a.hooks.done Succeeded"]);
    expect(ended.facts.some((fact) => fact.type === "started")).toBe(false);
    expect(ended.run.phase).toBe("Succeeded");
  });

  test("fires once, when the start is stored, and is a child of its step", () => {
    const run = new PureRun(steps(both), () => ({ ms: 5_000 }));
    const [first] = run.started;
    run.fact({ type: "started", at: run.now + 10, step: first?.id ?? "" });
    expect(run.started.map((s) => s.node.name)).toEqual(["wf[0].a", "wf[0].a.hooks.running"]);
    run.fact({ type: "started", at: run.now + 20, step: first?.id ?? "" });
    const ended = run.toEnd();
    expect(fired(ended)).toEqual(["a.hooks.running Succeeded", "a.hooks.done Succeeded"]);
    expect(ended.node("a").children).toEqual(
      expect.arrayContaining(["a.hooks.running", "a.hooks.done"].map((name) => ended.node(name).id)),
    );
  });

  test("holds the next group back until it has ended", () => {
    const ended = runToEnd(steps(both), (step) => ({ ms: step.node.name.includes("hooks") ? 9_000 : 10 }));
    const last = Math.max(
      ...[ended.node("a.hooks.running"), ended.node("a.hooks.done")].map((n) => n.finishedAt ?? 0),
    );
    expect(ended.node("b").startedAt).toBe(last);
  });

  test("that fails changes nothing else", () => {
    const ended = runToEnd(steps(both), failing("hooks.running", "hooks.done"));
    expect(fired(ended)).toEqual(["a.hooks.running Failed", "a.hooks.done Failed"]);
    expect(ended.run.phase).toBe("Succeeded");
  });

  test("sees the failure, and the step stays failed", () => {
    const ended = runToEnd(steps({ failed: hook("steps.a.status == 'Failed'") }), failing("[0].a"));
    expect(fired(ended)).toEqual(["a.hooks.failed Succeeded"]);
    expect(ended.run.phase).toBe("Failed");
  });

  test("has the step's outputs in its arguments once there are some", () => {
    const notifyWith: Template = {
      ...shTemplate("notify"),
      inputs: { parameters: [{ name: "text" }] },
    };
    const args = { parameters: [{ name: "text", value: "{{steps.a.outputs.result}}" }] };
    const workflow = aWorkflow({
      templates: [
        {
          name: "main",
          steps: [
            [
              {
                name: "a",
                template: "work",
                hooks: { done: hook("steps.a.status == 'Succeeded'", { arguments: args }) },
              },
            ],
          ],
        },
        shTemplate("work"),
        notifyWith,
      ],
    });
    const ended = runToEnd(workflow, () => ({ result: "hello" }));
    expect(ended.node("a.hooks.done").inputs).toEqual([{ name: "text", value: "hello" }]);
  });

  test("whose arguments cannot be made is an error node, and the run goes on", () => {
    const args = { parameters: [{ name: "text", value: "{{steps.a.outputs.parameters.none}}" }] };
    const ended = runToEnd(steps({ done: hook("steps.a.status == 'Succeeded'", { arguments: args }) }));
    expect(ended.node("a.hooks.done")).toMatchObject({
      phase: "Error",
      message: expect.stringContaining("steps.a.outputs.parameters.none"),
      inputs: args.parameters,
    });
    expect(ended.run.phase).toBe("Succeeded");
  });

  test("whose expression is no truth value is an error node when the step is over", () => {
    const ended = runToEnd(steps({ odd: hook("steps.a.status") }));
    expect(ended.node("a.hooks.odd")).toMatchObject({
      phase: "Error",
      message: expect.stringContaining("Expected boolean evaluation for 'steps.a.status'"),
    });
    expect(ended.run.phase).toBe("Succeeded");
  });

  test("does not fire after a stop; its exit handler still runs", () => {
    const hooks = { failed: hook("steps.a.status == 'Failed'"), exit: { template: "notify" } };
    const run = new PureRun(
      steps(hooks),
      (step) => ({ ms: 1_000, forever: step.node.name.endsWith(".a") ? true : undefined }) as never,
    );
    run.fact({ type: "stop", at: run.now + 1, by: "me", strategy: "Stop" });
    const ended = run.toEnd();
    expect(fired(ended)).toEqual(["a.onExit Succeeded"]);
    expect(ended.run).toMatchObject({ phase: "Failed", message: "Stopped with strategy 'Stop'" });
  });

  test("sees an attempt's end only as that of the whole retry", () => {
    const hooks = { failed: hook("steps.a.status == 'Failed'"), ok: hook("steps.a.status == 'Succeeded'") };
    const workflow = steps(hooks, {
      templates: [
        { name: "main", steps: [[{ name: "a", template: "work", hooks }]] },
        shTemplate("work", { retryStrategy: { limit: 2 } }),
        notify,
      ],
    });
    const ended = runToEnd(workflow, failing("a(0)"));
    expect(fired(ended)).toEqual(["a.hooks.ok Succeeded"]);
  });
});

test("a hook of a workflow that begins suspended runs before there is any other node, and holds nothing up", () => {
  const run = new PureRun(
    aWorkflow({
      suspend: true,
      entrypoint: "work",
      hooks: { running: hook("workflow.status == 'Running'") },
      templates: [shTemplate("work"), notify],
    }),
  );
  run.fact({ type: "resume", at: run.now + 1, by: "ann" });
  const ended = run.toEnd();
  expect(fired(ended)).toEqual(["wf.hooks.running Succeeded"]);
  expect(ended.run.phase).toBe("Succeeded");
});

describe("hooks that read their siblings", () => {
  const pair = (hooks: Readonly<Record<string, LifecycleHook>>) =>
    aWorkflow({
      templates: [
        {
          name: "main",
          steps: [
            [
              { name: "a", template: "work", hooks },
              { name: "b", template: "work" },
            ],
            [{ name: "c", template: "work" }],
          ],
        },
        shTemplate("work"),
        notify,
      ],
    });

  test("fire after their own step has ended, and the group waits for them", () => {
    const ended = runToEnd(pair({ other: hook("steps.b.status == 'Succeeded'") }), (step) => ({
      ms: step.node.name.endsWith(".a") ? 10 : 2_000,
    }));
    expect(fired(ended)).toEqual(["a.hooks.other Succeeded"]);
    expect(ended.node("c").startedAt).toBe(ended.node("a.hooks.other").finishedAt);
  });

  test("that name a later group never fire, and are no error", () => {
    const ended = runToEnd(pair({ other: hook("steps.c.status == 'Succeeded'") }));
    expect(fired(ended)).toEqual([]);
    expect(ended.run.phase).toBe("Succeeded");
  });

  test("see every child where they take the whole map", () => {
    const ended = runToEnd(pair({ all: hook("all(values(steps), {#.status == 'Succeeded'})") }), (step) => ({
      ms: step.node.name.endsWith(".b") ? 3_000 : 10,
    }));
    expect(fired(ended)).toEqual(["a.hooks.all Succeeded"]);
  });
});

describe("hooks of a dag", () => {
  const dag = (hooks: Readonly<Record<string, LifecycleHook>>, items?: readonly string[]) =>
    aWorkflow({
      templates: [
        {
          name: "main",
          dag: {
            tasks: [
              {
                name: "a",
                template: "work",
                hooks,
                ...(items === undefined ? {} : { withItems: [...items] }),
              },
              { name: "b", template: "work", depends: "a" },
            ],
          },
        },
        shTemplate("work"),
        notify,
      ],
    });

  test("hold dependants back", () => {
    const ended = runToEnd(dag({ running: hook("tasks.a.status == 'Running'") }), (step) => ({
      ms: step.node.name.includes("hooks") ? 9_000 : 10,
    }));
    expect(ended.node("b").startedAt).toBe(ended.node("a.hooks.running").finishedAt);
    expect(ended.run.phase).toBe("Succeeded");
  });

  test("of a loop are those of the whole loop, and its exit handler also that of each item", () => {
    const hooks = {
      running: hook("tasks.a.status == 'Running'"),
      done: hook("tasks.a.status == 'Succeeded'"),
      exit: { template: "notify" },
    };
    const ended = runToEnd(dag(hooks, ["x", "y"]));
    expect(fired(ended)).toEqual([
      "a.hooks.running Succeeded",
      "a(0:x).onExit Succeeded",
      "a(1:y).onExit Succeeded",
      "a.onExit Succeeded",
      "a.hooks.done Succeeded",
    ]);
    expect(ended.run.phase).toBe("Succeeded");
    expect(ended.node("b").startedAt).toBe(ended.node("a.hooks.done").finishedAt);
  });
});

test("the exit handler of an item of a dag's loop sees the item, that of the loop sees the loop", () => {
  const said = { ...shTemplate("say"), inputs: { parameters: [{ name: "of" }] } };
  const value = "{{tasks.a.status}}";
  const exit = { template: "say", arguments: { parameters: [{ name: "of", value }] } };
  const task = { name: "a", template: "work", withItems: ["x", "y"], hooks: { exit } };
  const templates = [{ name: "main", dag: { tasks: [task] } }, shTemplate("work"), said];
  const ended = runToEnd(aWorkflow({ templates }), failing("a(1:y)"));
  const told = (name: string) => ended.node(name).inputs?.[0]?.value;
  expect(["a(0:x).onExit", "a(1:y).onExit", "a.onExit"].map(told)).toEqual(["Succeeded", "Failed", "Failed"]);
});

test("each item of a step's loop has its own hooks, which see it under the step's name", () => {
  const notifyWith: Template = { ...shTemplate("notify"), inputs: { parameters: [{ name: "item" }] } };
  const hooks = {
    bad: hook("steps.a.status == 'Failed'", {
      arguments: { parameters: [{ name: "item", value: "{{item}}: {{steps.a.exitCode}}" }] },
    }),
  };
  const workflow = aWorkflow({
    templates: [
      {
        name: "main",
        steps: [
          [{ name: "a", template: "work", hooks, withItems: ["x", "y"], continueOn: { failed: true } }],
        ],
      },
      shTemplate("work"),
      notifyWith,
    ],
  });
  const ended = runToEnd(workflow, failing("a(1:y)"));
  expect(fired(ended)).toEqual(["a(1:y).hooks.bad Succeeded"]);
  expect(ended.node("a(1:y).hooks.bad").inputs).toEqual([{ name: "item", value: "y: 1" }]);
  expect(ended.run.phase).toBe("Succeeded");
});

test("a template that fails fast still runs and awaits the hooks that wait for room", () => {
  const workflow = aWorkflow({
    templates: [
      {
        name: "main",
        parallelism: 1,
        failFast: true,
        steps: [
          [
            { name: "a", template: "work", hooks: { exit: { template: "notify" } } },
            { name: "b", template: "work" },
          ],
        ],
      },
      shTemplate("work"),
      notify,
    ],
  });
  const ended = runToEnd(workflow, failing(".a"));
  expect(fired(ended)).toEqual(["a.onExit Succeeded"]);
  expect(ended.run.phase).toBe("Failed");
  expect([...ended.run.nodes.values()].every((n) => n.finishedAt !== undefined)).toBe(true);
});

describe("hooks of a workflow", () => {
  const withHooks = (hooks: Readonly<Record<string, LifecycleHook>>) =>
    aWorkflow({ hooks, templates: [shTemplate("main"), notify] });

  test("fire on its phases, and it waits for them", () => {
    const hooks = {
      running: hook("workflow.status == 'Running'"),
      good: hook("workflow.status == 'Succeeded'"),
      bad: hook("workflow.status == 'Failed'"),
      exit: { template: "notify" },
    };
    const ended = runToEnd(withHooks(hooks), (step) => ({
      ms: step.node.name.includes("running") ? 60_000 : 10,
    }));
    expect(fired(ended)).toEqual([
      "wf.hooks.running Succeeded",
      "wf.onExit Succeeded",
      "wf.hooks.good Succeeded",
    ]);
    expect(ended.run.phase).toBe("Succeeded");
    expect(ended.run.finishedAt).toBe(ended.node("wf.hooks.running").finishedAt);
  });

  test("see an exported output as soon as it is there", () => {
    const outputs = { parameters: [{ name: "p", globalName: "g", valueFrom: { path: "/p" } }] };
    const workflow = aWorkflow({
      hooks: { made: hook("workflow.outputs.parameters.g == 'yes'") },
      templates: [
        { name: "main", steps: [[{ name: "a", template: "work" }], [{ name: "b", template: "notify" }]] },
        shTemplate("work", { outputs }),
        notify,
      ],
    });
    const ended = runToEnd(workflow, () => ({ outputs: { p: "yes" } }));
    expect(ended.node("wf.hooks.made").startedAt).toBe(ended.node("a").finishedAt);
  });

  test("that fail do not fail it, as its exit handler does", () => {
    const hooks = { running: hook("workflow.status == 'Running'") };
    expect(runToEnd(withHooks(hooks), failing("running")).run.phase).toBe("Succeeded");
    const exit = runToEnd(withHooks({ exit: { template: "notify" } }), failing("onExit"));
    expect(exit.run).toMatchObject({ phase: "Failed", message: "main: Error (exit code 1)" });
  });

  test("an exit handler with an expression runs only when it holds", () => {
    const hooks = { exit: hook("workflow.status != 'Succeeded'") };
    expect(fired(runToEnd(withHooks(hooks)))).toEqual([]);
    expect(fired(runToEnd(withHooks(hooks), failing("wf")))).toEqual(["wf.onExit Succeeded"]);
  });

  test("on its failure run after a stop, and not after a terminate", () => {
    const after = (strategy: "Stop" | "Terminate") => {
      const run = new PureRun(withHooks({ bad: hook("workflow.status == 'Failed'") }), (step) =>
        step.node.name === "wf" ? { forever: true } : {},
      );
      run.fact({ type: "stop", at: run.now + 1, by: "me", strategy });
      return fired(run.toEnd());
    };
    expect(after("Stop")).toEqual(["wf.hooks.bad Succeeded"]);
    expect(after("Terminate")).toEqual([]);
  });
});
