import type { DagTask } from "@sluice/spec";
import { describe, expect, test } from "vitest";
import { aWorkflow, shTemplate } from "../testing/a-workflow.ts";
import { runToEnd, type Script } from "../testing/run-to-end.ts";

const dag = (tasks: readonly (Partial<DagTask> & { name: string })[], more: { target?: string } = {}) =>
  aWorkflow({
    templates: [
      { name: "main", dag: { ...more, tasks: tasks.map((t) => ({ template: "sh", ...t })) } },
      shTemplate("sh"),
    ],
  });

const failing =
  (...names: string[]): Script =>
  (step) => ({ exitCode: names.some((name) => step.node.name.endsWith(`.${name}`)) ? 1 : 0 });

const phases = (ended: ReturnType<typeof runToEnd>) =>
  Object.fromEntries([...ended.run.nodes.values()].slice(1).map((n) => [n.displayName, n.phase]));

describe("a dag template", () => {
  test("runs a diamond and links children behind their dependencies", () => {
    const ended = runToEnd(
      dag([
        { name: "A" },
        { name: "B", dependencies: ["A"] },
        { name: "C", dependencies: ["A"] },
        { name: "D", depends: "B && C" },
      ]),
    );

    const id = (name: string) => ended.node(name).id;
    expect(ended.tree()).toEqual([
      "wf DAG Succeeded",
      "A Pod Succeeded",
      "B Pod Succeeded",
      "C Pod Succeeded",
      "D Pod Succeeded",
    ]);
    expect(ended.node("wf")).toMatchObject({ children: [id("A")], outboundNodes: [id("D")] });
    expect(ended.node("A").children).toEqual([id("B"), id("C")]);
    expect(ended.node("C").children).toEqual([id("D")]);
    expect(ended.node("D").name).toBe("wf.D");
  });

  test("omits what depends on a failure, and fails through an omitted leaf (dag-continue-on-fail)", () => {
    const ended = runToEnd(
      dag([
        { name: "A" },
        { name: "B", depends: "A" },
        { name: "C", depends: "A" },
        { name: "D", depends: "B.Failed && C" },
        { name: "E", depends: "A" },
        { name: "F", depends: "A" },
        { name: "G", depends: "E && F" },
      ]),
      failing("B", "E"),
    );

    expect(phases(ended)).toMatchObject({ B: "Failed", D: "Succeeded", E: "Failed", G: "Omitted" });
    expect(ended.node("G").message).toBe("omitted: depends condition not met");
    expect(ended.run.phase).toBe("Failed");
    expect(ended.run.message).toBeUndefined();
  });

  test("succeeds when every leaf does, although a task failed (dag-enhanced-depends)", () => {
    const ended = runToEnd(
      dag([
        { name: "A" },
        { name: "C" },
        { name: "yes", depends: "A && (C.Succeeded || C.Failed)" },
        { name: "no", depends: "yes && C.Succeeded" },
        { name: "last", depends: "yes || no.Omitted" },
      ]),
      failing("C"),
    );
    expect(phases(ended)).toEqual({
      A: "Succeeded",
      C: "Failed",
      yes: "Succeeded",
      no: "Omitted",
      last: "Succeeded",
    });
    // "no" is a leaf of nothing: `last` depends on it.
    expect(ended.run.phase).toBe("Succeeded");
  });

  test("a skipped task counts as done for a bare dependency", () => {
    const ended = runToEnd(
      dag([
        { name: "A", when: "1 == 2" },
        { name: "B", depends: "A" },
      ]),
    );
    expect(ended.tree().slice(1)).toEqual([
      "A Skipped Skipped when '1 == 2' evaluated false",
      "B Pod Succeeded",
    ]);
  });

  test("runs only what its targets need", () => {
    const ended = runToEnd(
      dag([{ name: "A" }, { name: "B" }, { name: "C", dependencies: ["A"] }], { target: "C" }),
    );
    expect(Object.keys(phases(ended))).toEqual(["A", "C"]);
  });

  test("keeps an Error as the dag's phase", () => {
    expect(runToEnd(dag([{ name: "A" }]), () => ({ lost: "pod deleted" })).run.phase).toBe("Error");
  });

  test("a cycle and an unknown name are errors, not a run that waits for ever", () => {
    const cycle = runToEnd(
      dag([
        { name: "A", dependencies: ["B"] },
        { name: "B", dependencies: ["A"] },
      ]),
    );
    expect(cycle.run).toMatchObject({ phase: "Error", message: "dependency cycle detected among A, B" });
    const unknown = runToEnd(dag([{ name: "A", dependencies: ["nope"] }]));
    expect(unknown.run.message).toBe("task 'A' dependency 'nope' not defined");
  });

  test("loops under a TaskGroup, and hands on what its items made", () => {
    const workflow = aWorkflow({
      templates: [
        {
          name: "main",
          dag: {
            tasks: [
              { name: "B", template: "sh", withItems: ["foo", { k2: "v2", k1: 1 }, [1, "x"], "a (b)"] },
              {
                name: "C",
                template: "take",
                dependencies: ["B"],
                arguments: { parameters: [{ name: "all", value: "{{tasks.B.outputs.result}}" }] },
              },
            ],
          },
        },
        shTemplate("sh"),
        shTemplate("take", { inputs: { parameters: [{ name: "all" }] } }),
      ],
    });
    const results = ["1", "plain", '{"a":1}'];
    const ended = runToEnd(workflow, (step) =>
      step.node.name.includes("3:") ? { exitCode: 0, result: "last" } : { result: results.shift() ?? "" },
    );

    expect(ended.tree()).toEqual([
      "wf DAG Succeeded",
      "B TaskGroup Succeeded",
      "B(0:foo) Pod Succeeded",
      "B(1:k1:1,k2:v2) Pod Succeeded",
      'B(2:[1,"x"]) Pod Succeeded',
      "B(3:a b) Pod Succeeded",
      "C Pod Succeeded",
    ]);
    expect(ended.node("C").inputs).toEqual([{ name: "all", value: '[1,"plain",{"a":1},"last"]' }]);
  });

  test("an empty list is a skipped node, and dependants run", () => {
    const ended = runToEnd(
      dag([
        { name: "A", withParam: "[]" },
        { name: "B", depends: "A" },
      ]),
    );
    expect(ended.tree().slice(1)).toEqual(["A Skipped Skipped Skipped, empty params", "B Pod Succeeded"]);
  });

  test("AnySucceeded and AllFailed look at a loop's items", () => {
    const ended = runToEnd(
      dag([
        { name: "L", withItems: ["ok", "bad"] },
        { name: "any", depends: "L.AnySucceeded" },
        { name: "all", depends: "L.AllFailed" },
      ]),
      (step) => ({ exitCode: step.node.name.includes("bad") ? 1 : 0 }),
    );
    expect(phases(ended)).toMatchObject({ L: "Failed", any: "Succeeded", all: "Omitted" });
  });

  test("an output that a skipped task never made: default, expression or a clear error", () => {
    const producer = (more: object) =>
      shTemplate("produce", {
        outputs: { parameters: [{ name: "p", valueFrom: { path: "/tmp/p", ...more } }] },
      });
    const of = (producerMore: object, input: object, value = "{{tasks.A.outputs.parameters.p}}") =>
      runToEnd(
        aWorkflow({
          templates: [
            {
              name: "main",
              dag: {
                tasks: [
                  { name: "A", template: "produce", when: "a == b" },
                  {
                    name: "B",
                    template: "take",
                    depends: "A",
                    arguments: { parameters: [{ name: "in", value }] },
                  },
                ],
              },
            },
            producer(producerMore),
            shTemplate("take", { inputs: { parameters: [{ name: "in", ...input }] } }),
          ],
        }),
      );

    expect(of({ default: "from-producer" }, {}).node("B").inputs?.[0]?.value).toBe("from-producer");
    expect(of({}, { default: "fallback" }).node("B").inputs?.[0]?.value).toBe("fallback");
    expect(of({}, {}, "{{=tasks.A.outputs.parameters.p ?? 'expr'}}").node("B").inputs?.[0]?.value).toBe(
      "expr",
    );
    const error = of({}, {});
    expect(error.run.phase).toBe("Error");
    expect(error.node("B").message).toBe(
      "task 'wf.B' errored: unable to substitute {{tasks.A.outputs.parameters.p}}: output is an absent optional (skipped/omitted node with no default)",
    );
  });
});

