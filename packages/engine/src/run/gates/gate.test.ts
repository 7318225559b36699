import type { Template, WorkflowSpec } from "@sluice/spec";
import { describe, expect, test } from "vitest";
import type { Fact } from "../../facts.ts";
import { AskWorld } from "../../simulate/ask-world.ts";
import { aWorkflow, shTemplate } from "../../testing/a-workflow.ts";
import { PureRun, type Script } from "../../testing/run-to-end.ts";
import { createRun } from "../create.ts";
import { decide, reduce } from "../reduce.ts";

const lock = { mutexes: [{ name: "m" }] };
const key = "default/Mutex/m";

/** `work` is called once for each item, at once. */
const fan = (work: Partial<Template>, more: Partial<WorkflowSpec> = {}, name = "wf", items = [1, 2, 3]) =>
  aWorkflow(
    {
      templates: [
        { name: "main", steps: [[{ name: "s", template: "work", withItems: items }]] },
        shTemplate("work", work),
      ],
      ...more,
    },
    name,
  );

const replayed = (facts: readonly Fact[]) => {
  const [first, ...rest] = facts;
  if (first?.type !== "submitted") throw new Error("no run");
  const run = createRun(first);
  for (const fact of rest) reduce(run, fact);
  return run;
};

describe("steps that share a mutex", () => {
  test("run one after the other, in the order in which they asked, and give it back", () => {
    const run = new PureRun(fan({ synchronization: lock }));
    const waiting = [...run.run.nodes.values()].filter((n) => n.type === "Pod");
    expect(waiting.map((n) => [n.phase, n.message])).toEqual([
      ["Pending", undefined],
      ["Pending", "Waiting for default/Mutex/m lock."],
      ["Pending", "Waiting for default/Mutex/m lock."],
    ]);

    const ended = run.toEnd();

    expect(ended.run.phase).toBe("Succeeded");
    expect(ended.peak).toBe(1);
    expect(ended.started.map((s) => s.node.name)).toEqual(["wf[0].s(0:1)", "wf[0].s(1:2)", "wf[0].s(2:3)"]);
    expect(run.world.peak.get(key)).toBe(1);
    expect(run.world.held).toEqual([]);
  });

  test("hold it across their attempts, back-offs and all", () => {
    const attempts = new Map<string, number>();
    const script: Script = (step) => {
      const n = (attempts.get(step.node.name) ?? 0) + 1;
      attempts.set(step.node.name, n);
      return { exitCode: step.node.attempt < 2 ? 1 : 0 };
    };
    const retryStrategy = { limit: 3, backoff: { duration: "10" } };
    const run = new PureRun(fan({ synchronization: lock, retryStrategy }, {}, "wf", [1, 2]), script);

    const ended = run.toEnd();

    expect(ended.run.phase).toBe("Succeeded");
    expect(ended.started.map((s) => `${s.node.name}`)).toEqual([
      ...["wf[0].s(0:1)(0)", "wf[0].s(0:1)(1)", "wf[0].s(0:1)(2)"],
      ...["wf[0].s(1:2)(0)", "wf[0].s(1:2)(1)", "wf[0].s(1:2)(2)"],
    ]);
    expect([...ended.run.nodes.values()].filter((n) => n.type === "Retry").map((n) => n.phase)).toEqual([
      "Succeeded",
      "Succeeded",
    ]);
  });

  test("never wait for a slot that someone has who waits for the lock", () => {
    const main: Template = {
      name: "main",
      parallelism: 1,
      steps: [[{ name: "s", template: "work", withItems: [1, 2] }]],
    };
    const work = shTemplate("work", {
      synchronization: lock,
      retryStrategy: { limit: 2, backoff: { duration: "5" } },
    });
    const ended = new PureRun(aWorkflow({ templates: [main, work] }), (s) => ({
      exitCode: s.node.attempt === 0 ? 1 : 0,
    })).toEnd();

    expect(ended.run.phase).toBe("Succeeded");
    expect(ended.started).toHaveLength(4);
  });

  test("a composite template holds it until its last child ended, and its exit handler runs without", () => {
    const seen: string[] = [];
    const world = new AskWorld();
    const workflow = aWorkflow({
      templates: [
        {
          name: "main",
          dag: {
            tasks: [
              { name: "a", template: "pair", hooks: { exit: { template: "sh" } } },
              { name: "b", template: "pair" },
            ],
          },
        },
        {
          name: "pair",
          synchronization: lock,
          steps: [[{ name: "x", template: "sh" }], [{ name: "y", template: "sh" }]],
        },
        shTemplate("sh"),
      ],
    });
    const ended = new PureRun(
      workflow,
      (step) => {
        seen.push(`${step.node.name} ${world.held.length}`);
        return {};
      },
      {},
      world,
    ).toEnd();

    expect(ended.run.phase).toBe("Succeeded");
    expect(seen.slice(0, 2)).toEqual(["wf.a[0].x 1", "wf.a[1].y 1"]);
    expect(seen.find((line) => line.startsWith("wf.a.onExit"))).toBe("wf.a.onExit 0");
    expect(ended.tree()).toContain("a Steps Succeeded");
  });
});

