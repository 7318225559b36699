// Workflows by chance: every kind of control flow, nested and mixed, and always valid, so that what goes wrong in a run
// of one is the engine's fault. References go only to what exists at that place.
import type { DagTask, Template, Workflow, WorkflowSpec, WorkflowStep } from "@sluice/spec";
import { Workflow as WorkflowSchema } from "@sluice/spec";
import type { Dice } from "./dice.ts";

const maxTemplates = 5;
const leaves = [
  "say",
  "coin",
  "flaky",
  "file",
  "slow",
  "wait",
  "locked",
  "pooled",
  "known",
  "serve",
] as const;

/** A workflow that ends whatever its steps do, within a few hundred nodes. */
export function randomWorkflow(dice: Dice, name = "wf"): Workflow {
  const composites = dice.between(1, maxTemplates);
  const templates: Template[] = leafTemplates(dice);
  // A composite calls only those after it: no recursion but the one that counts down.
  for (let i = composites - 1; i >= 0; i--) {
    const below = [...leaves, ...templates.filter((t) => /^t\d/.test(t.name ?? "")).map((t) => t.name ?? "")];
    templates.push(composite(dice, `t${i}`, below));
  }
  const spec = {
    entrypoint: "t0",
    arguments: { parameters: [{ name: "depth", value: String(dice.between(0, 2)) }] },
    templates,
    ...dice.maybe(40, () => ({ parallelism: dice.between(1, 4) })),
    ...dice.maybe(30, () => ({ onExit: dice.of(["say", "flaky", "serve", `t${composites - 1}`]) })),
    ...dice.maybe(10, () => ({ activeDeadlineSeconds: dice.between(20, 400) })),
    ...dice.maybe(10, () => ({ retryStrategy: { limit: dice.between(0, 2), retryPolicy: "Always" } })),
    ...dice.maybe(10, () => ({ suspend: true })),
    ...dice.maybe(15, () => ({ synchronization: { mutexes: [{ name: "run" }] } })),
    ...dice.maybe(20, () => ({ hooks: runHooks(dice) })),
  } as WorkflowSpec;
  return WorkflowSchema.parse({
    apiVersion: "argoproj.io/v1alpha1",
    kind: "Workflow",
    metadata: { name, namespace: "default" },
    spec,
  });
}

const container = { image: "alpine", command: ["sh", "-c"], args: ["true"] };
const retry = (dice: Dice) => ({
  retryStrategy: {
    ...dice.maybe(90, () => ({ limit: dice.between(0, 3) })),
    ...(dice.odds(90) ? {} : { limit: 2 }),
    ...dice.maybe(60, () => ({ retryPolicy: dice.of(["Always", "OnFailure", "OnError"]) })),
    ...dice.maybe(40, () => ({
      backoff: {
        duration: String(dice.between(1, 5)),
        factor: dice.between(1, 3),
        ...dice.maybe(50, () => ({ maxDuration: "1m" })),
        ...dice.maybe(50, () => ({ cap: "6s" })),
      },
    })),
    ...dice.maybe(20, () => ({ expression: "asInt(lastRetry.exitCode) != 3" })),
  },
});

function leafTemplates(dice: Dice): Template[] {
  const templates = [
    { name: "say", container, ...dice.maybe(20, () => ({ timeout: `${dice.between(5, 60)}s` })) },
    { name: "coin", script: { image: "alpine", command: ["sh"], source: "…" } },
    { name: "flaky", container, ...bounded(retry(dice)) },
    {
      name: "file",
      container,
      outputs: {
        parameters: [
          {
            name: "out",
            valueFrom: { path: "/tmp/out", ...dice.maybe(50, () => ({ default: "none" })) },
            ...dice.maybe(30, () => ({ globalName: "shared" })),
          },
        ],
      },
    },
    { name: "slow", container, ...dice.maybe(50, () => ({ activeDeadlineSeconds: dice.between(3, 30) })) },
    { name: "wait", suspend: { duration: String(dice.between(1, 30)) } },
    {
      name: "locked",
      container,
      synchronization: { mutexes: [{ name: "one" }] },
      ...dice.maybe(40, () => bounded(retry(dice))),
    },
    {
      name: "pooled",
      container,
      synchronization: {
        semaphores: [{ configMapKeyRef: { name: "limits", key: "two" } }],
        ...dice.maybe(30, () => ({ mutexes: [{ name: "one" }] })),
      },
    },
    {
      name: "known",
      container,
      memoize: { key: `k${dice.below(3)}`, cache: { configMap: { name: "cache" } } },
      ...dice.maybe(30, () => ({ synchronization: { mutexes: [{ name: "one" }] } })),
    },
    { name: "serve", daemon: true, container, ...dice.maybe(50, () => bounded(retry(dice))) },
  ];
  return templates as Template[];
}

/** Without a limit a step that always fails would be tried for ever. */
const bounded = (made: ReturnType<typeof retry>): object => ({
  retryStrategy: { limit: 2, ...made.retryStrategy },
});