test("a dag has the phase of its first bad task by name, without failFast that of the last", () => {
  const tasks = ["c", "b", "a"].map((name) => ({ name, template: "sh" }));
  const of = (failFast: boolean) =>
    aWorkflow({ templates: [{ name: "main", dag: { tasks, failFast } }, shTemplate("sh")] });
  const ends: Script = ({ node }) =>
    node.name === "wf.a" ? {} : node.name === "wf.b" ? { exitCode: 1 } : { lost: "gone" };
  expect(runToEnd(of(true), ends).run.phase).toBe("Failed");
  expect(runToEnd(of(false), ends).run.phase).toBe("Error");
});

test("a task that cannot be made says why, and no more", () => {
  const arguments_ = { parameters: [{ name: "list", value: "no list" }] };
  const tasks = [
    { name: "a", template: "sh", withParam: "{{workflow.parameters.list}}" },
    { name: "b", template: "sh", when: "{{workflow.parameters.list}}" },
  ];
  const templates = [{ name: "main", dag: { tasks } }, shTemplate("sh")];
  expect(
    runToEnd(aWorkflow({ arguments: arguments_, templates }))
      .tree()
      .slice(1),
  ).toEqual([
    "a Skipped Error withParam value could not be parsed as a JSON list: no list",
    "b Skipped Error Expected boolean evaluation for 'no list'. Got no list",
  ]);
});
