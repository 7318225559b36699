import type { DagTask, Template, WorkflowStep } from "@sluice/spec";
import { describe, expect, test } from "vitest";
import { aWorkflow, shTemplate } from "../../testing/a-workflow.ts";
import { PureRun, runToEnd, type Script } from "../../testing/run-to-end.ts";

const serve = (more: Partial<Template> = {}) => shTemplate("serve", { daemon: true, ...more });
const useIp = shTemplate("use", { inputs: { parameters: [{ name: "ip" }] } });
const given = (value: string) => ({ arguments: { parameters: [{ name: "ip", value }] } });

const inSteps = (groups: WorkflowStep[][], templates: Template[] = [serve()], more: Partial<Template> = {}) =>
  aWorkflow({
    templates: [{ name: "main", steps: groups, ...more } as Template, shTemplate("sh"), useIp, ...templates],
  });
const inDag = (tasks: DagTask[], templates: Template[] = [serve()]) =>
  aWorkflow({
    templates: [{ name: "main", dag: { tasks } } as Template, shTemplate("sh"), useIp, ...templates],
  });

const template = (step: { readonly node: { readonly template: string } }) => step.node.template;
/** How daemons end; all else succeeds after a second. */
const daemons =
  (end: ReturnType<Script>): Script =>
  (step) =>
    template(step) === "serve" ? end : {};

