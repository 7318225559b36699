// One row for each variable of the language: where it stands, and what it is there.
import type { Template, WorkflowSpec } from "@sluice/spec";
import { describe, expect, test } from "vitest";
import { aWorkflow, shTemplate } from "../testing/a-workflow.ts";
import { type Ended, runToEnd, type Script } from "../testing/run-to-end.ts";
import { strftimeDirectives } from "./strftime.ts";

/** 2023-11-14T22:13:20Z, a Tuesday: when every test's run is submitted. */
const spec: Partial<WorkflowSpec> = {
  priority: 7,
  serviceAccountName: "robot",
  arguments: { parameters: [{ name: "a-b", value: "1" }] },
};

function withMetadata(templates: readonly Template[], more: Partial<WorkflowSpec> = {}) {
  const workflow = aWorkflow({ ...spec, templates: [...templates], ...more });
  const metadata = {
    ...workflow.metadata,
    labels: { team: "blue" },
    annotations: { note: "hi", "workflows.argoproj.io/scheduled-time": "2023-11-14T22:00:00Z" },
  };
  return { ...workflow, metadata };
}

const echo = (text: string, more: Partial<Template> = {}): Template =>
  shTemplate("echo", { container: { image: "alpine", command: ["echo"], args: [text] }, ...more });

/** What the last step with this end of its name was told to echo. */
function echoed(ended: Ended, suffix: string): string | undefined {
  const step = ended.started.findLast((s) => s.node.name.endsWith(suffix));
  return step?.work.kind === "container" ? step.work.container.args?.[0] : undefined;
}