function composite(dice: Dice, name: string, below: readonly string[]): Template {
  const shared = {
    name,
    ...dice.maybe(30, () => ({ parallelism: dice.between(1, 3) })),
    ...dice.maybe(20, () => ({ failFast: dice.odds(70) })),
    ...dice.maybe(15, () => bounded(retry(dice))),
    // A lock of its own: who calls it came before, so that no two wait for each other.
    ...dice.maybe(12, () => ({ synchronization: { mutexes: [{ name: `of-${name}` }] } })),
    ...dice.maybe(8, () => ({
      memoize: { key: `c${dice.below(3)}`, cache: { configMap: { name: "cache" } } },
    })),
  };
  const body = dice.odds(50)
    ? { steps: steps(dice, below) }
    : { dag: { tasks: tasks(dice, below), ...dice.maybe(20, () => ({ failFast: false })) } };
  return { ...shared, ...body } as Template;
}

const resultOf = (kind: "steps" | "tasks", name: string) => `{{${kind}.${name}.outputs.result}}`;

/** What a step and a task share. `before` are names whose template gives a result. */
function call(
  dice: Dice,
  kind: "steps" | "tasks",
  below: readonly string[],
  before: readonly string[],
): object {
  const template = dice.of(below);
  const flip = dice.of(before);
  return {
    template,
    ...dice.maybe(25, () => loop(dice)),
    ...(flip !== undefined && dice.odds(35)
      ? { when: `"${resultOf(kind, flip)}" ${dice.of(["==", "!="])} heads` }
      : dice.maybe(10, () => ({ when: `{{workflow.parameters.depth}} ${dice.of([">", "<="])} 0` }))),
    ...dice.maybe(25, () => ({ hooks: hooks(dice, kind) })),
  };
}

/** Hooks of a step: the expressions are completed with its own name, which is not known here. */
function hooks(dice: Dice, kind: "steps" | "tasks"): object {
  const when = (phase: string) => ({
    template: dice.of(["say", "flaky"]),
    expression: `${kind}["$"].status == "${phase}"`,
  });
  return {
    ...dice.maybe(50, () => ({ exit: { template: dice.of(["say", "flaky", "serve"]) } })),
    ...dice.maybe(40, () => ({ running: when("Running") })),
    ...dice.maybe(40, () => ({ done: when(dice.of(["Succeeded", "Failed"])) })),
  };
}

function runHooks(dice: Dice): object {
  const when = (phase: string) => ({
    template: dice.of(["say", "flaky", "serve"]),
    expression: `workflow.status == "${phase}"`,
  });
  return {
    ...dice.maybe(60, () => ({ running: when("Running") })),
    ...dice.maybe(40, () => ({ failed: when("Failed") })),
  };
}

/** With the step's own name in the expressions of its hooks. */
function named<T extends object>(step: T, name: string): T {
  const { hooks: written } = step as { readonly hooks?: object };
  if (written === undefined) return { ...step, name };
  return { ...step, name, hooks: JSON.parse(JSON.stringify(written).replaceAll("$", name)) as object };
}

function loop(dice: Dice): object {
  const count = dice.between(0, 4);
  return dice.of<() => object>([
    () => ({
      withItems: Array.from({ length: Math.max(1, count) }, (_, i) =>
        dice.of<unknown>([i, `i${i}`, { k: `v${i}` }, [i]]),
      ),
    }),
    () => ({ withSequence: { count: String(count) } }),
    () => ({ withSequence: { start: "2", end: String(count) } }),
    () => ({ withParam: JSON.stringify(Array.from({ length: count }, (_, i) => i)) }),
  ])();
}

function steps(dice: Dice, below: readonly string[]): WorkflowStep[][] {
  const flips: string[] = [];
  return Array.from({ length: dice.between(1, 4) }, (_, g) => {
    const made: string[] = [];
    const group = Array.from({ length: dice.between(1, 3) }, (_, i) => {
      const name = `s${g}-${i}`;
      const step = call(dice, "steps", below, flips) as WorkflowStep;
      if (step.template === "coin" && !isLoop(step) && step.when === undefined) made.push(name);
      return {
        ...named(step, name),
        ...dice.maybe(45, () => ({ continueOn: { failed: dice.odds(80), error: dice.odds(60) } })),
      };
    });
    flips.push(...made);
    return group as WorkflowStep[];
  });
}

const isLoop = (step: object): boolean =>
  "withItems" in step || "withSequence" in step || "withParam" in step;

function tasks(dice: Dice, below: readonly string[]): DagTask[] {
  const done: { readonly name: string; readonly isLoop: boolean; readonly flips: boolean }[] = [];
  return Array.from({ length: dice.between(1, 6) }, (_, i) => {
    const name = `n${i}`;
    const needs = done.filter(() => dice.odds(45));
    const before = needs.filter((d) => d.flips).map((d) => d.name);
    const task = call(dice, "tasks", below, before) as DagTask;
    done.push({
      name,
      isLoop: isLoop(task),
      flips: task.template === "coin" && !isLoop(task) && task.when === undefined,
    });
    return {
      ...named(task, name),
      ...(needs.length === 0 ? {} : { depends: depends(dice, needs) }),
    } as DagTask;
  });
}

function depends(dice: Dice, needs: readonly { readonly name: string; readonly isLoop: boolean }[]): string {
  const results = ["", "", "", ".Daemoned", ".Succeeded", ".Failed", ".Skipped", ".Omitted", ".Errored"];
  const terms = needs.map(({ name, isLoop: loops }) => {
    const result = loops && dice.odds(40) ? dice.of([".AnySucceeded", ".AllFailed"]) : dice.of(results);
    const term = `${name}${result}`;
    return dice.odds(10) ? `!${term}` : term;
  });
  return terms.reduce((all, term) => (dice.odds(70) ? `${all} && ${term}` : `(${all} || ${term})`));
}
