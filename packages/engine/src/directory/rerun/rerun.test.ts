import { setImmediate } from "node:timers/promises";
import type { Template, WorkflowStep } from "@sluice/spec";
import { describe, expect, test } from "vitest";
import { projectWorkflow } from "../../project/workflow.ts";
import { aWorkflow, shTemplate, submission } from "../../testing/a-workflow.ts";
import { EngineBench } from "../../testing/engine-bench.ts";
import { type ManualEnd, ManualExecutor, manualWorld } from "../../testing/manual-executor.ts";
import { type Ended, PureRun, runToEnd, type Script } from "../../testing/run-to-end.ts";
import { manifestOf, type RetryOptions, resubmitOf, retryOf } from "./rerun.ts";

const graph = (name = "wf") =>
  aWorkflow(
    {
      onExit: "sh",
      templates: [
        {
          name: "main",
          dag: {
            tasks: [
              { name: "a", template: "sh" },
              { name: "b", template: "sh", depends: "a" },
              { name: "c", template: "sh", depends: "a" },
              { name: "d", template: "sh", depends: "b && c" },
              { name: "after-b", template: "sh", depends: "b || b.Failed" },
            ],
          },
        },
        shTemplate("sh"),
      ],
    },
    name,
  );
const fails =
  (...names: string[]) =>
  (step: { readonly node: { readonly name: string } }) =>
    names.some((name) => step.node.name.endsWith(`.${name}`)) ? { exitCode: 1 } : { result: "ok" };
const failed = () => projectWorkflow(runToEnd(graph(), fails("b")).run);

/** The run as a retry goes on with it. */
function triedAgain(ended: Ended, script: Script = () => ({}), options: RetryOptions = {}): Ended {
  const object = projectWorkflow(ended.run);
  const { name, uid } = ended.run.submitted;
  return new PureRun(
    {
      ...submission(manifestOf(object, options.parameters)),
      uid: `${uid}-again`,
      reuse: { kind: "retry", of: { name, uid }, ...retryOf(object, options) },
    },
    script,
  ).toEnd();
}
const startedOf = ({ started }: Ended) => started.map(({ node }) => node.name);
const stepsOf = (...groups: (readonly WorkflowStep[])[]): Template => ({
  name: "main",
  steps: groups.map((group) => [...group]),
});
const sh = (name: string, more: Partial<WorkflowStep> = {}): WorkflowStep => ({
  name,
  template: "sh",
  ...more,
});

describe("nodes that are asked for by a selector", () => {
  const inner: Template = { ...stepsOf([sh("x")], [sh("y")]), name: "inner" };
  const outer = stepsOf([sh("a"), { name: "b", template: "inner" }], [sh("c")]);
  const first = () => runToEnd(aWorkflow({ templates: [outer, inner, shTemplate("sh")] }));
  const restart = (nodeFieldSelector: string) =>
    startedOf(triedAgain(first(), undefined, { restartSuccessful: true, nodeFieldSelector }));

  test("may be steps, dags and groups: all that they hold, and what follows, runs again", () => {
    expect(restart("displayName=b")).toEqual(["wf[0].b[0].x", "wf[0].b[1].y", "wf[1].c"]);
    expect(restart("name=wf[0].b[1]")).toEqual(["wf[0].b[1].y", "wf[1].c"]);
    expect(restart("name=wf[1]")).toEqual(["wf[1].c"]);
    expect(restart("name=wf")).toHaveLength(4);
  });

  test("run again as a whole where it is a container of a pod, or one attempt", () => {
    const set: Template = {
      name: "main",
      containerSet: {
        containers: [
          { name: "one", image: "x" },
          { name: "two", image: "x" },
        ],
      },
    };
    const restarted = { restartSuccessful: true, nodeFieldSelector: "displayName=two" };
    const pod = runToEnd(aWorkflow({ templates: [set] }));
    expect(startedOf(triedAgain(pod, undefined, restarted))).toEqual(["wf"]);

    const flaky = shTemplate("sh", { retryStrategy: { limit: 3 } });
    const once = ({ node }: { node: { name: string } }) => ({ exitCode: node.name.endsWith("(0)") ? 1 : 0 });
    const retried = runToEnd(aWorkflow({ templates: [stepsOf([sh("a")]), flaky] }), once);
    const options = { restartSuccessful: true, nodeFieldSelector: "displayName=a(1)" };
    expect(startedOf(triedAgain(retried, undefined, options))).toEqual(["wf[0].a(0)"]);
  });
});