describe("of the workflow, in a step's container", () => {
  const inMain = (text: string): string | undefined =>
    echoed(runToEnd(withMetadata([{ ...echo(text), name: "main" }])), "wf");

  test.each([
    ["workflow.name", "wf"],
    ["workflow.namespace", "default"],
    ["workflow.mainEntrypoint", "main"],
    ["workflow.serviceAccountName", "robot"],
    ["workflow.priority", "7"],
    ["workflow.scheduledTime", "2023-11-14T22:00:00Z"],
    ["workflow.creationTimestamp", "2023-11-14T22:13:20Z"],
    ["workflow.creationTimestamp.RFC3339", "2023-11-14T22:13:20Z"],
    ["workflow.creationTimestamp.s", "1700000000"],
    ["workflow.creationTimestamp.Y", "2023"],
    ["workflow.creationTimestamp.m", "11"],
    ["workflow.creationTimestamp.A", "Tuesday"],
    ["workflow.creationTimestamp.V", "46"],
    ["workflow.creationTimestamp.U", "46"],
    ["workflow.creationTimestamp.W", "46"],
    ["workflow.creationTimestamp.j", "318"],
    ["workflow.parameters", '[{"name":"a-b","value":"1"}]'],
    ["workflow.parameters.json", '[{"name":"a-b","value":"1"}]'],
    ["workflow.parameters.a-b", "1"],
    ["workflow.labels", '{"team":"blue"}'],
    ["workflow.labels.json", '{"team":"blue"}'],
    ["workflow.labels.team", "blue"],
    ["workflow.annotations.note", "hi"],
    ["workflow.status", "Running"],
    ["workflow.duration", "0.000000"],
  ])("{{%s}} is %s", (key, expected) => {
    expect(inMain(`{{${key}}}`)).toBe(expected);
  });

  test("{{workflow.uid}} and both forms of annotations", () => {
    expect(inMain("{{workflow.uid}}")).toMatch(/^[0-9a-f-]{36}$/);
    expect(JSON.parse(inMain("{{workflow.annotations.json}}") ?? "")).toMatchObject({ note: "hi" });
    expect(inMain("{{workflow.annotations}}")).toBe(inMain("{{workflow.annotations.json}}"));
  });

  test("every letter of strftime has a value", () => {
    for (const letter of strftimeDirectives)
      expect(inMain(`{{workflow.creationTimestamp.${letter}}}`), letter).not.toContain("{{");
  });

  test.each([
    ["workflow.parameters['a-b'] + workflow.labels.team", "1blue"],
    ["workflow.creationTimestamp.Y", "2023"],
    ["jsonpath(workflow.parameters.json, '$[0].value')", "1"],
    ["asInt(workflow.priority) + 1", "8"],
    ["workflow.annotations.note", "hi"],
    ["workflow.status", "Running"],
  ])("{{=%s}} is %s", (expression, expected) => {
    expect(inMain(`{{=${expression}}}`)).toBe(expected);
  });

  test("one that is called json is itself, and the JSON of all has the names in order", () => {
    const parameters = [{ name: "json", value: "mine" }];
    const template = (text: string): Template => ({ ...echo(text), name: "main" });
    const inBoth = (text: string) => {
      const workflow = withMetadata([template(text)], { arguments: { parameters } });
      const labels = { team: "blue", json: "label", a: "1" };
      return echoed(runToEnd({ ...workflow, metadata: { ...workflow.metadata, labels } }), "wf");
    };

    expect(inBoth("{{workflow.parameters.json}} {{=workflow.parameters.json}}")).toBe("mine mine");
    expect(inBoth("{{workflow.labels.json}} {{=workflow.labels.json}}")).toBe("label label");
    expect(inBoth("{{workflow.labels}}")).toBe('{"a":"1","json":"label","team":"blue"}');
  });

  test("{{=workflow.creationTimestamp}} is a map, since it has parts", () => {
    expect(JSON.parse(inMain("{{=workflow.creationTimestamp}}") ?? "")).toMatchObject({
      Y: "2023",
      RFC3339: "2023-11-14T22:13:20Z",
    });
  });

  test.each([
    ["title('ab c')", "title is missing"],
    ["trunc(3, 'abcdef')", "trunc is missing"],
    ["workflow.parameters.a-b", "b is missing"],
    ["duration(95)", "must be a string"],
  ])("{{=%s}} is an error", (expression, reason) => {
    const { run } = runToEnd(withMetadata([{ ...echo(`{{=${expression}}}`), name: "main" }]));
    expect(run).toMatchObject({ phase: "Error", message: expect.stringContaining(reason) });
  });

  test("a word of none of the languages stays as it is written", () => {
    expect(inMain("{{custom.variable}} {{ .Values.x }}")).toBe("{{custom.variable}} {{ .Values.x }}");
  });
});

describe("of the end, in an exit handler", () => {
  const templates = [
    echo("x", {
      name: "main",
      outputs: { parameters: [{ name: "p", globalName: "g", valueFrom: { path: "/p" } }] },
    }),
  ];
  const atExit = (text: string, script: Script = () => ({ outputs: { p: "made" } }), annotation?: string) => {
    const workflow = withMetadata([...templates, { ...echo(text), name: "bye" }], { onExit: "bye" });
    if (annotation !== undefined)
      workflow.metadata.annotations = {
        ...workflow.metadata.annotations,
        "sluice.dev/workflow-failures": annotation,
      } as never;
    return echoed(runToEnd(workflow, script), "onExit");
  };
  const failing: Script = (step) => ({ exitCode: step.node.name === "wf" ? 2 : 0, outputs: { p: "" } });

  test.each([
    ["workflow.status", "Succeeded"],
    ["workflow.duration", "1.000000"],
    ["workflow.failures", "null"],
    ["workflow.outputs.parameters.g", "made"],
    ["=workflow.outputs.parameters.g", "made"],
  ])("{{%s}} is %s", (key, expected) => {
    expect(atExit(`{{${key}}}`)).toBe(expected);
  });

  test("{{workflow.failures}} is a JSON list, and quoted where that is asked for", () => {
    const failure = {
      displayName: "wf",
      message: "main: Error (exit code 2)",
      templateName: "main",
      phase: "Failed",
      podName: "wf",
      finishedAt: "2023-11-14T22:13:21Z",
    };
    expect(JSON.parse(atExit("{{workflow.failures}}", failing) ?? "")).toEqual([failure]);
    const quoted = atExit("{{workflow.failures}}", failing, "quoted") ?? "";
    expect(JSON.parse(JSON.parse(quoted) as string)).toEqual([failure]);
  });
});