describe("locks on every way out", () => {
  const forever: Script = () => ({ forever: true });
  const command = { by: "ann" } as const;
  const ways: readonly (readonly [string, (run: PureRun) => void])[] = [
    ["a stop", (r) => r.fact({ type: "stop", at: r.now, strategy: "Stop", ...command })],
    ["a terminate", (r) => r.fact({ type: "stop", at: r.now, strategy: "Terminate", ...command })],
    ["a deletion", (r) => r.fact({ type: "delete", at: r.now, ...command })],
    [
      "a lost step",
      (r) => r.fact({ type: "lost", at: r.now, step: [...r.run.steps.keys()][0] ?? "", reason: "gone" }),
    ],
  ];
  for (const [name, way] of ways)
    test(`${name} gives all of them back and ends who waits`, () => {
      const spec = { synchronization: { mutexes: [{ name: "whole" }] } };
      const run = new PureRun(fan({ synchronization: lock, failFast: true }, spec), forever);
      expect(run.world.held).toHaveLength(2);

      way(run);
      for (let n = 0; n < 3 && run.run.stage !== "done"; n++) {
        run.toEnd();
        if (run.run.steps.size > 0) way(run);
      }

      expect(run.run.stage).toBe("done");
      expect(run.world.held).toEqual([]);
      expect(
        [...run.run.nodes.values()].filter((n) => n.phase === "Pending" || n.phase === "Running"),
      ).toEqual([]);
      expect(run.run.asks.size + run.run.locks.size).toBe(0);
    });

  test("the run's own deadline ends who waits, too", () => {
    const run = new PureRun(fan({ synchronization: lock }, { activeDeadlineSeconds: 5 }), forever);
    const ended = run.toEnd();
    expect(ended.run.phase).toBe("Failed");
    expect(ended.tree().filter((line) => line.includes("Pod"))).toEqual([
      "s(0:1) Pod Failed Step exceeded its deadline",
      "s(1:2) Pod Failed Step exceeded its deadline",
      "s(2:3) Pod Failed Step exceeded its deadline",
    ]);
    expect(run.world.held).toEqual([]);
  });

  test("failFast ends siblings that wait for a lock, and does not wait for it", () => {
    const world = new AskWorld();
    const other = new PureRun(fan({ synchronization: lock }, {}, "other", [1]), forever, {}, world);
    const workflow = aWorkflow({
      templates: [
        {
          name: "main",
          failFast: true,
          steps: [
            [
              { name: "bad", template: "sh" },
              { name: "waits", template: "work" },
            ],
          ],
        },
        shTemplate("work", { synchronization: lock }),
        shTemplate("sh"),
      ],
    });
    const run = new PureRun(workflow, () => ({ exitCode: 1 }), {}, world);
    const ended = run.toEnd();
    expect(ended.run.phase).toBe("Failed");
    expect(ended.node("waits")).toMatchObject({ phase: "Failed" });
    expect(world.held).toEqual([`${key} ${other.run.uid}/${[...other.run.locks.keys()][0]}`]);
  });

  test("a fault of ours gives them back as well", () => {
    const run = new PureRun(fan({ synchronization: lock }), forever, { maxNodes: 6 });
    expect(run.run.phase).toBe("Running");
    const broken = new PureRun(
      aWorkflow({
        synchronization: { mutexes: [{ name: "whole" }] },
        templates: [
          { name: "main", steps: [[{ name: "s", template: "work", withItems: [1, 2, 3] }]] },
          shTemplate("work", { synchronization: lock }),
        ],
      }),
      forever,
      { maxNodes: 4 },
    );
    expect(broken.run.phase).toBe("Error");
    expect(broken.world.held).toEqual([]);
  });
});

