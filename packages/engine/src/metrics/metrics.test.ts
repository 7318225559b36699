import type { PrometheusMetric, Template } from "@sluice/spec";
import { describe, expect, test } from "vitest";
import { createRun } from "../run/create.ts";
import { decide, reduce } from "../run/reduce.ts";
import { aWorkflow, shTemplate } from "../testing/a-workflow.ts";
import { EngineBench } from "../testing/engine-bench.ts";
import { ManualExecutor, manualWorld } from "../testing/manual-executor.ts";
import { runToEnd, type Script } from "../testing/run-to-end.ts";
import { emissionsOf, realtimeOf, runEmissionsOf } from "./derive.ts";
import type { MetricEmission } from "./emission.ts";
import { MetricsRegistry } from "./registry.ts";

const metric = (name: string, more: Partial<PrometheusMetric>): PrometheusMetric => ({
  name,
  help: `About ${name}`,
  ...more,
});

const measured = (prometheus: readonly PrometheusMetric[], more: Partial<Template> = {}) =>
  shTemplate("work", { metrics: { prometheus: [...prometheus] }, ...more });

const workflowOf = (work: Template, own: readonly PrometheusMetric[] = []) =>
  aWorkflow({
    arguments: { parameters: [{ name: "team", value: "blue" }] },
    templates: [{ name: "main", steps: [[{ name: "a", template: "work" }]] }, work],
    ...(own.length === 0 ? {} : { metrics: { prometheus: [...own] } }),
  });

/** What a run says, all of it: its journal folded again by one who measures. */
function said(workflow: ReturnType<typeof workflowOf>, script?: Script): readonly MetricEmission[] {
  const { facts } = runToEnd(workflow, script);
  const emissions: MetricEmission[] = [];
  const [first] = facts;
  if (first?.type !== "submitted") throw new Error("no submission");
  const run = createRun(first);
  run.isMeasured = true;
  for (const fact of facts.slice(1)) {
    reduce(run, fact);
    const effects = decide(run);
    emissions.push(...effects.ended.flatMap((unit) => emissionsOf(run, unit)));
    if (effects.finished) emissions.push(...runEmissionsOf(run));
  }
  return emissions;
}

describe("a template's metric", () => {
  test("has its node's duration, status, exit code, inputs, outputs and the workflow's values", () => {
    const labels = [
      { key: "status", value: "{{status}}" },
      { key: "exit", value: "{{exitCode}}" },
      { key: "team", value: "{{workflow.parameters.team}}" },
      { key: "size", value: "{{inputs.parameters.size}}" },
      { key: "cpu", value: "{{resourcesDuration.cpu}}" },
      { key: "expr", value: "{{=asInt(exitCode) + 1}}" },
    ];
    const work = measured([metric("took", { labels, gauge: { value: "{{duration}}" } })], {
      inputs: { parameters: [{ name: "size", value: "7" }] },
      container: { image: "alpine", resources: { requests: { cpu: "2" } } },
    });
    expect(said(workflowOf(work), () => ({ exitCode: 3, ms: 1_500 }))).toEqual([
      {
        kind: "gauge",
        operation: "Set",
        name: "took",
        help: "About took",
        value: 1.5,
        labels: [
          ["status", "Failed"],
          ["exit", "3"],
          ["team", "blue"],
          ["size", "7"],
          ["cpu", "3"],
          ["expr", "4"],
        ],
      },
    ]);
  });

  test("is said only when its condition holds", () => {
    const work = measured([metric("ok", { when: "{{status}} == Succeeded", counter: { value: "1" } })]);
    expect(said(workflowOf(work))).toHaveLength(1);
    expect(said(workflowOf(work), () => ({ exitCode: 1 }))).toEqual([]);
  });

  test("is said once for each attempt", () => {
    const work = measured([metric("tries", { counter: { value: "1" } })], { retryStrategy: { limit: 2 } });
    expect(said(workflowOf(work), () => ({ exitCode: 1 }))).toHaveLength(3);
  });

  test("speaks for the Retry node at its last attempt: the time of all of them", () => {
    const labels = [{ key: "n", value: "{{retries}}" }];
    const work = measured([metric("took", { labels, gauge: { value: "{{duration}}" } })], {
      retryStrategy: { limit: 2, backoff: { duration: "10s" } },
    });
    const ends = said(workflowOf(work), ({ node }) => ({
      exitCode: node.name.endsWith("(1)") ? 0 : 1,
      ms: 1_000,
    }));
    expect(ends).toMatchObject([
      { value: 1, labels: [["n", "0"]] },
      { value: 12, labels: [["n", "1"]] },
    ]);
  });

  test("of a template whose steps cannot be made is said all the same", () => {
    const work: Template = {
      name: "work",
      metrics: { prometheus: [metric("failure", { when: "{{status}} == Failed", counter: { value: "1" } })] },
      steps: [[{ name: "each", template: "sh", withParam: "no list at all" }]],
    };
    const workflow = workflowOf(work);
    workflow.spec.templates?.push(shTemplate("sh"));
    expect(said(workflow)).toHaveLength(1);
  });

  test("that has no number is a problem, and the others are said", () => {
    const histogram = { value: "{{outputs.parameters.none}}", buckets: [1] };
    const work = measured([metric("odd", { histogram }), metric("good", { counter: { value: "1" } })]);
    expect(said(workflowOf(work))).toEqual([
      expect.objectContaining({ kind: "problem", name: "odd" }),
      expect.objectContaining({ kind: "counter", name: "good", value: 1 }),
    ]);
  });
});