const producer = shTemplate("make", {
  outputs: { parameters: [{ name: "p", valueFrom: { path: "/p" } }] },
});
const consumer: Template = {
  ...echo("{{inputs.parameters.v}}"),
  inputs: { parameters: [{ name: "v" }] },
};
const made: Script = () => ({ outputs: { p: "made" }, result: "said" });

describe.each(["steps", "tasks"] as const)("of a sibling, as %s", (kind) => {
  const use = (value: string) => ({
    name: "b",
    template: "echo",
    arguments: { parameters: [{ name: "v", value }] },
  });
  const passed = (value: string, script: Script = made): string | undefined => {
    const main: Template =
      kind === "steps"
        ? {
            name: "main",
            steps: [[{ name: "a", template: "make", continueOn: { failed: true } }], [use(value)]],
          }
        : {
            name: "main",
            dag: {
              tasks: [
                { name: "a", template: "make" },
                { ...use(value), depends: "a.Succeeded || a.Failed" },
              ],
            },
          };
    return echoed(runToEnd(withMetadata([main, producer, consumer]), script), ".b");
  };

  test.each([
    ["status", "Succeeded"],
    ["startedAt", "2023-11-14T22:13:20Z"],
    ["finishedAt", "2023-11-14T22:13:21Z"],
    ["exitCode", "0"],
    ["outputs.result", "said"],
    ["outputs.parameters.p", "made"],
  ])(".%s is %s, also in an expression", (path, expected) => {
    expect(passed(`{{${kind}.a.${path}}}`)).toBe(expected);
    expect(passed(`{{=${kind}.a.${path}}}`)).toBe(expected);
    expect(passed(`{{=${kind}['a'].${path}}}`)).toBe(expected);
  });

  test("has an id, and the status and exit code of its failure", () => {
    expect(passed(`{{${kind}.a.id}}`)).toMatch(/^wf-\d+$/);
    const failed: Script = (step) => ({
      exitCode: step.node.template === "make" ? 9 : 0,
      outputs: { p: "" },
    });
    expect(passed(`{{${kind}.a.status}} {{${kind}.a.exitCode}}`, failed)).toBe("Failed 9");
  });

  test("its whole map can be walked", () => {
    expect(passed(`{{=toJson(map(keys(${kind}), {#}))}}`)).toBe('["a"]');
    expect(passed(`{{=${kind}.none == nil}}`)).toBe("true");
  });
});

describe("where it stands itself", () => {
  const text = "{{node.name}} {{pod.name}} {{steps.name}}";

  test("node, pod and step names; inputs; the paths of outputs", () => {
    const more: Partial<Template> = {
      inputs: {
        parameters: [
          { name: "x", value: "1" },
          { name: "y", default: "2" },
        ],
      },
      outputs: { parameters: [{ name: "o", valueFrom: { path: "/tmp/o", default: "" } }] },
    };
    const all = `${text} {{inputs.parameters.x}} {{inputs.parameters}} {{outputs.parameters.o.path}}`;
    const main: Template = { name: "main", steps: [[{ name: "a", template: "echo", withItems: ["i"] }]] };
    expect(echoed(runToEnd(withMetadata([main, echo(all, more)])), "a(0:i)")).toMatch(
      /^wf\[0\]\.a\(0:i\) wf-echo-\d+ a\(0:i\) 1 \[\{"name":"x","value":"1"\},\{"name":"y","value":"2"\}\] \/tmp\/o$/,
    );
  });

  test("a task's name", () => {
    const main: Template = { name: "main", dag: { tasks: [{ name: "a", template: "echo" }] } };
    expect(echoed(runToEnd(withMetadata([main, echo("{{tasks.name}}")])), "wf.a")).toBe("a");
  });

  test("an attempt's number and what is known of the one before", () => {
    const retried = echo(
      "{{retries}} {{lastRetry.exitCode}} {{lastRetry.status}} {{lastRetry.duration}} {{lastRetry.message}}",
      {
        name: "main",
        retryStrategy: { limit: 1, expression: "lastRetry.exitCode == '4' && retries == '0'" },
      },
    );
    const ended = runToEnd(withMetadata([retried]), () => ({ exitCode: 4 }));
    expect(echoed(ended, "wf(0)")).toBe("0 0  0 ");
    expect(echoed(ended, "wf(1)")).toBe("1 4 Failed 1 main: Error (exit code 4)");
  });
});