describe("a workflow's own locks", () => {
  const spec = {
    synchronization: { mutexes: [{ name: "{{workflow.parameters.who}}" }] },
    arguments: { parameters: [{ name: "who", value: "m" }] },
  };

  test("keep it Pending until they come; its exit handler still has them", () => {
    const world = new AskWorld();
    const first = new PureRun(fan({}, { ...spec, onExit: "work" }, "a", [1]), () => ({}), {}, world);
    const second = new PureRun(fan({}, spec, "b", [1]), () => ({}), {}, world);
    expect(second.run).toMatchObject({ phase: "Pending", message: "Waiting for default/Mutex/m lock." });
    expect(second.run.nodes.size).toBe(0);

    while (first.run.stage === "main") first.next();
    expect(world.held).toHaveLength(1);
    first.toEnd();
    second.askAgain();

    expect(second.run.phase).toBe("Running");
    expect(second.run.message).toBeUndefined();
    expect(second.toEnd().run.phase).toBe("Succeeded");
    expect(world.held).toEqual([]);
  });

  test("a stop ends a run that waits for them", () => {
    const world = new AskWorld();
    new PureRun(fan({}, spec, "a"), () => ({ forever: true }), {}, world);
    const second = new PureRun(fan({}, spec, "b"), () => ({}), {}, world);
    second.fact({ type: "stop", at: second.now, by: "ann", strategy: "Stop" });
    expect(second.run).toMatchObject({
      stage: "done",
      phase: "Failed",
      message: "Stopped with strategy 'Stop'",
    });
    expect(world.held).toHaveLength(1);
  });

  test("that cannot be had fail it, with the reason", () => {
    const semaphores = [{ configMapKeyRef: { name: "cm", key: "k" } }];
    const run = new PureRun(fan({}, { synchronization: { semaphores } }));
    expect(run.run).toMatchObject({
      phase: "Failed",
      message: "Failed to acquire the synchronization lock. no limit for default/ConfigMap/cm/k",
    });
  });
});

test("a semaphore lets as many go as its limit says; a template's that has none is an error", () => {
  const semaphores = [
    { configMapKeyRef: { name: "cm", key: "{{inputs.parameters.k}}" }, namespace: "other" },
  ];
  const work: Partial<Template> = {
    synchronization: { semaphores },
    inputs: { parameters: [{ name: "k", value: "two" }] },
  };
  const world = new AskWorld({ "other/ConfigMap/cm/two": 2 });
  const ended = new PureRun(fan(work, {}, "wf", [1, 2, 3, 4, 5]), () => ({}), {}, world).toEnd();
  expect([ended.run.phase, ended.peak]).toEqual(["Succeeded", 2]);

  const none = new PureRun(fan(work)).toEnd();
  expect(none.node("s(0:1)")).toMatchObject({
    phase: "Error",
    message: "no limit for other/ConfigMap/cm/two",
  });
});

test("a restart asks again for what waits, and only for that", () => {
  const run = new PureRun(fan({ synchronization: lock }), () => ({ forever: true }));
  const again = replayed(run.facts);
  expect([...again.locks.keys()]).toEqual([...run.run.locks.keys()]);
  expect([...again.asks.keys()]).toEqual([...run.run.asks.keys()]);
  expect(again.asks.size).toBe(2);
});