test("a workflow's own metrics have its last phase and duration", () => {
  const own = metric("wf", {
    labels: [{ key: "status", value: "{{workflow.status}}" }],
    gauge: { value: "{{workflow.duration}}" },
  });
  expect(said(workflowOf(shTemplate("work"), [own]), () => ({ exitCode: 1, ms: 2_000 }))).toEqual([
    expect.objectContaining({ name: "wf", value: 2, labels: [["status", "Failed"]] }),
  ]);
});

test("a workflow's own metrics may name its root node's values", () => {
  const own = [
    metric("all", { labels: [{ key: "s", value: "{{status}}" }], gauge: { value: "{{duration}}" } }),
  ];
  const emissions = said(workflowOf(shTemplate("work"), own), () => ({ ms: 2_500 }));
  expect(emissions).toMatchObject([{ value: 2.5, labels: [["s", "Succeeded"]] }]);
});

test("a gauge in real time grows while its node runs, and ends with the node", () => {
  const work = measured([metric("live", { gauge: { value: "{{duration}}", realtime: true } })]);
  const { facts } = runToEnd(workflowOf(work), () => ({ ms: 5_000 }));
  const [first, mark, end] = facts;
  if (first?.type !== "submitted" || mark === undefined || end === undefined) throw new Error("no facts");
  const run = createRun(first);
  reduce(run, mark);
  expect(realtimeOf(run, first.at + 3_000)).toEqual([expect.objectContaining({ name: "live", value: 3 })]);
  reduce(run, end);
  expect(realtimeOf(run, first.at + 9_000)).toEqual([]);
});

describe("the registry", () => {
  const counter = (labels: Readonly<Record<string, string>>, value = 1): MetricEmission => ({
    kind: "counter",
    name: "c",
    help: "help",
    value,
    labels: Object.entries(labels),
  });

  test("writes counters, gauges and histograms as Prometheus reads them", () => {
    const registry = new MetricsRegistry();
    registry.take([counter({ a: 'x"\n\\' }), counter({ a: 'x"\n\\' }, 2)]);
    for (const [operation, value] of [
      ["Set", 5],
      ["Add", 3],
      ["Sub", 1],
    ] as const)
      registry.take([{ kind: "gauge", operation, name: "g", help: "", value, labels: [] }]);
    for (const value of [1, 2, 9])
      registry.take([{ kind: "histogram", name: "h", help: "", buckets: [5, 1.5], value, labels: [] }]);
    expect(registry.text()).toBe(
      [
        "# HELP argo_workflows_c help",
        "# TYPE argo_workflows_c counter",
        'argo_workflows_c{a="x\\"\\n\\\\"} 3',
        "# HELP argo_workflows_g ",
        "# TYPE argo_workflows_g gauge",
        "argo_workflows_g 7",
        "# HELP argo_workflows_h ",
        "# TYPE argo_workflows_h histogram",
        'argo_workflows_h_bucket{le="1.5"} 1',
        'argo_workflows_h_bucket{le="5"} 2',
        'argo_workflows_h_bucket{le="+Inf"} 3',
        "argo_workflows_h_sum 12",
        "argo_workflows_h_count 3",
        "",
      ].join("\n"),
    );
  });

  test("is bounded, and counts what it does not take", () => {
    const registry = new MetricsRegistry({ maxSeries: 2 });
    const problems = registry.take([
      counter({ n: "1" }),
      counter({ n: "2" }),
      counter({ n: "3" }),
      counter({ n: "1" }),
      { kind: "gauge", operation: "Set", name: "c", help: "", value: 1, labels: [] },
      counter({ n: "1" }, -1),
      counter({ "a-b": "1" }),
      { kind: "problem", name: "p", reason: "why" },
    ]);
    expect(problems).toEqual([
      "metric 'c': there are 2 series already",
      "metric 'c': it is a counter already, not a gauge",
      "metric 'c': a counter cannot go down",
      "metric 'c': its label 'a-b' is no label's name",
      "metric 'p': why",
    ]);
    expect(registry.text()).toContain('argo_workflows_c{n="1"} 2');
    expect(registry.text()).toContain('sluice_metrics_dropped_total{cause="refused"} 4');
  });
});

