// How long a run may take, by the last one of its template that went well.
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { WorkflowObject } from "../../project/workflow-object.ts";
import { aWorkflow, shTemplate } from "../../testing/a-workflow.ts";
import { EngineBench, type EngineProcess } from "../../testing/engine-bench.ts";
import { ManualExecutor, manualWorld } from "../../testing/manual-executor.ts";

const second = 1_000;
const nightly = { "workflows.argoproj.io/cron-workflow": "nightly" };
const by = { kind: "api", user: "test" } as const;

let bench: EngineBench;
let executor: ManualExecutor;
let engine: EngineProcess;
const world = manualWorld();
const anExecutor = () => new ManualExecutor({ world, now: () => bench.clock.now() });
beforeEach(() => {
  bench = new EngineBench();
  executor = anExecutor();
  engine = bench.start(executor);
});
afterEach(async () => {
  await bench[Symbol.asyncDispose]();
});

const keyOf = (name: string, namespace = "default") => ({ namespace, name });

async function begin(
  name: string,
  labels: Readonly<Record<string, string>> = nightly,
  namespace = "default",
) {
  const manifest = aWorkflow({
    templates: [
      { name: "main", steps: [[{ name: "a", template: "sh" }], [{ name: "b", template: "sh" }]] },
      shTemplate("sh"),
    ],
  });
  const metadata = { ...manifest.metadata, name, labels };
  await engine.directory.submit({ ...manifest, metadata }, { namespace, by });
  await bench.until(engine, keyOf(name, namespace), (object) => object.status.phase === "Running");
}

/** Lets both steps of a run take so long, and the second one end so. */
async function finish(name: string, seconds: readonly [number, number], exitCode = 0, namespace = "default") {
  for (const [index, step] of ["a", "b"].entries()) {
    const { id } = await executor.started(
      ({ run, node }) => run.name === name && node.name.endsWith(`.${step}`),
    );
    await bench.clock.advanceTo(bench.clock.now() + (seconds[index] ?? 0) * second);
    executor.end(id, { exitCode: step === "b" ? exitCode : 0 });
  }
  await bench.ended(engine, keyOf(name, namespace));
  await bench.clock.advanceTo(bench.clock.now() + 10 * second);
}

const estimated = (name: string, namespace = "default") =>
  bench.until(engine, keyOf(name, namespace), ({ status }) => status["estimatedDuration"] !== undefined);
const nodesOf = ({ status }: WorkflowObject) =>
  Object.fromEntries(Object.values(status.nodes).map((node) => [node.name, node["estimatedDuration"]]));
/** Nothing comes any more that is not stored: what would be known is known. */
async function settled(name: string): Promise<WorkflowObject> {
  await finish(name, [0, 0]);
  return engine.directory.get("default", name);
}

describe("a run of a template", () => {
  test("may take as long as the last one that went well, and its nodes as long as theirs", async () => {
    await begin("one");
    await finish("one", [20, 5]);
    await begin("two");
    await finish("two", [30, 12]);

    await begin("three");
    const object = await estimated("three");
    expect(object.status["estimatedDuration"]).toBe(42);
    expect(nodesOf(object)).toMatchObject({ three: 42, "three[0]": 30, "three[0].a": 30 });

    // It is a fact of the run: what becomes of the other one, or of the engine, changes nothing.
    await engine.directory.delete(keyOf("two"), { by: "test" });
    await engine.kill();
    executor = anExecutor();
    engine = bench.start(executor);
    await finish("three", [1, 1]);
    const ended = await engine.directory.get("default", "three");
    expect(ended.status["estimatedDuration"]).toBe(42);
    expect(nodesOf(ended)).toMatchObject({ "three[1].b": 12 });
  });

  test("knows nothing from runs that failed, of other namespaces, or that are gone", async () => {
    await begin("bad");
    await finish("bad", [20, 5], 1);
    await begin("far", nightly, "elsewhere");
    await finish("far", [20, 5], 0, "elsewhere");
    await begin("gone");
    await finish("gone", [20, 5]);
    await engine.directory.delete(keyOf("gone"), { by: "test" });

    await begin("next");
    expect((await settled("next")).status).not.toHaveProperty("estimatedDuration");
  });

  test("goes back to the one before, when the last one is removed", async () => {
    await begin("one");
    await finish("one", [20, 5]);
    await begin("two");
    await finish("two", [30, 12]);
    await engine.directory.delete(keyOf("two"), { by: "test" });

    await begin("three");
    expect((await estimated("three")).status["estimatedDuration"]).toBe(25);
  });

  test("costs no record when the last one took less than a second", async () => {
    await begin("quick");
    await finish("quick", [0, 0]);
    await begin("next");
    await finish("next", [0, 0]);
    await begin("third");
    const facts = await bench.facts(keyOf("third"));
    expect(facts.filter(({ type }) => type === "estimated")).toEqual([]);
    expect((await settled("third")).status).not.toHaveProperty("estimatedDuration");
  });
});

test("a run of no template is like no other, and the archive is not read for it", async () => {
  await begin("one", {});
  await finish("one", [20, 5]);
  await begin("two", {});
  expect((await settled("two")).status).not.toHaveProperty("estimatedDuration");
});