describe("a failure that did not keep later nodes from going well", () => {
  const goOn = { continueOn: { failed: true } };

  test("stays as it is when something else failed", () => {
    const main = stepsOf([sh("a", goOn)], [sh("b")], [sh("c")]);
    const first = runToEnd(aWorkflow({ templates: [main, shTemplate("sh")] }), fails("a", "c"));
    const second = triedAgain(first);

    expect(startedOf(second)).toEqual(["wf[2].c"]);
    expect(second.run.phase).toBe("Succeeded");
    expect(second.node("wf[0].a")).toMatchObject({
      phase: "Failed",
      message: first.node("wf[0].a").message,
      outputs: { exitCode: "1" },
    });
    expect(projectWorkflow(second.run).status.progress).toBe("2/3");
  });

  test("is tried again when nothing else failed", () => {
    const again = triedAgain(runToEnd(graph(), fails("b")));
    expect(startedOf(again)).toEqual(["wf.b", "wf.d", "wf.after-b", "wf.onExit"]);
  });

  test("is none where only its own hook went well", () => {
    const hooks = { exit: { template: "sh" } };
    const main = stepsOf([sh("a", { hooks })]);
    const first = runToEnd(aWorkflow({ templates: [main, shTemplate("sh")] }), fails("a"));
    expect(startedOf(triedAgain(first))).toEqual(["wf[0].a", "wf[0].a.onExit"]);
  });

  test("nor is one of an attempt of steps that another attempt made good", () => {
    const flaky: Template = { ...stepsOf([sh("x")]), name: "flaky", retryStrategy: { limit: 2 } };
    const main = stepsOf([{ name: "a", template: "flaky" }], [sh("b")]);
    const first = runToEnd(aWorkflow({ templates: [main, flaky, shTemplate("sh")] }), ({ node }) => ({
      exitCode: node.name === "wf[0].a(0)[0].x" || node.name === "wf[1].b" ? 1 : 0,
    }));
    const second = triedAgain(first);
    expect(startedOf(second)).toEqual(["wf[1].b"]);
    expect(second.node("wf[0].a(1)").phase).toBe("Succeeded");
  });
});

test("a Retry node that went well has its attempts again, and a pod its containers", () => {
  const flaky = shTemplate("flaky", { retryStrategy: { limit: 3 } });
  const set: Template = {
    name: "set",
    containerSet: {
      containers: [
        { name: "one", image: "x" },
        { name: "two", image: "x", dependencies: ["one"] },
      ],
    },
  };
  const main = stepsOf(
    [
      { name: "a", template: "flaky" },
      { name: "s", template: "set" },
    ],
    [sh("b")],
  );
  const templates = [main, flaky, set, shTemplate("sh")];
  const first = runToEnd(aWorkflow({ templates }), ({ node }) => ({
    exitCode: node.name.endsWith("(0)") || node.name.endsWith(".b") ? 1 : 0,
    result: node.name,
  }));
  const second = triedAgain(first);

  expect(startedOf(second)).toEqual(["wf[1].b"]);
  const shown = ({ run }: Ended) =>
    Object.values(projectWorkflow(run).status.nodes)
      .filter(({ name }) => /\.(a|s)/.test(name))
      .sort((a, b) => a.id.localeCompare(b.id));
  expect(shown(second)).toEqual(shown(first));
  expect(projectWorkflow(second.run).status.progress).toBe("5/6");
});

test("what the run took from other resources is not looked up again", async () => {
  const templates = [stepsOf([{ name: "a", templateRef: { name: "lib", template: "say" } }], [sh("b")])];
  const lib = (image: string) => ({ templates: [{ name: "say", container: { image } }, shTemplate("sh")] });
  const base = (image: string) => ({
    arguments: { parameters: [{ name: "n", value: image }] },
    templates: [shTemplate("sh")],
  });
  const applied = (image: string) => ({
    template: async ({ name }: { name: string }) => (name === "lib" ? lib(image) : base(image)),
    configMap: async () => undefined,
  });
  const workflow = aWorkflow({ templates, workflowTemplateRef: { name: "base" } });
  const pure = new PureRun(workflow, fails("a"));
  await pure.define(applied("old"));
  const object = projectWorkflow(pure.toEnd().run);

  for (const [parameters, n] of [
    [{}, "old"],
    [{ n: "given" }, "given"],
  ] as const) {
    const second = new PureRun({
      ...submission(manifestOf(object, parameters)),
      reuse: { kind: "retry", of: { name: "wf", uid: "u" }, ...retryOf(object, { parameters }) },
    });
    await second.define(applied("new"));
    const ended = second.toEnd();
    expect(ended.run.phase).toBe("Succeeded");
    expect(ended.started[0]?.work).toMatchObject({ container: { image: "old" } });
    expect(ended.run.parameters.get("n")).toBe(n);
  }
});

