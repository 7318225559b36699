import { SeededRandom, silentLogger } from "@sluice/base";
import { VirtualClock } from "@sluice/base/testing";
import type { Condition, ResourceWork, StepEvent, StepRequest } from "@sluice/engine";
import { EventReader, shStep } from "@sluice/engine/testing";
import { KubeError, type KubeObject, resources } from "@sluice/kube";
import { FakeKube } from "@sluice/kube/testing";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type AgentExecutor, makeAgent } from "../agent-executor.ts";
import { makeResourceWork } from "./resource-work.ts";

const text = (value: string, tags: Condition["tags"] = {}): Condition => ({ text: value, tags });
const pod = text("apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {a: 1, b: 2}\n");
const ref = { namespace: "default", name: "p" };

let kube: FakeKube;
let clock: VirtualClock;
let agent: AgentExecutor;
let reader: EventReader;

const open = (options: Parameters<typeof makeResourceWork>[0] = { client: kube }): void => {
  const random = new SeededRandom(1);
  agent = makeAgent({ works: [makeResourceWork(options)], clock, random, log: silentLogger });
  reader = new EventReader(agent);
};
const close = async (): Promise<void> => {
  await reader[Symbol.asyncDispose]();
  await agent[Symbol.asyncDispose]();
};
beforeEach(() => {
  kube = new FakeKube();
  clock = new VirtualClock(0);
  open();
});
afterEach(close);

const stepOf = (
  resource: ResourceWork["resource"],
  more: Partial<Omit<ResourceWork, "kind" | "resource">> = {},
): StepRequest => ({ ...shStep(""), work: { kind: "resource", resource, outputs: [], ...more } });

async function run(step: StepRequest): Promise<StepEvent> {
  await agent.start(step);
  return reader.ended(step.id);
}
const watching = (): Promise<unknown> =>
  new Promise((resolve) => {
    const look = (): void => void (kube.openWatches > 0 ? resolve(undefined) : setImmediate(look));
    look();
  });
const there = (name = "p"): Promise<KubeObject> => kube.get(resources.pods, { namespace: "default", name });

describe("what is waited for", () => {
  test("is seen when it happens, and outputs are read from the object as it is then", async () => {
    const step = stepOf(
      { action: "create" },
      {
        manifest: pod,
        success: text("status.phase == Succeeded, status.count > 2"),
        failure: text("status.phase in (Failed, Lost)"),
        outputs: [
          { name: "phase", jsonPath: "{.status.phase}" },
          { name: "plain", jsonPath: "status.count" },
          { name: "jq", jqFilter: ".status | {n: .count}" },
          { name: "none", jsonPath: "{.status.nothing}" },
        ],
      },
    );
    await agent.start(step);
    await watching();
    kube.setStatus(resources.pods, ref, { phase: "Succeeded", count: 1 });
    kube.setStatus(resources.pods, ref, { phase: "Succeeded", count: 3 });

    expect(await reader.ended(step.id)).toMatchObject({
      exitCode: 0,
      outputs: { phase: "Succeeded", plain: "3", jq: '{"n":3}' },
    });
    expect(reader.lines(step.id)).toEqual(["pod/p created"]);
  });

  test("fails by any one of the failure conditions", async () => {
    const step = stepOf(
      { action: "create" },
      {
        manifest: pod,
        success: text("status.ok"),
        failure: text("status.phase == Failed, status.failed > 1"),
      },
    );
    await agent.start(step);
    await watching();
    kube.setStatus(resources.pods, ref, { phase: "Running", failed: 2 });

    expect(await reader.ended(step.id)).toMatchObject({
      exitCode: 1,
      message: "failure condition 'status.failed > 1' evaluated true",
    });
  });

  test("goes on over broken and outdated watches", async () => {
    const step = stepOf({ action: "create" }, { manifest: pod, success: text("status.phase == Succeeded") });
    await agent.start(step);
    await watching();
    kube.dropWatches(KubeError.GONE({ what: "WATCH", said: "too old" }));
    kube.setStatus(resources.pods, ref, { phase: "Succeeded" });

    expect(await reader.ended(step.id)).toMatchObject({ exitCode: 0 });
  });

  test("is lost with the object", async () => {
    const step = stepOf({ action: "create" }, { manifest: pod, success: text("status.phase == Succeeded") });
    await agent.start(step);
    await watching();
    kube.remove(resources.pods, ref);

    expect(await reader.ended(step.id)).toMatchObject({
      exitCode: 1,
      message: "The resource has been deleted while its status was still being checked",
    });
  });

  test("ends with the step that is told to end", async () => {
    const step = stepOf({ action: "create" }, { manifest: pod, success: text("status.phase == Succeeded") });
    await agent.start(step);
    await watching();
    await agent.stop(step.id, "term");
    expect(await reader.ended(step.id)).toMatchObject({ exitCode: 143 });
  });
});

