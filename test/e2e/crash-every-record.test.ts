// A graph of twenty steps with retries, hooks, locks and loops, whose server dies by kill -9 after a record of its
// journal, is started again, and dies after the next ones: the tree is that of a run that was left in peace, and nothing
// that ended ran again. It dies after each single record; `SLUICE_CRASH_EVERY=4` leaves some out, for time.
import { expect, test } from "vitest";
import { Counter, type WorkflowObject } from "./fixtures.ts";
import { SluiceProcess } from "./sluice-process.ts";

const every = Number(process.env["SLUICE_CRASH_EVERY"] ?? 1);

/** Every attempt of every step says its name once; the second attempt of `again` succeeds. */
const workflow = (counter: Counter): object => {
  const parameter = { parameters: [{ name: "who" }] };
  const run = (script: string) => ({ image: "alpine:3.6", command: ["bash", "-c"], args: [script] });
  const say = (extra: string) => counter.say(`{{inputs.parameters.who}}${extra}`);
  const task = (name: string, template: string, depends: string, more: object = {}) => ({
    name,
    template,
    ...(depends === "" ? {} : { depends }),
    arguments: { parameters: [{ name: "who", value: name }] },
    ...more,
  });
  const each = {
    arguments: { parameters: [{ name: "who", value: "loop-{{item}}" }] },
    withItems: ["x", "y", "z"],
  };
  const exit = {
    hooks: { exit: { template: "say", arguments: { parameters: [{ name: "who", value: "exit-of-d" }] } } },
  };
  return {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "Workflow",
    metadata: { name: "twenty" },
    spec: {
      entrypoint: "graph",
      onExit: "bye",
      templates: [
        {
          name: "graph",
          dag: {
            tasks: [
              task("a", "say", ""),
              task("b", "again", "a"),
              task("c", "locked", "a"),
              task("d", "locked", "a", exit),
              task("e", "say", "b && c"),
              task("f", "say", "d", each),
              task("g", "fails", "e"),
              task("h", "say", "g.Failed"),
              task("i", "say", "g.Succeeded"),
              task("j", "again", "f.AnySucceeded"),
              task("k", "two", "h && j"),
              task("l", "say", "k"),
              task("m", "locked", "k"),
              task("n", "say", "l && m && i.Omitted"),
            ],
          },
        },
        {
          name: "two",
          inputs: parameter,
          steps: [
            [task("two-a", "say", ""), task("two-b", "again", "")],
            [task("two-c", "say", "", { when: "{{steps.two-a.status}} == Succeeded" })],
          ],
        },
        { name: "say", inputs: parameter, container: run(say("")) },
        {
          name: "again",
          inputs: parameter,
          retryStrategy: { limit: 2 },
          container: run(`${say("-{{retries}}")}; [ {{retries}} -ge 1 ]`),
        },
        { name: "fails", inputs: parameter, container: run(`${say("")}; exit 3`) },
        {
          name: "locked",
          inputs: parameter,
          synchronization: { mutexes: [{ name: "one" }] },
          container: run(`${say("")}; sleep 0.1`),
        },
        { name: "bye", container: run(counter.say("bye-{{workflow.status}}")) },
      ],
    },
  };
};

const once = [
  ...[
    "a",
    "c",
    "d",
    "e",
    "g",
    "h",
    "l",
    "m",
    "n",
    "exit-of-d",
    "loop-x",
    "loop-y",
    "loop-z",
    "two-a",
    "two-c",
  ],
  ...["b-0", "b-1", "j-0", "j-1", "two-b-0", "two-b-1", "bye-Succeeded"],
];

async function submit(sluice: SluiceProcess, counter: Counter): Promise<void> {
  await sluice.json("POST", "/api/v1/workflows/default", { workflow: workflow(counter) });
}

const treeOf = (run: WorkflowObject): readonly string[] =>
  Object.values(run.status?.nodes ?? {})
    .map((node) => `${node.displayName} ${node.type} ${node.phase}`)
    .sort();

/** The run once it is over; undefined when the server died before. */
async function ended(sluice: SluiceProcess): Promise<WorkflowObject | undefined> {
  const response = await fetch(
    `${sluice.url}/api/v1/workflow-events/default?listOptions.fieldSelector=metadata.name%3Dtwenty`,
  ).catch(() => undefined);
  const reader = response?.body?.getReader();
  for (;;) {
    const run = await sluice
      .json<WorkflowObject & { status: { finishedAt?: string | null } }>(
        "GET",
        "/api/v1/workflows/default/twenty",
      )
      .catch(() => undefined);
    if (run === undefined) return undefined;
    if (run.status.finishedAt != null) {
      await reader?.cancel();
      return run;
    }
    const part = await reader?.read().catch(() => ({ done: true }));
    if (part?.done !== false) return undefined;
  }
}

test("killed after the records of its journal, a graph of twenty steps ends as one left in peace", {
  timeout: 600_000,
}, async () => {
  await using peace = await Counter.listen();
  await using first = await SluiceProcess.start();
  await submit(first, peace);
  const expected = await ended(first);
  expect(expected?.status?.phase).toBe("Succeeded");
  expect(once.map((word) => `${word} ${peace.of(word)}`)).toEqual(once.map((word) => `${word} 1`));

  await using counter = await Counter.listen();
  await using sluice = await SluiceProcess.start();
  const env = { SLUICE_FAILPOINT: `engine.appended:${every}` };
  await sluice.stop();
  await sluice.up({ env });
  await submit(sluice, counter);
  let deaths = 0;
  let run = await ended(sluice);
  for (; run === undefined; run = await ended(sluice)) {
    expect(await sluice.ended).toBe("SIGKILL");
    deaths += 1;
    await sluice.up({ env });
  }

  expect(treeOf(run)).toEqual(treeOf(expected as WorkflowObject));
  expect(once.map((word) => `${word} ${counter.of(word)}`)).toEqual(once.map((word) => `${word} 1`));
  expect(deaths).toBeGreaterThan(2);
});
