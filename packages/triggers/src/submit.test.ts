import { silentLogger } from "@sluice/base";
import { VirtualClock } from "@sluice/base/testing";
import type { TriggerRequest } from "@sluice/spec";
import { describe, expect, test } from "vitest";
import { defaultTriggersConfig } from "./config.ts";
import { type Attempted, execute } from "./execute.ts";
import { triggerRegistry } from "./kinds/registry.gen.ts";
import { aRequest, aWorkflow, makeRuns, referencesOf } from "./testing/index.ts";

function bench() {
  const { runs, submitRun } = makeRuns();
  const run = (parts: Partial<TriggerRequest>): Promise<Attempted> =>
    execute(
      {
        kinds: triggerRegistry,
        references: referencesOf(),
        submitRun,
        config: defaultTriggersConfig,
        clock: new VirtualClock(5_000),
        log: silentLogger,
        memory: new Map(),
      },
      aRequest({ kind: "argoWorkflow", ...parts }),
      1,
      new AbortController().signal,
    );
  return { runs, run };
}
const submit = (metadata?: Parameters<typeof aWorkflow>[0], more: Record<string, unknown> = {}) =>
  ({ action: { source: { resource: aWorkflow(metadata) }, ...more } }) as Partial<TriggerRequest>;

describe("argoWorkflow", () => {
  test("starts a run that says who asked and why", async () => {
    const { runs, run } = bench();

    const attempted = await run(submit());

    const [fact] = runs.values();
    expect(fact).toMatchObject({
      type: "submitted",
      at: 5_000,
      namespace: "default",
      by: { kind: "trigger", sensor: "s", trigger: "t", request: "request-1" },
      causes: [{ id: "e1" }],
      workflow: {
        metadata: { labels: { "events.argoproj.io/sensor": "s", "events.argoproj.io/trigger": "t" } },
      },
    });
    expect(fact?.name).toMatch(/^hello-[a-z0-9]{8,}$/);
    expect(attempted).toEqual({
      kind: "succeeded",
      result: { outcome: "done", result: `workflow/default/${fact?.name}` },
    });
  });

  test("a repeat of the request finds its run", async () => {
    const { runs, run } = bench();
    await run(submit());

    expect(await run(submit())).toMatchObject({ kind: "succeeded", result: { outcome: "duplicate" } });
    expect(runs.size).toBe(1);
  });

  test("another firing with a fixed name is refused with a hint", async () => {
    const { run } = bench();
    await run(submit({ name: "fixed" }));

    expect(await run({ id: "request-2", ...submit({ name: "fixed" }) })).toMatchObject({
      kind: "failed",
      error: {
        code: "TRIGGER_NAME_TAKEN",
        retry: "never",
        hint: expect.stringContaining("generateName") as string,
      },
    });
  });

  test("args set parameters, labels and names as `argo submit` does", async () => {
    const { runs, run } = bench();
    const args = ["-p", "message=a=b", "--parameter=other=1", "--generate-name", "x-", "-l", "team=red"];

    await run(submit({ name: "fixed" }, { args }));

    const [fact] = runs.values();
    expect(fact?.name).toMatch(/^x-/);
    expect(fact?.workflow.metadata.labels).toMatchObject({ team: "red" });
    expect(fact?.workflow.spec.arguments?.parameters).toEqual([
      { name: "message", value: "a=b" },
      { name: "other", value: "1" },
    ]);
  });

  test.each<[string, Record<string, unknown>, string]>([
    [
      "another operation",
      { operation: "resubmit", source: { resource: aWorkflow() } },
      "TRIGGER_UNSUPPORTED",
    ],
    ["another place", { source: { s3: {} } }, "TRIGGER_UNSUPPORTED"],
    [
      "a flag that is not known",
      { args: ["--watch"], source: { resource: aWorkflow() } },
      "TRIGGER_UNSUPPORTED",
    ],
    ["a field that does not exist", { source: { resource: aWorkflow() }, oops: 1 }, "TRIGGER_ACTION_INVALID"],
    [
      "a workflow that is none",
      { source: { resource: { kind: "Workflow", spec: 5 } } },
      "TRIGGER_WORKFLOW_INVALID",
    ],
  ])("%s is refused for good", async (_name, action, code) => {
    const { run } = bench();

    expect(await run({ action: action as TriggerRequest["action"] })).toMatchObject({
      kind: "failed",
      error: { code, retry: "never" },
    });
  });

  test("a request that was never rendered is not executed", async () => {
    const { runs, run } = bench();

    expect(await run({ ...submit(), unresolved: "no value" })).toMatchObject({
      error: { code: "TRIGGER_UNRESOLVED" },
    });
    expect(runs.size).toBe(0);
  });
});

describe("k8s", () => {
  test("creates a Workflow as a run", async () => {
    const { runs, run } = bench();

    await run({ kind: "k8s", ...submit() });

    expect(runs.size).toBe(1);
  });

  test("says what it cannot create yet", async () => {
    const { run } = bench();
    const resource = { apiVersion: "v1", kind: "Pod" };

    expect(await run({ kind: "k8s", action: { operation: "create", source: { resource } } })).toMatchObject({
      error: { code: "TRIGGER_UNSUPPORTED", message: expect.stringContaining("'v1 Pod'") as string },
    });
  });
});

test("a kind that does not run here is refused with those that do", async () => {
  const { run } = bench();

  expect(await run({ kind: "kafka" })).toMatchObject({
    error: {
      code: "TRIGGER_KIND_UNKNOWN",
      message: expect.stringContaining("argoWorkflow, http, k8s, log") as string,
    },
  });
});
