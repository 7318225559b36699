import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import { projectWorkflow } from "../project/workflow.ts";
import { aWorkflow, shTemplate } from "../testing/a-workflow.ts";
import { EngineBench } from "../testing/engine-bench.ts";
import { type ManualEnd, ManualExecutor, manualWorld } from "../testing/manual-executor.ts";
import { runToEnd } from "../testing/run-to-end.ts";
import { resubmitOf, retryOf } from "./rerun.ts";

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

test("a retry keeps what went well, but for what came after a failure, and the exit handler", () => {
  expect(Object.keys(retryOf(failed(), {})).sort()).toEqual([".a", ".c"]);
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
  expect(Object.keys(retryOf(object, options)).sort()).toEqual([".a", ".after-b", ".b"]);
});

test("only what failed is repeated memoized", () => {
  expect(Object.keys(resubmitOf(failed())).sort()).toEqual([".a", ".c"]);
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