describe("a daemon in steps", () => {
  const workflow = inSteps([
    [{ name: "svc", template: "serve" }],
    [{ name: "use", template: "use", ...given("{{steps.svc.ip}}") }],
  ]);

  test("lets the next group go when it is ready, with its address, and ends with the template", () => {
    const ended = runToEnd(workflow, daemons({ readyMs: 2_000, ip: "10.1.2.3" }));

    expect(ended.run.phase).toBe("Succeeded");
    const [svc, use] = [ended.node("svc"), ended.node("use")];
    expect(svc).toMatchObject({ phase: "Succeeded", podIp: "10.1.2.3" });
    expect(svc).not.toHaveProperty("daemoned");
    expect(use.inputs).toEqual([{ name: "ip", value: "10.1.2.3" }]);
    expect(use.startedAt - svc.startedAt).toBe(2_000);
    // D2: told to end when all else has, and waited for.
    expect((svc.finishedAt ?? 0) - (use.finishedAt ?? 0)).toBe(10);
    expect(ended.node("wf").finishedAt).toBe(svc.finishedAt);
  });

  test("is daemoned while it runs", () => {
    const pure = new PureRun(workflow, daemons({}));
    while (pure.started.length < 2) pure.next();

    const svc = [...pure.run.nodes.values()].find((node) => node.displayName === "svc");
    expect(svc).toMatchObject({ phase: "Running", daemoned: true });
    expect([...pure.run.nodes.values()].find((node) => node.name === "wf[0]")?.phase).toBe("Succeeded");
  });

  test("has failed when it ends before it is ready, with exit code 0 too", () => {
    const ended = runToEnd(workflow, daemons({ readyMs: "never", ms: 1_000 }));

    expect(ended.run.phase).toBe("Failed");
    expect(ended.node("svc")).toMatchObject({
      phase: "Failed",
      message: "a daemon ended by itself (exit code 0)",
    });
    expect(ended.started).toHaveLength(1);
  });

  test("fails the template when it ends by itself while others may need it, once these have ended", () => {
    const ended = runToEnd(workflow, (step) =>
      template(step) === "serve" ? { ms: 800, exitCode: 3 } : { ms: 5_000 },
    );

    expect(ended.node("svc")).toMatchObject({ phase: "Failed", message: "main: Error (exit code 3)" });
    expect(ended.node("use").phase).toBe("Succeeded");
    expect(ended.node("wf")).toMatchObject({
      phase: "Failed",
      message: `child '${ended.node("svc").id}' failed`,
    });
  });

  test("may fail where the step is forgiven", () => {
    const forgiven = inSteps([
      [{ name: "svc", template: "serve", continueOn: { failed: true } }],
      [{ name: "use", template: "sh" }],
    ]);
    expect(runToEnd(forgiven, daemons({ ms: 800 })).run.phase).toBe("Succeeded");
  });

  test("is ended with a template that fails, and one that fails fast", () => {
    for (const failFast of [false, true]) {
      const failing = inSteps(
        [
          [{ name: "svc", template: "serve" }],
          [
            { name: "bad", template: "bad" },
            { name: "good", template: "sh" },
          ],
        ],
        [serve(), shTemplate("bad")],
        { failFast },
      );
      const ended = runToEnd(failing, (step) => (template(step) === "bad" ? { exitCode: 1 } : {}));

      expect(ended.run.phase).toBe("Failed");
      expect(ended.node("svc").phase).toBe("Succeeded");
      expect(ended.run.steps.size).toBe(0);
    }
  });

  test("that is tried again ends well with a dag that fails fast", () => {
    const failing = aWorkflow({
      templates: [
        {
          name: "main",
          failFast: true,
          dag: {
            tasks: [
              { name: "svc", template: "serve" },
              { name: "bad", template: "bad", depends: "svc" },
              { name: "never", template: "bad", depends: "bad" },
            ],
          },
        } as Template,
        serve({ retryStrategy: { limit: 1 } }),
        shTemplate("bad"),
      ],
    });
    const ended = runToEnd(failing, (step) => (template(step) === "bad" ? { exitCode: 1 } : {}));

    expect(ended.run.phase).toBe("Failed");
    expect([ended.node("svc").phase, ended.node("svc(0)").phase]).toEqual(["Succeeded", "Succeeded"]);
  });

  test("of a template inside ends there, before the next step outside begins", () => {
    const nested = inSteps(
      [[{ name: "inner", template: "inner" }], [{ name: "after", template: "sh" }]],
      [
        serve(),
        {
          name: "inner",
          steps: [[{ name: "svc", template: "serve" }], [{ name: "in", template: "sh" }]],
        } as Template,
      ],
    );
    const ended = runToEnd(nested);

    expect(ended.node("after").startedAt).toBeGreaterThanOrEqual(ended.node("svc").finishedAt ?? 0);
    expect(ended.node("svc").finishedAt).toBe(ended.node("inner").finishedAt);
  });

  test("in a loop: the next group waits for all of them", () => {
    const loop = inSteps([
      [{ name: "svc", template: "serve", withSequence: { count: "3" } }],
      [{ name: "use", template: "sh" }],
    ]);
    const ended = runToEnd(loop, (step) =>
      template(step) === "serve"
        ? { readyMs: 1_000 * Number(/:(\d)/.exec(step.node.name)?.[1]) + 1_000 }
        : {},
    );

    expect(ended.run.phase).toBe("Succeeded");
    expect(ended.node("use").startedAt - ended.node("svc(0:0)").startedAt).toBe(3_000);
    for (const i of [0, 1, 2]) expect(ended.node(`svc(${i}:${i})`).phase).toBe("Succeeded");
  });

  test("has its exit handler when it ended", () => {
    const hooked = inSteps([
      [{ name: "svc", template: "serve", hooks: { exit: { template: "sh" } } }],
      [{ name: "use", template: "sh" }],
    ]);
    const ended = runToEnd(hooked);

    expect(ended.run.phase).toBe("Succeeded");
    expect(ended.node("svc.onExit").startedAt).toBe(ended.node("svc").finishedAt);
    expect(ended.node("wf").finishedAt).toBe(ended.node("svc.onExit").finishedAt);
  });
});