test("a retry keeps what went well, but for what came after a failure, and the exit handler", () => {
  expect(Object.keys(retryOf(failed(), {}).nodes).sort()).toEqual([".a", ".c"]);
});

test("successful nodes that match run again, with what followed them, only where that is asked for", () => {
  const object = projectWorkflow(runToEnd(graph()).run);
  expect(() => retryOf(object, {})).toThrow(
    "To retry a succeeded workflow, set the options restartSuccessful and nodeFieldSelector",
  );
  expect(() => retryOf({ ...object, status: { ...object.status, phase: "Running" } }, {})).toThrow(
    "Cannot retry a workflow in phase Running",
  );
  const options = { restartSuccessful: true, nodeFieldSelector: "displayName=c" };
  expect(Object.keys(retryOf(object, options).nodes).sort()).toEqual([".a", ".after-b", ".b"]);
});

test("only what failed is repeated memoized", () => {
  expect(Object.keys(resubmitOf(failed()).nodes).sort()).toEqual([".a", ".c"]);
  expect(() => resubmitOf(projectWorkflow(runToEnd(graph()).run))).toThrow("must be Failed/Error");
});

const by = "ann";
const key = { namespace: "default", name: "wf" };

/** A run of the graph in which `b` fails the first time; ended and put away. */
async function failedRun(bench: EngineBench, script: (name: string) => ManualEnd) {
  const world = manualWorld();
  const now = () => bench.clock.now();
  const executor = new ManualExecutor({ now, world, script: (step) => script(step.node.name) });
  const engine = bench.start(executor);
  await engine.directory.submit(graph(), { namespace: "default", by: { kind: "api", user: by } });
  await bench.ended(engine, key);
  return { engine, world };
}

/** Lets time pass until it is done: the journal of a run that ended stays for some seconds. */
async function settled<T>(bench: EngineBench, promise: Promise<T>): Promise<T> {
  let done = false;
  void promise.catch(() => {}).finally(() => (done = true));
  while (!done) {
    await bench.clock.advanceBy(50);
    await setImmediate();
  }
  return promise;
}

test("a retry goes on under the same name, runs only what failed, and its end takes the place of the old one", async () => {
  await using bench = new EngineBench();
  let good = false;
  const { engine, world } = await failedRun(bench, (name) =>
    name === "wf.b" && !good ? { exitCode: 1 } : {},
  );
  const before = world.starts.length;
  good = true;

  const { metadata } = await settled(bench, engine.directory.retry(key, { by }));
  expect(metadata.name).toBe("wf");
  const ended = await bench.ended(engine, key);

  expect(ended.status.phase).toBe("Succeeded");
  expect(ended.metadata.uid).toBe(metadata.uid);
  expect(world.starts.slice(before)).toHaveLength(4); // b, after-b, d, and the exit handler
  expect(new Set(world.starts).size).toBe(world.starts.length);
  expect(ended.status.progress).toBe("6/6");
});

test("asked twice, it is one retry, and the cause of the first run starts nothing any more", async () => {
  await using bench = new EngineBench();
  const { engine } = await failedRun(bench, (name) => (name === "wf.b" ? { exitCode: 1 } : {}));
  const [one, two] = await settled(
    bench,
    Promise.all([engine.directory.retry(key, { by }), engine.directory.retry(key, { by })]),
  );
  expect(one.metadata.uid).toBe(two.metadata.uid);
  await bench.ended(engine, key);
  await expect(engine.directory.retry({ ...key, name: "none" }, { by })).rejects.toMatchObject({
    code: "ENGINE_RUN_NOT_FOUND",
  });
});