describe("an item of a loop", () => {
  const looped = (item: unknown, value: string): readonly (string | undefined)[] => {
    const main: Template = {
      name: "main",
      steps: [
        [
          {
            name: "a",
            template: "echo",
            withItems: [item] as never,
            arguments: { parameters: [{ name: "v", value }] },
          },
        ],
      ],
    };
    const ended = runToEnd(withMetadata([main, consumer]));
    return ended.started.map((s) => (s.work.kind === "container" ? s.work.container.args?.[0] : undefined));
  };

  test.each([
    ["x", "{{item}}", "x"],
    [3, "{{item}}", "3"],
    [true, "{{item}}", "true"],
    [3, "{{=item + 1}}", "4"],
    [{ k: "v", n: 1 }, "{{item.k}} {{item.n}}", "v 1"],
    [{ k: "v" }, "{{item}}", '{"k":"v"}'],
    [{ k: { deep: [1] } }, "{{item.k}}", '{"deep":[1]}'],
    [[1, "x"], "{{item}}", '[1,"x"]'],
    [{ k: ["a"] }, "{{=item.k[0]}}", "a"],
    ["{{workflow.name}}", "{{item}}", "wf"],
    [{ k: "{{workflow.parameters.a-b}}" }, "{{item.k}}", "1"],
  ])("%j as %s is %s", (item, value, expected) => {
    expect(looped(item, value)).toEqual([expected]);
  });

  test("that lacks a key is an error of the step", () => {
    const main: Template = {
      name: "main",
      steps: [
        [
          {
            name: "a",
            template: "echo",
            withItems: [{ k: "v" }],
            arguments: { parameters: [{ name: "v", value: "{{item.none}}" }] },
          },
        ],
      ],
    };
    const ended = runToEnd(withMetadata([main, consumer]));
    expect(ended.node("a(0:k:v)")).toMatchObject({
      phase: "Error",
      message: "failed to resolve {{item.none}}",
    });
    expect(ended.run.phase).toBe("Failed");
  });
});