describe("a daemon in a dag", () => {
  test("lets bare names and `Daemoned` hold, and nothing that only an end can say", () => {
    const ended = runToEnd(
      inDag([
        { name: "svc", template: "serve" },
        { name: "bare", template: "use", depends: "svc", ...given("{{tasks.svc.ip}}") },
        { name: "daemoned", template: "sh", depends: "svc.Daemoned" },
        { name: "succeeded", template: "sh", depends: "svc.Succeeded" },
        { name: "old", template: "sh", dependencies: ["bare"] },
      ] as DagTask[]),
    );

    expect(ended.run.phase).toBe("Succeeded");
    expect(ended.node("bare").inputs?.[0]?.value).toBe("10.0.0.1");
    expect(ended.node("daemoned").phase).toBe("Succeeded");
    expect(ended.node("succeeded").phase).toBe("Omitted");
    expect(ended.node("svc").finishedAt).toBe(ended.node("wf").finishedAt);
  });

  test("that is all there is ends as soon as it is ready", () => {
    const ended = runToEnd(inDag([{ name: "svc", template: "serve" }] as DagTask[]));
    expect(ended.run.phase).toBe("Succeeded");
    expect(ended.node("svc").phase).toBe("Succeeded");
  });

  test("counts for the dag by its branch when it fails: those behind it may have done without", () => {
    const tasks = [
      { name: "svc", template: "serve" },
      { name: "use", template: "sh", depends: "svc" },
    ] as DagTask[];
    const dies: Script = (step) => (template(step) === "serve" ? { ms: 700 } : { ms: 5_000 });

    expect(runToEnd(inDag(tasks), dies).run.phase).toBe("Succeeded");
    const leaf = inDag([
      ...tasks,
      { name: "leaf", template: "serve" },
      { name: "slow", template: "sh" },
    ] as DagTask[]);
    expect(runToEnd(leaf, dies).run.phase).toBe("Failed");
  });

  test("that failed holds for nobody who comes later", () => {
    const ended = runToEnd(
      inDag([
        { name: "svc", template: "serve" },
        { name: "first", template: "sh" },
        { name: "late", template: "sh", depends: "first && svc" },
      ] as DagTask[]),
      (step) => (template(step) === "serve" ? { ms: 700 } : { ms: 5_000 }),
    );
    expect(ended.node("late").phase).toBe("Omitted");
    expect(ended.run.phase).toBe("Failed");
  });
});

describe("a daemon that is tried again", () => {
  const retried = serve({ retryStrategy: { limit: 2 } });
  const workflow = (template = retried) =>
    inSteps(
      [
        [{ name: "svc", template: "serve" }],
        [{ name: "use", template: "locked", withSequence: { count: "3" } }],
        [{ name: "last", template: "use", ...given("{{steps.svc.ip}}") }],
      ],
      [template, shTemplate("locked", { synchronization: { mutexes: [{ name: "m" }] } })],
    );
  /** The first attempt dies while the first user runs. */
  const dies: Script = ({ node }) => {
    if (node.template === "serve") return node.attempt === 0 ? { ms: 1_000, ip: "ip-0" } : { ip: "ip-1" };
    return { ms: 2_000 };
  };

  test("holds back what would use it until it is ready again, and has a new address", () => {
    const ended = runToEnd(workflow(), dies);

    expect(ended.run.phase).toBe("Succeeded");
    const [first, second] = [ended.node("svc(0)"), ended.node("svc(1)")];
    expect([first.phase, second.phase, ended.node("svc").phase]).toEqual([
      "Failed",
      "Succeeded",
      "Succeeded",
    ]);
    const readyAgainAt = second.startedAt + 500;
    const uses = [0, 1, 2].map((i) => ended.node(`use(${i}:${i})`));
    expect(uses[0]?.finishedAt).toBeGreaterThan(first.finishedAt ?? 0);
    for (const use of uses) expect(use.phase).toBe("Succeeded");
    expect(ended.started.filter((s) => s.node.template === "locked")).toHaveLength(3);
    expect(uses[1]?.finishedAt).toBeGreaterThanOrEqual(readyAgainAt + 2_000);
    expect(ended.node("last").inputs?.[0]?.value).toBe("ip-1");
    expect(ended.run.restarting).toBe(0);
  });

  test("fails the template when there are no more retries", () => {
    const ended = runToEnd(workflow(), (step) => (template(step) === "serve" ? { ms: 900 } : { ms: 10_000 }));

    expect(ended.node("svc")).toMatchObject({ phase: "Failed", message: "No more retries left" });
    expect(ended.run.phase).toBe("Failed");
    expect(ended.run.restarting).toBe(0);
  });

  test("ends well when its scope is over while it waits to be tried again", () => {
    const waiting = serve({ retryStrategy: { limit: 2, backoff: { duration: "60" } } });
    const ended = runToEnd(
      inSteps([[{ name: "svc", template: "serve" }], [{ name: "use", template: "sh" }]], [waiting]),
      daemons({ ms: 900 }),
    );

    expect(ended.run.phase).toBe("Succeeded");
    expect([ended.node("svc").phase, ended.node("svc(0)").phase]).toEqual(["Succeeded", "Failed"]);
    expect(ended.node("wf").finishedAt).toBe(ended.node("use").finishedAt);
  });
});