test("an engine emits each end once, and one that takes the run over does not repeat the past", async () => {
  await using bench = new EngineBench();
  const world = manualWorld();
  const now = () => bench.clock.now();
  const key = { namespace: "default", name: "wf" };
  const counted = measured([metric("ends", { counter: { value: "1" } })], { name: "sh" });
  const workflow = aWorkflow({
    templates: [
      { name: "main", steps: [[{ name: "one", template: "sh" }], [{ name: "two", template: "sh" }]] },
      counted,
    ],
  });
  const [a, b] = [new ManualExecutor({ now, world }), new ManualExecutor({ now, world })];
  const [before, after] = [new MetricsRegistry(), new MetricsRegistry()];
  const one = bench.start(a, { metrics: before });
  await one.directory.submit(workflow, { namespace: "default", by: { kind: "api", user: "ann" } });
  a.end((await a.started((s) => s.node.name === "wf[0].one")).id);
  await a.started((s) => s.node.name === "wf[1].two");
  await one.kill();

  const two = bench.start(b, { metrics: after });
  await bench.until(two, key, (object) => object.status.phase === "Running");
  b.end(world.starts.at(-1) ?? "");
  await bench.ended(two, key);

  expect(before.text()).toContain("argo_workflows_ends 1\n");
  expect(after.text()).toContain("argo_workflows_ends 1\n");
  expect(after.text()).toContain('argo_workflows_total_count{phase="Succeeded",namespace="default"} 1');
});

test("an engine says which locks its runs hold and wait for, how long turns take, and how a template's runs end", async () => {
  await using bench = new EngineBench();
  const executor = new ManualExecutor({ now: () => bench.clock.now() });
  const metrics = new MetricsRegistry();
  const engine = bench.start(executor, { metrics });
  const options = { namespace: "default", by: { kind: "api", user: "ann" } } as const;
  const locked = (name: string) =>
    aWorkflow({ synchronization: { mutexes: [{ name: "m" }] }, templates: [shTemplate("main")] }, name);
  const line = (name: string, value: number) =>
    `argo_workflows_${name}{lock_type="mutex",lock_name="default/Mutex/m",namespace="default"} ${value}\n`;

  await engine.directory.submit(locked("a"), options);
  const first = await executor.started((s) => s.run.name === "a");
  await engine.directory.submit(locked("b"), options);
  await bench.until(engine, { namespace: "default", name: "b" }, (o) =>
    (o.status.message ?? "").includes("0/1"),
  );
  const during = metrics.text();
  executor.end(first.id);
  const second = await executor.started((s) => s.run.name === "b");
  executor.end(second.id);
  await bench.ended(engine, { namespace: "default", name: "b" });
  const after = metrics.text();

  expect(during).toContain(line("locks_held", 1));
  expect(during).toContain(line("locks_pending", 1));
  expect(during).toContain(line("locks_taken_total", 1));
  expect(during).toContain('argo_workflows_workers_busy_count{worker_type="step_slots"} 1\n');
  expect(during).toContain('argo_workflows_workflow_condition{type="PodRunning",status="True"} 1\n');
  expect(after).toContain(line("locks_taken_total", 2));
  expect(after).toMatch(/argo_workflows_operation_duration_seconds_count [1-9]/);
});