describe("a loop as a whole", () => {
  const gathered = (kind: "steps" | "tasks", value: string, script: Script): string | undefined => {
    const loop = { name: "a", template: "make", withItems: ["0", "1", "2"], continueOn: { failed: true } };
    const use = { name: "b", template: "echo", arguments: { parameters: [{ name: "v", value }] } };
    const main: Template =
      kind === "steps"
        ? { name: "main", steps: [[loop], [use]] }
        : { name: "main", dag: { tasks: [loop, { ...use, dependencies: ["a"] }] } };
    return echoed(runToEnd(withMetadata([main, producer, consumer]), script), ".b");
  };
  /** The item's number, ended in another order than they began. */
  const numbered =
    (of: (n: number) => string, bad?: number): Script =>
    (step) => {
      const n = Number(/\((\d)/.exec(step.node.name)?.[1] ?? 0);
      return {
        ms: 100 - n,
        exitCode: n === bad && step.node.template === "make" ? 1 : 0,
        outputs: { p: of(n) },
        result: of(n),
      };
    };

  test.each([
    ["steps", "outputs.result", "[0,1,2]"],
    ["tasks", "outputs.result", "[0,1,2]"],
    ["steps", "outputs.parameters.p", '["0","1","2"]'],
    ["tasks", "outputs.parameters", '[{"p":"0"},{"p":"1"},{"p":"2"}]'],
  ] as const)("%s.a.%s is %s", (kind, path, expected) => {
    expect(gathered(kind, `{{${kind}.a.${path}}}`, numbered(String))).toBe(expected);
  });

  test("has what succeeded only, in the order of the items; plain texts stay texts, maps are maps", () => {
    expect(gathered("tasks", "{{tasks.a.outputs.result}}", numbered(String, 1))).toBe("[0,2]");
    expect(
      gathered(
        "steps",
        "{{steps.a.outputs.result}}",
        numbered((n) => `t${n}`),
      ),
    ).toBe('["t0","t1","t2"]');
    expect(
      gathered(
        "steps",
        "{{steps.a.outputs.parameters.p}}",
        numbered((n) => `{"n":${n}}`),
      ),
    ).toBe('[{"n":0},{"n":1},{"n":2}]');
  });

  test("is readable in an expression", () => {
    expect(gathered("tasks", "{{=sum(fromJSON(tasks.a.outputs.result))}}", numbered(String))).toBe("3");
    expect(gathered("steps", "{{=fromJSON(steps.a.outputs.parameters.p)[2]}}", numbered(String))).toBe("2");
  });
});

describe("chance", () => {
  const drawn = () => {
    const value = "{{=sprig.uuidv4()}} {{=sprig.uuidv4()}}";
    const args = { arguments: { parameters: [{ name: "v", value }] } };
    const own = { name: "w", default: "{{=sprig.uuidv4()}}" };
    const main: Template = {
      name: "main",
      steps: [
        [
          { name: "loop", template: "echo", withItems: ["x", "x"], ...args },
          { name: "one", template: "echo", ...args },
        ],
      ],
    };
    const text = "{{inputs.parameters.v}} {{inputs.parameters.w}} {{=sprig.uuidv4()}}";
    const template = echo(text, { inputs: { parameters: [{ name: "v" }, own] } });
    const { started } = runToEnd(withMetadata([main, template]));
    return started.flatMap(({ work }) => (work.kind === "container" ? (work.container.args ?? []) : []));
  };

  test("is another in each place: steps, items, arguments and inputs", () => {
    const ids = drawn().join(" ").split(" ");
    expect(ids).toHaveLength(12);
    expect(new Set(ids).size).toBe(12);
  });

  test("is the same when the same facts are gone through again", () => {
    expect(drawn()).toEqual(drawn());
  });
});

describe("arguments of the workflow", () => {
  const bound = (values: Readonly<Record<string, string>>): unknown => {
    const parameters = Object.entries(values).map(([name, value]) => ({ name, value }));
    const { run } = runToEnd(withMetadata([{ ...echo("x"), name: "main" }], { arguments: { parameters } }));
    return Object.fromEntries(run.parameters);
  };

  test("name each other in any order, and keep their own", () => {
    expect(
      bound({
        c: "{{workflow.parameters.b}}!",
        b: "{{=sprig.upper(workflow.parameters['a-a'])}}-{{workflow.name}}",
        "a-a": "x",
      }),
    ).toEqual({ c: "X-wf!", b: "X-wf", "a-a": "x" });
  });

  test("put in as they are: a tag in one that is named is data", () => {
    expect(bound({ a: "{{no.tag}} {{=1 +}}", b: "{{workflow.parameters.a}}" })).toEqual({
      a: "{{no.tag}} {{=1 +}}",
      b: "{{no.tag}} {{=1 +}}",
    });
  });

  test("that lead back to themselves, or to what is not there yet, stay as they are written", () => {
    expect(
      bound({ a: "{{workflow.parameters.b}}", b: "{{workflow.parameters.a}}", c: "{{workflow.status}}" }),
    ).toEqual({
      a: "{{workflow.parameters.a}}",
      b: "{{workflow.parameters.a}}",
      c: "{{workflow.status}}",
    });
  });
});
