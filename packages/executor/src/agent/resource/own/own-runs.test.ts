import { setImmediate } from "node:timers/promises";
import { SeededRandom, silentLogger } from "@sluice/base";
import type { EngineConfig } from "@sluice/engine";
import {
  aWorkflow,
  EngineBench,
  type EngineProcess,
  ManualExecutor,
  manualWorld,
} from "@sluice/engine/testing";
import { Template } from "@sluice/spec";
import { describe, expect, test } from "vitest";
import { makeAgent } from "../../agent-executor.ts";
import { withAgent } from "../../routed-executor.ts";
import { makeResourceWork } from "../resource-work.ts";

const by = { kind: "api", user: "ann" } as const;
const key = (name: string) => ({ namespace: "default", name });

/** Processes one after the other whose resource steps know the runs, and no cluster. */
class Bench implements AsyncDisposable {
  readonly engine = new EngineBench();
  readonly world = manualWorld();
  manual: ManualExecutor;
  process: EngineProcess;
  readonly #config: EngineConfig;

  constructor(config: EngineConfig = {}) {
    this.#config = config;
    [this.manual, this.process] = this.#open();
  }

  #open(): readonly [ManualExecutor, EngineProcess] {
    const { clock } = this.engine;
    const manual = new ManualExecutor({ now: () => clock.now(), world: this.world });
    let process: EngineProcess | undefined;
    const directory = new Proxy({} as EngineProcess["directory"], {
      get: (_, name: keyof EngineProcess["directory"]) => process?.directory[name],
    });
    const works = [makeResourceWork({ client: undefined, runs: directory })];
    const agent = makeAgent({ works, clock, random: new SeededRandom(1), log: silentLogger });
    process = this.engine.start(withAgent(manual, agent), { config: this.#config });
    return [manual, process];
  }

  /** The process dies without a farewell, and another one begins. */
  async restart(): Promise<void> {
    await this.process.kill();
    [this.manual, this.process] = this.#open();
  }

  async submit(
    resource: Record<string, unknown>,
    more: Record<string, unknown> = {},
    name = "wf",
  ): Promise<void> {
    const template = Template.parse({ name: "main", resource, ...more });
    const workflow = aWorkflow({ templates: [template] }, name);
    await this.process.directory.submit(workflow, { namespace: "default", by });
  }

  ended(name = "wf") {
    return this.engine.ended(this.process, key(name));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.engine[Symbol.asyncDispose]();
  }
}

const child = (metadata: string, suspend = false): string => `
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: ${metadata}
spec:
  entrypoint: c
  templates:
  - ${suspend ? "{name: c, suspend: {}}" : "{name: c, container: {image: busybox, command: ['true']}}"}
`;
const until = {
  successCondition: "status.phase == Succeeded",
  failureCondition: "status.phase in (Failed, Error)",
};

describe("a resource step whose manifest is a Workflow", () => {
  test("starts a run of Sluice's own, waits for it, and reads its outputs from it", async () => {
    await using bench = new Bench();
    const outputs = { parameters: [{ name: "name", valueFrom: { jsonPath: "{.metadata.name}" } }] };
    await bench.submit(
      { action: "create", manifest: child("{generateName: child-}"), ...until },
      { outputs },
    );

    const step = await bench.manual.started((one) => one.run.name.startsWith("child-"));
    bench.manual.end(step.id);

    const { status } = await bench.ended();
    expect(status.phase).toBe("Succeeded");
    expect(Object.values(status.nodes)[0]).toMatchObject({
      outputs: { parameters: [{ name: "name", value: step.run.name }] },
    });
    const { metadata } = await bench.process.directory.get("default", step.run.name);
    expect(metadata.labels["workflows.argoproj.io/creator"]).toBe("workflow-wf");
  });

  test("fails with the run that it started", async () => {
    await using bench = new Bench();
    await bench.submit({ action: "create", manifest: child("{generateName: child-}"), ...until });

    const step = await bench.manual.started((one) => one.run.name.startsWith("child-"));
    bench.manual.end(step.id, { exitCode: 1 });

    expect((await bench.ended()).status).toMatchObject({
      phase: "Failed",
      message: "failure condition 'status.phase in (Failed, Error)' evaluated true",
    });
  });

  test("needs no slot while it waits, so the run that it waits for can go", async () => {
    await using bench = new Bench({ maxParallelSteps: 1 });
    await bench.submit({ action: "create", manifest: child("{generateName: child-}"), ...until });

    const step = await bench.manual.started(() => true);
    bench.manual.end(step.id);

    expect((await bench.ended()).status.phase).toBe("Succeeded");
  });

  test("that is done again after a crash finds its run, and starts no other", async () => {
    await using bench = new Bench();
    await bench.submit({ action: "create", manifest: child("{generateName: child-}"), ...until });
    const step = await bench.manual.started((one) => one.run.name.startsWith("child-"));
    await bench.restart();
    await bench.engine.until(bench.process, key("wf"), ({ status }) => status.phase === "Running");

    bench.manual.end(step.id);
    let isOver = false;
    const ended = bench.ended().finally(() => {
      isOver = true;
    });
    // Its log has a line of the step already: the second one is stored after a moment.
    for (let second = 0; second < 1_000 && !isOver; second++) {
      await bench.engine.clock.advanceBy(1_000);
      await setImmediate();
    }

    expect((await ended).status.phase).toBe("Succeeded");
    expect(bench.world.starts).toEqual([step.id]);
  });

  test("waits for a run that is there already, by get", async () => {
    await using bench = new Bench();
    await bench.process.directory.submit(aWorkflow({}, "other"), { namespace: "default", by });
    const step = await bench.manual.started(() => true);
    await bench.submit({ action: "get", manifest: child("{name: other}"), ...until });
    bench.manual.end(step.id);

    expect((await bench.ended()).status.phase).toBe("Succeeded");
  });

  test("says what lint finds in it, and starts nothing", async () => {
    await using bench = new Bench();
    const manifest =
      "apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {name: c}\nspec: {templates: []}";
    await bench.submit({ action: "create", manifest });

    const { status } = await bench.ended();
    expect(status).toMatchObject({
      phase: "Failed",
      message: expect.stringContaining("spec.entrypoint is required"),
    });
    await expect(bench.process.directory.get("default", "c")).rejects.toMatchObject({
      code: "ENGINE_RUN_NOT_FOUND",
    });
  });

  test("is refused a name that another run has", async () => {
    await using bench = new Bench();
    await bench.process.directory.submit(aWorkflow({}, "other"), { namespace: "default", by });
    await bench.submit({ action: "create", manifest: child("{name: other}") });

    expect((await bench.ended()).status).toMatchObject({
      phase: "Failed",
      message: expect.stringContaining("already exists"),
    });
  });

  test("applied twice is one run; the second only changes labels", async () => {
    await using bench = new Bench();
    await bench.submit({ action: "apply", manifest: child("{name: day}", true) }, {}, "one");
    await bench.ended("one");
    await bench.submit({ action: "apply", manifest: child("{name: day, labels: {a: b}}", true) }, {}, "two");

    expect((await bench.ended("two")).status.phase).toBe("Succeeded");
    expect((await bench.process.directory.get("default", "day")).metadata.labels).toMatchObject({ a: "b" });
  });
});

describe("a patch of a run", () => {
  const patched = async (bench: Bench, patch: Record<string, unknown>) => {
    await bench.process.directory.submit(aWorkflow({ templates: [{ name: "main", suspend: {} }] }, "other"), {
      namespace: "default",
      by,
    });
    await bench.submit({ action: "patch", flags: ["workflow", "other"], ...patch });
    return (await bench.ended()).status;
  };

  test("adds a label, by a json patch that names it through flags alone", async () => {
    await using bench = new Bench();
    const manifest = "- {op: add, path: /metadata/labels/foo, value: bar}";
    const status = await patched(bench, { mergeStrategy: "json", manifest });

    expect(status.phase).toBe("Succeeded");
    expect((await bench.process.directory.get("default", "other")).metadata.labels["foo"]).toBe("bar");
  });

  test("takes an annotation away again", async () => {
    await using bench = new Bench();
    await patched(bench, { mergeStrategy: "merge", manifest: "metadata: {annotations: {a: b}}" });
    await bench.submit(
      {
        action: "patch",
        flags: ["workflow", "other"],
        mergeStrategy: "merge",
        manifest: "metadata: {annotations: {a: null}}",
      },
      {},
      "again",
    );

    expect((await bench.ended("again")).status.phase).toBe("Succeeded");
    const { metadata } = await bench.process.directory.get("default", "other");
    expect(metadata["annotations"]).toBeUndefined();
  });

  test("of shutdown stops it", async () => {
    await using bench = new Bench();
    await patched(bench, { mergeStrategy: "merge", manifest: "spec: {shutdown: Stop}" });

    expect((await bench.ended("other")).status.phase).toBe("Failed");
  });

  test("of anything else in its spec is refused", async () => {
    await using bench = new Bench();
    const status = await patched(bench, { mergeStrategy: "merge", manifest: "spec: {entrypoint: x}" });

    expect(status.phase).toBe("Failed");
    expect(status.message).toMatch(/entrypoint|only `suspend` and `shutdown` can be changed/);
  });
});

test("delete ends a run and removes it, and once more finds nothing to do", async () => {
  await using bench = new Bench();
  await bench.process.directory.submit(aWorkflow({}, "other"), { namespace: "default", by });
  await bench.manual.started(() => true);
  for (const name of ["once", "twice"]) {
    await bench.submit({ action: "delete", manifest: child("{name: other}") }, {}, name);
    expect((await bench.ended(name)).status.phase).toBe("Succeeded");
  }

  await expect(bench.process.directory.get("default", "other")).rejects.toMatchObject({
    code: "ENGINE_RUN_NOT_FOUND",
  });
});
