// Cron workflows with the real command, server and processes.
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { jsonOf, write } from "./cli-fixtures.ts";
import { workflowsEnded } from "./fixtures.ts";
import { SluiceProcess } from "./sluice-process.ts";

vi.setConfig({ testTimeout: 180_000, hookTimeout: 60_000 });

let sluice: SluiceProcess;
const run = (...args: string[]) => sluice.run(...args);

const cron = (name: string, schedule: string) => `
apiVersion: argoproj.io/v1alpha1
kind: WorkflowTemplate
metadata: { name: ${name}-job }
spec:
  entrypoint: main
  arguments: { parameters: [{ name: day, value: none }] }
  templates:
    - name: main
      container: { image: alpine, command: [echo], args: ["{{workflow.scheduledTime}} {{workflow.parameters.day}}"] }
---
apiVersion: argoproj.io/v1alpha1
kind: CronWorkflow
metadata: { name: ${name} }
spec:
  schedules: ["${schedule}"]
  successfulJobsHistoryLimit: 100
  workflowSpec: { workflowTemplateRef: { name: ${name}-job } }
`;

interface Listed {
  readonly metadata: { readonly name: string; readonly annotations: Readonly<Record<string, string>> };
  readonly status: { readonly phase: string };
}

beforeAll(async () => {
  sluice = await SluiceProcess.start();
});
afterAll(async () => {
  await sluice?.[Symbol.asyncDispose]();
});

test("an applied one fires over a crash of the server, each instant once", async () => {
  await write(sluice, "tick.yaml", cron("tick", "@every 2s"));
  expect((await run("apply", "-f", "tick.yaml")).code).toBe(0);
  await workflowsEnded(sluice, 2);
  await sluice.kill();
  await sluice.up();
  await workflowsEnded(sluice, 4);
  const suspended = jsonOf(await run("cron", "suspend", "tick", "--json"));

  expect(suspended.status.nextScheduledTimes).toEqual([]);
  const { items } = jsonOf(await run("list", "--json", "--completed"));
  const times = items.map(
    (item: Listed) => item.metadata.annotations["workflows.argoproj.io/scheduled-time"],
  );
  expect(items.length).toBeGreaterThanOrEqual(4);
  expect(new Set(times).size).toBe(times.length);
  expect(new Set(items.map((item: Listed) => item.status.phase))).toEqual(new Set(["Succeeded"]));
  const logs = await run("logs", items[0].metadata.name, "--no-prefix");
  expect(logs.stdout.trim()).toBe(`${times[0]} none`);
  expect((await run("cron", "delete", "tick")).code).toBe(0);
});

test("a backfill runs each scheduled time of the span once, however often it is called", async () => {
  await write(sluice, "daily.yaml", cron("daily", "0 2 * * *"));
  await run("apply", "-f", "daily.yaml");
  const backfill = (...more: string[]) =>
    run(
      ...["cron", "backfill", "daily", "--start", "2025-05-19", "--end", "2025-05-22"],
      ...["--argname", "day", "--format", "2006-01-02", "--json", ...more],
    );

  expect(jsonOf(await backfill("--dry-run"))).toEqual([
    "2025-05-19T02:00:00.000Z",
    "2025-05-20T02:00:00.000Z",
    "2025-05-21T02:00:00.000Z",
  ]);
  const first = jsonOf(await backfill("--parallel", "2"));
  expect(first.map((run: { outcome: string; phase: string }) => [run.outcome, run.phase])).toEqual([
    ["created", "Succeeded"],
    ["created", "Succeeded"],
    ["created", "Succeeded"],
  ]);
  const logs = await run("logs", first[1].name, "--no-prefix");
  expect(logs.stdout.trim()).toBe("2025-05-20T02:00:00Z 2025-05-20");
  const second = jsonOf(await backfill());
  expect(second.map((run: { outcome: string }) => run.outcome)).toEqual(["exists", "exists", "exists"]);
  const again = jsonOf(await backfill("--again", "--name", "mend"));
  expect(again.map((run: { outcome: string }) => run.outcome)).toEqual(["created", "created", "created"]);
});

test("a backfill that was left to the server goes on after a crash, each scheduled time once", async () => {
  await write(sluice, "nightly.yaml", cron("nightly", "0 3 * * *"));
  await run("apply", "-f", "nightly.yaml");
  const begun = jsonOf(
    await run(
      ...["cron", "backfill", "nightly", "--start", "2025-02-01", "--end", "2025-02-06T12:00:00Z"],
      ...[
        "--argname",
        "day",
        "--format",
        "2006-01-02",
        "--parallel",
        "1",
        "--name",
        "feb",
        "--detach",
        "--json",
      ],
    ),
  );
  await sluice.kill();
  await sluice.up();
  const path = "/api/v1/sluice/cron-workflows/default/nightly/backfills/feb";
  let state = await sluice.json<{ phase: string }>("GET", path);
  for (; state.phase === "Running"; state = await sluice.json("GET", path)) await run("version");

  expect(begun).toMatchObject({ name: "feb", phase: "Running" });
  expect(state).toMatchObject({ phase: "Succeeded", created: 6, succeeded: 6, existed: 0, failed: 0 });
  expect((await run("cron", "backfills", "nightly")).stdout).toMatch(
    /^feb +Succeeded +6 +0 +0 +6 +0 +2025-02-01T00:00Z/m,
  );
  const { items } = jsonOf(await run("list", "--template", "nightly", "--json"));
  expect(items).toHaveLength(6);
});