test("a memoized repeat is another run, in which what went well stands as Skipped", async () => {
  await using bench = new EngineBench();
  const { engine } = await failedRun(bench, (name) => (name === "wf.b" ? { exitCode: 1 } : {}));
  const made = await engine.directory.resubmit(key, { by, memoized: true });
  const ended = await bench.ended(engine, { ...key, name: made.metadata.name });

  expect(made.metadata.name).toMatch(/^wf-/);
  expect(ended.status.phase).toBe("Succeeded");
  expect(ended.metadata.labels).toMatchObject({ "workflows.argoproj.io/resubmitted-from-workflow": "wf" });
  const skipped = Object.values(ended.status.nodes).filter((node) => node.phase === "Skipped");
  expect(skipped.map((node) => `${node.displayName} ${String(node["message"])}`).sort()).toEqual([
    expect.stringMatching(/^a original pod: wf-\d+$/),
    expect.stringMatching(/^c original pod: wf-\d+$/),
  ]);
});

/** A daemon, two that use it (`b` fails), and a nested template with a daemon of its own that went well. */
const served = () =>
  aWorkflow({
    templates: [
      {
        name: "main",
        steps: [
          [
            { name: "svc", template: "serve" },
            { name: "inner", template: "inner" },
          ],
          [
            { name: "a", template: "sh" },
            { name: "b", template: "sh" },
          ],
        ],
      },
      {
        name: "inner",
        dag: {
          tasks: [
            { name: "db", template: "serve" },
            { name: "use", template: "sh", depends: "db.Daemoned" },
          ],
        },
      },
      shTemplate("serve", { daemon: true }),
      shTemplate("sh"),
    ],
  });
const bFails = (step: { readonly node: { readonly name: string } }) =>
  step.node.name.endsWith(".b") ? { exitCode: 1 } : {};

test("a daemon is started again where something in its template is done again, and only there", () => {
  const { run } = runToEnd(served(), bFails);
  const { nodes } = retryOf(projectWorkflow(run), {});

  expect(Object.keys(nodes).sort()).toEqual(["[0].inner.db", "[0].inner.use", "[1].a"]);
  expect(nodes["[0].inner.db"]).toMatchObject({ phase: "Succeeded", podIP: "10.0.0.1" });
});

test("a retry takes over what a daemon served that is not needed again", async () => {
  await using bench = new EngineBench();
  let good = false;
  const executor = new ManualExecutor({
    now: () => bench.clock.now(),
    script: (step) => (step.daemon === true ? undefined : good ? {} : bFails(step)),
  });
  const engine = bench.start(executor);
  await engine.directory.submit(served(), { namespace: "default", by: { kind: "api", user: by } });
  await bench.ended(engine, key);
  const before = executor.world.starts.length;
  good = true;

  await settled(bench, engine.directory.retry(key, { by }));
  const ended = await bench.ended(engine, key);

  expect(ended.status.phase).toBe("Succeeded");
  expect(executor.world.starts.slice(before)).toHaveLength(2); // svc and b
  expect(executor.running).toEqual([]);
});

test("what steps see of a run stays the same over its retries: uid, time of creation, whose its claims are", () => {
  const args = ["{{workflow.uid}} {{workflow.creationTimestamp.s}}"];
  const main = shTemplate("main", { container: { image: "alpine", command: ["echo"], args } });
  const claim = { metadata: { name: "work" }, spec: { accessModes: ["ReadWriteOnce"] } };
  const workflow = aWorkflow({ templates: [main], volumeClaimTemplates: [claim] });
  const first = runToEnd(workflow, () => ({ exitCode: 1 }));
  const at = first.run.submitted.at + 86_400_000;
  const object = projectWorkflow(first.run);
  const again = new PureRun({
    ...submission(manifestOf(object), at),
    uid: "again",
    reuse: {
      kind: "retry",
      of: { name: "wf", uid: first.run.uid },
      earlier: [first.run.uid],
      createdAt: Date.parse(object.metadata.creationTimestamp),
      ...retryOf(object, {}),
    },
  }).toEnd();

  const said = `${first.run.uid} 1700000000`;
  for (const { started } of [first, again])
    expect(started[0]?.work).toMatchObject({ container: { args: [said] } });
  expect(again.started[0]?.run).toEqual({
    namespace: "default",
    name: "wf",
    uid: "again",
    firstUid: first.run.uid,
  });
  expect(projectWorkflow(again.run).metadata).toMatchObject({
    uid: "again",
    creationTimestamp: object.metadata.creationTimestamp,
  });
});
