import type { Template, Workflow } from "@sluice/spec";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { projectWorkflow } from "../project/workflow.ts";
import { aWorkflow, shTemplate } from "../testing/a-workflow.ts";
import { PureRun, runToEnd, type ScriptedEnd } from "../testing/run-to-end.ts";
import { createRun } from "./create.ts";
import { reduce } from "./reduce.ts";
import { isFulfilled } from "./state/node.ts";

const leafNames = ["leaf", "retried"];

const hookKinds = ["running", "bad", "sibling", "all", "odd", "exit"];

/** Templates of two levels over two kinds of leaf: steps and dags, loops, conditions, limits. */
const workflows: fc.Arbitrary<Workflow> = fc
  .record({
    inner: fc.array(composite(leafNames), { minLength: 1, maxLength: 2 }),
    parallelism: fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }),
    limit: fc.integer({ min: 0, max: 2 }),
  })
  .chain(({ inner, parallelism, limit }) =>
    composite([...leafNames, ...inner.map((_, i) => `inner${i}`)]).map((main) =>
      aWorkflow({
        parallelism,
        hooks: {
          running: { template: "retried", expression: "workflow.status == 'Running'" },
          over: { template: "leaf", expression: "workflow.status in ['Succeeded', 'Failed', 'Error']" },
        },
        templates: [
          { ...main, name: "main" },
          ...inner.map((template, i) => ({ ...template, name: `inner${i}` })),
          shTemplate("leaf"),
          shTemplate("retried", { retryStrategy: { limit, backoff: { duration: "1" } } }),
        ],
      }),
    ),
  );

/** Hooks that read the step itself, a sibling, or every sibling; one whose expression is no truth value. */
function hooksOf(kinds: readonly string[] | undefined, own: string, sibling: string, all: string) {
  if (kinds === undefined) return undefined;
  const expressions: Readonly<Record<string, string>> = {
    running: `${own}.status == 'Running'`,
    bad: `${own}.status in ['Failed', 'Error']`,
    sibling: `${sibling}.status != 'Pending' && ${sibling}.status != 'Running'`,
    all: `all(values(${all}), {#.status == 'Succeeded'})`,
    odd: `${own}.status`,
  };
  return Object.fromEntries(
    kinds.map((kind) => [
      kind,
      { template: "leaf", ...(kind === "exit" ? {} : { expression: expressions[kind] }) },
    ]),
  );
}

function composite(templates: readonly string[]): fc.Arbitrary<Template> {
  const use = fc.record({
    template: fc.constantFrom(...templates),
    withItems: fc.option(fc.constantFrom(["a", "b", "c"], []), { nil: undefined, freq: 4 }),
    when: fc.option(fc.constantFrom("1 == 1", "1 == 2"), { nil: undefined, freq: 4 }),
    continueOn: fc.option(fc.constant({ failed: true, error: true }), { nil: undefined, freq: 4 }),
    hooks: fc.option(fc.subarray(hookKinds), { nil: undefined, freq: 3 }),
  });
  const shape = {
    parallelism: fc.option(fc.integer({ min: 1, max: 2 }), { nil: undefined }),
    failFast: fc.boolean(),
  };
  const steps = fc.record({
    ...shape,
    steps: fc
      .array(fc.array(use, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 3 })
      .map((groups) =>
        groups.map((group, g) =>
          group.map((s, i) => ({
            ...s,
            name: `s${g}-${i}`,
            hooks: hooksOf(s.hooks, `steps['s${g}-${i}']`, `steps['s${g}-0']`, "steps"),
          })),
        ),
      ),
  });
  const dag = fc.record({
    ...shape,
    dag: fc.array(fc.tuple(use, fc.nat()), { minLength: 1, maxLength: 5 }).map((tasks) => ({
      tasks: tasks.map(([{ continueOn: _no, ...task }, on], i) => ({
        ...task,
        name: `t${i}`,
        hooks: hooksOf(task.hooks, `tasks.t${i}`, `tasks.t${on % 5}`, "tasks"),
        ...(i === 0
          ? {}
          : { depends: on % 2 === 0 ? `t${on % i}` : `t${on % i}.Failed || t${on % i}.Succeeded` }),
      })),
    })),
  });
  return fc.oneof(steps, dag) as fc.Arbitrary<Template>;
}

const ends: fc.Arbitrary<readonly ScriptedEnd[]> = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ ms: fc.integer({ min: 1, max: 5_000 }) }) },
    fc.record({ exitCode: fc.constant(1), ms: fc.integer({ min: 1, max: 5_000 }) }),
    fc.constant({ lost: "pod deleted" }),
  ),
  { minLength: 1, maxLength: 8 },
);

test("every run ends, every node with it, no step is asked for twice, and parallelism is kept", () => {
  fc.assert(
    fc.property(workflows, ends, (workflow, script) => {
      let n = 0;
      const ended = runToEnd(workflow, () => script[n++ % script.length]);

      expect(ended.run.stage).toBe("done");
      expect([...ended.run.nodes.values()].filter((node) => !isFulfilled(node))).toEqual([]);
      expect(new Set(ended.started.map((s) => s.id)).size).toBe(ended.started.length);
      const names = [...ended.run.nodes.values()].map((node) => node.name);
      expect(new Set(names).size).toBe(names.length);
      expect(ended.run.steps.size).toBe(0);
      expect(ended.run.activePods).toBe(0);
      expect(ended.peak).toBeLessThanOrEqual(workflow.spec.parallelism ?? Number.POSITIVE_INFINITY);
      expect([...ended.run.nodes.values()].filter((node) => node.finishedAt === undefined)).toEqual([]);
    }),
    { numRuns: 100 },
  );
});

test("the same facts give the same run, and facts that come again change nothing", () => {
  fc.assert(
    fc.property(workflows, ends, (workflow, script) => {
      let n = 0;
      const { run, facts } = runToEnd(workflow, () => script[n++ % script.length]);

      const [first, ...rest] = facts;
      if (first?.type !== "submitted") throw new Error("no first fact");
      const again = createRun(first);
      for (const fact of rest) {
        reduce(again, fact);
        if (fact.type === "finished" || fact.type === "lost") reduce(again, fact);
      }
      expect(projectWorkflow(again)).toEqual(projectWorkflow(run));
    }),
    { numRuns: 60 },
  );
});

test("a stop at any moment brings every run to its end", () => {
  fc.assert(
    fc.property(
      workflows,
      ends,
      fc.nat(20),
      fc.constantFrom("Stop", "Terminate"),
      (workflow, script, at, strategy) => {
        let n = 0;
        const pure = new PureRun(workflow, () => script[n++ % script.length]);
        for (let i = 0; i < at; i++) if (pure.run.stage === "done" || !pure.next()) break;
        // Its main part has ended: what runs still are hooks, and its phase stands.
        const over = pure.run.main !== undefined;
        pure.fact({ type: "stop", at: pure.now, by: "ann", strategy: strategy as "Stop" | "Terminate" });

        const { run } = pure.toEnd();
        expect(run.stage).toBe("done");
        if (!over) expect(run.phase).toBe("Failed");
      },
    ),
    { numRuns: 100 },
  );
});