describe("create", () => {
  test("done again after a crash finds its own object, also by a generated name", async () => {
    const manifest = text("apiVersion: v1\nkind: Pod\nmetadata: {generateName: gen-}\n");
    const step = stepOf({ action: "create" }, { manifest });
    await run(step);
    await close();
    open();

    expect(await run(step)).toMatchObject({ exitCode: 0 });
    const { items } = await kube.list(resources.pods, {});
    expect(items.map(({ metadata }) => metadata.name)).toEqual([expect.stringMatching(/^gen-[0-9a-f]{8}$/)]);
  });

  test("of what somebody else has made fails", async () => {
    await kube.create(resources.pods, { metadata: { ...ref } });
    expect(await run(stepOf({ action: "create" }, { manifest: pod }))).toMatchObject({
      exitCode: 1,
      message: expect.stringContaining("p"),
    });
  });

  test("waits for an API server that is away", async () => {
    kube.failNext("create", KubeError.UNAVAILABLE({ what: "POST", said: "down" }));
    const step = stepOf({ action: "create" }, { manifest: pod });
    await agent.start(step);
    await reader.until((event) => (event.type === "pending" ? event : undefined));
    await clock.advanceTo(60_000);
    expect(await reader.ended(step.id)).toMatchObject({ exitCode: 0 });
  });
});

describe("other actions", () => {
  beforeEach(() =>
    kube.create(resources.pods, { metadata: { ...ref, labels: { x: "y" } }, spec: { a: 0, c: 3 } }),
  );

  test("get reads", async () => {
    const outputs = [{ name: "c", jsonPath: "{.spec.c}" }];
    expect(await run(stepOf({ action: "get", flags: ["pod/p"] }, { outputs }))).toMatchObject({
      outputs: { c: "3" },
    });
  });
  test("apply makes it as written beside what others wrote", async () => {
    await run(stepOf({ action: "apply" }, { manifest: pod }));
    expect(await there()).toMatchObject({ spec: { a: 1, b: 2, c: 3 } });
  });
  test("replace makes it as written and nothing else", async () => {
    await run(stepOf({ action: "replace" }, { manifest: pod }));
    expect((await there())["spec"]).toEqual({ a: 1, b: 2 });
    expect((await there()).metadata.labels).toEqual({});
  });
  test("patch changes what it names", async () => {
    const manifest = text("apiVersion: v1\nkind: Pod\nmetadata: {name: p, annotations: {k: v}}\n");
    await run(stepOf({ action: "patch", mergeStrategy: "merge" }, { manifest }));
    expect(await there()).toMatchObject({ metadata: { annotations: { k: "v" } }, spec: { c: 3 } });
  });
  test("delete waits until it is gone, and what is not there is gone", async () => {
    expect(await run(stepOf({ action: "delete" }, { manifest: pod }))).toMatchObject({ exitCode: 0 });
    await expect(there()).rejects.toMatchObject({ code: "KUBE_NOT_FOUND" });
    expect(await run(stepOf({ action: "delete", flags: ["pod", "p"] }))).toMatchObject({ exitCode: 0 });
  });
  test("delete by a selector takes all that it picks", async () => {
    await kube.create(resources.pods, { metadata: { namespace: "default", name: "q" } });
    await run(stepOf({ action: "delete", flags: ["pods", "--selector", "x=y"] }));
    expect((await kube.list(resources.pods, {})).items.map(({ metadata }) => metadata.name)).toEqual(["q"]);
  });
});

describe("values", () => {
  test("stay inside the place of their tag, whatever is in them", async () => {
    const manifest = text(
      `apiVersion: v1\nkind: Pod\nmetadata:\n  name: p\n  annotations:\n    quoted: "{{_value1}}"\n    part: x-{{_value2}}\nspec:\n  n: {{_value3}}\n  list: {{_value4}}\n`,
      {
        _value1: '5"\n    injected: "yes',
        _value2: "a\n  hostNetwork: true",
        _value3: "5",
        _value4: "[1, two]",
      },
    );
    await run(stepOf({ action: "create" }, { manifest }));

    const { metadata, spec } = (await there()) as KubeObject & { spec: unknown };
    expect(metadata.annotations).toMatchObject({
      quoted: '5"\n    injected: "yes',
      part: "x-a\n  hostNetwork: true",
    });
    expect(spec).toEqual({ n: 5, list: [1, "two"] });
  });

  test("in a condition are compared, and add none", async () => {
    await kube.create(resources.pods, { metadata: { ...ref } });
    const success = text("status.phase == {{_value1}}", { _value1: "Pending" });
    expect(await run(stepOf({ action: "get" }, { manifest: pod, success }))).toMatchObject({ exitCode: 0 });
    const failure = text("status.phase == {{_value1}}", { _value1: "x, status.phase" });
    expect(await run(stepOf({ action: "get" }, { manifest: pod, failure }))).toMatchObject({ exitCode: 0 });
  });
});

describe("what cannot be done", () => {
  test.each([
    ["an unknown action", { action: "scale" }],
    ["a flag without meaning here", { action: "create", flags: ["--dry-run=server"] }],
  ])("%s is refused before anything is done", async (_what, resource) => {
    const code = "AGENT_RESOURCE_INVALID";
    expect(await run(stepOf(resource, { manifest: pod }))).toMatchObject({ type: "refused", code });
    expect(kube.calls).toEqual([]);
  });

  test("without a cluster it says so", async () => {
    await close();
    open({ client: undefined });
    expect(await run(stepOf({ action: "create" }, { manifest: pod }))).toMatchObject({
      type: "refused",
      code: "AGENT_NO_KUBERNETES",
    });
  });
});