describe("a daemon's place", () => {
  test("is nobody's bound: a template, and a run, of parallelism 1 go on", () => {
    const one = inSteps(
      [[{ name: "svc", template: "serve" }], [{ name: "use", template: "sh" }]],
      [serve()],
      {
        parallelism: 1,
      },
    );
    expect(runToEnd(one).run.phase).toBe("Succeeded");
    const all = aWorkflow({ ...one.spec, parallelism: 1 });
    expect(runToEnd(all).run.phase).toBe("Succeeded");
  });

  test("under a lock is held to its end", () => {
    const locked = serve({ synchronization: { mutexes: [{ name: "m" }] } });
    const pure = new PureRun(
      inSteps([[{ name: "svc", template: "serve" }], [{ name: "use", template: "sh" }]], [locked]),
    );
    while (pure.started.length < 2) pure.next();
    expect(pure.world.held).toHaveLength(1);

    expect(pure.toEnd().run.phase).toBe("Succeeded");
    expect(pure.world.held).toEqual([]);
  });
});

describe("a daemon and the run's own end", () => {
  test("as the entrypoint: the run goes on to its end when it is ready, and ends it after the exit handler", () => {
    const workflow = aWorkflow({ entrypoint: "serve", onExit: "sh", templates: [serve(), shTemplate("sh")] });
    const ended = runToEnd(workflow);

    expect(ended.run.phase).toBe("Succeeded");
    expect(ended.node("wf").phase).toBe("Succeeded");
    expect(ended.node("wf").finishedAt).toBeGreaterThan(ended.node("wf.onExit").finishedAt ?? 0);
  });

  test("Stop, Terminate and the deadline end it as failed", () => {
    const groups: WorkflowStep[][] = [
      [{ name: "svc", template: "serve" }],
      [{ name: "use", template: "sh" }],
    ];
    for (const strategy of ["Stop", "Terminate"] as const) {
      const pure = new PureRun(inSteps(groups), (step) => (template(step) === "sh" ? { forever: true } : {}));
      while (pure.started.length < 2) pure.next();
      pure.fact({ type: "stop", at: pure.now + 10, by: "ann", strategy });
      const ended = pure.toEnd();
      expect(ended.run.phase).toBe("Failed");
      expect(ended.node("svc").phase).toBe("Failed");
      expect(ended.run.steps.size).toBe(0);
    }
    const timed = aWorkflow({ ...inSteps(groups).spec, activeDeadlineSeconds: 5 });
    const late = runToEnd(timed, (step) => (template(step) === "sh" ? { forever: true } : {}));
    expect(late.run.phase).toBe("Failed");
    expect(late.node("svc").message).toBe("Step exceeded its deadline");
  });
});