test("answers that come twice, late or to nobody change nothing", () => {
  const run = new PureRun(
    fan({ synchronization: lock, memoize: { key: "k", cache: { configMap: { name: "c" } } } }),
  );
  const ended = run.toEnd();
  const answers: readonly Fact[] = ended.facts.filter((f) => f.type === "locked" || f.type === "remembered");
  expect(answers.length).toBeGreaterThan(3);
  const doubled = replayed(ended.facts.flatMap((f) => (answers.includes(f) ? [f, f] : [f])));
  expect([...doubled.nodes.values()]).toEqual([...ended.run.nodes.values()]);
  const wrong: Fact = { type: "locked", at: 1, ask: "nobody", fences: {} };
  reduce(doubled, wrong);
  expect(decide(doubled).finished).toBe(true);
});

describe("memoize", () => {
  const memoize = { key: "{{inputs.parameters.n}}", maxAge: "10s", cache: { configMap: { name: "cache" } } };
  const outputs = { parameters: [{ name: "out", valueFrom: { path: "/o" }, globalName: "g" }] };
  const workflow = (name: string, n = "1", more: Partial<Template> = {}) =>
    aWorkflow(
      {
        arguments: { parameters: [{ name: "n", value: n }] },
        templates: [
          shTemplate("main", { inputs: { parameters: [{ name: "n" }] }, outputs, memoize, ...more }),
        ],
      },
      name,
    );
  const script: Script = () => ({ outputs: { out: "42" } });

  test("the second run takes the outputs of the first, without a step", () => {
    const world = new AskWorld();
    const first = new PureRun(workflow("a"), script, {}, world).toEnd();
    expect(first.node("a").memo).toEqual({ hit: false, key: "1", cacheName: "cache" });
    const second = new PureRun(
      workflow("b", "1", { retryStrategy: { limit: 2 } }),
      script,
      {},
      world,
    ).toEnd();

    expect(second.started).toEqual([]);
    expect(second.tree()).toEqual(["b Retry Succeeded"]);
    expect(second.node("b").memo).toMatchObject({ hit: true });
    expect(second.node("b").outputs?.parameters?.[0]).toMatchObject({ name: "out", value: "42" });
    expect(second.run.globals.get("g")).toBe("42");
    expect(new PureRun(workflow("c", "2"), script, {}, world).toEnd().started).toHaveLength(1);
  });

  test("what failed is not remembered", () => {
    const world = new AskWorld();
    new PureRun(workflow("a"), () => ({ exitCode: 1 }), {}, world).toEnd();
    expect(world.caches.size).toBe(0);
  });

  test.each(["", "-x", "a_b", "a/b", "ä"])("the key '%s' is refused", (n) => {
    const ended = new PureRun(workflow("a", n), script).toEnd();
    expect(ended.run).toMatchObject({
      phase: "Error",
      message: `error in entry template execution: invalid cache key: ${n}`,
    });
  });

  test("a composite template without outputs is remembered, and what follows is drawn behind it", () => {
    const world = new AskWorld();
    const dag = (name: string) =>
      aWorkflow(
        {
          templates: [
            {
              name: "main",
              dag: {
                tasks: [
                  { name: "x", template: "inner" },
                  { name: "y", template: "sh", depends: "x" },
                ],
              },
            },
            { name: "inner", memoize: { ...memoize, key: "k" }, steps: [[{ name: "s", template: "sh" }]] },
            shTemplate("sh"),
          ],
        },
        name,
      );
    new PureRun(dag("a"), script, {}, world).toEnd();
    const second = new PureRun(dag("b"), script, {}, world).toEnd();
    expect(second.tree()).toEqual(["b DAG Succeeded", "x Steps Succeeded", "y Pod Succeeded"]);
    expect(second.node("x").children).toEqual([second.node("y").id]);
  });
});
