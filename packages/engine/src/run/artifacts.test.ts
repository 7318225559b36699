import { describe, expect, it } from "vitest";
import { projectWorkflow } from "../project/workflow.ts";
import { aWorkflow } from "../testing/a-workflow.ts";
import { runToEnd, type ScriptedEnd } from "../testing/run-to-end.ts";

const container = { image: "busybox", command: ["true"] };
const maker = (name: string, output: Readonly<Record<string, unknown>> = {}) => ({
  name,
  container,
  outputs: { artifacts: [{ name: "out", path: "/tmp/out", ...output }] },
});
const taker = { name: "take", container, inputs: { artifacts: [{ name: "in", path: "/tmp/in" }] } };
const saved = (key: string): ScriptedEnd => ({ artifacts: { out: { key, bytes: 3, hash: "ab" } } });
const from = (text: string) => ({ artifacts: [{ name: "in", from: text }] });

/** Saves what it is told to, as a good executor does. */
const saving = (step: {
  readonly artifacts?: { readonly outputs: readonly { name: string; key: string }[] } | undefined;
}) => ({
  artifacts: Object.fromEntries(
    (step.artifacts?.outputs ?? []).map(({ name, key }) => [name, { key, bytes: 3, hash: "ab" }]),
  ),
});

describe("an artifact from step to step", () => {
  const workflow = aWorkflow({
    entrypoint: "main",
    templates: [
      maker("make"),
      taker,
      {
        name: "main",
        steps: [
          [{ name: "a", template: "make" }],
          [{ name: "b", template: "take", arguments: from("{{steps.a.outputs.artifacts.out}}") }],
        ],
      },
    ],
  });

  it("is saved under the key that Argo would choose, and brought from there", () => {
    const { run, started, node } = runToEnd(workflow, saving);

    const key = `${run.key.name}/${node("a").podName}/out.tgz`;
    expect(run.phase).toBe("Succeeded");
    expect(started[0]?.artifacts?.outputs).toEqual([
      { name: "out", path: "/tmp/out", key, archive: { kind: "tar" }, optional: false },
    ]);
    expect(started[1]?.artifacts?.inputs).toEqual([
      { name: "in", path: "/tmp/in", source: { kind: "key", key }, optional: false },
    ]);
  });

  it("is shown in Argo's shape at both nodes", () => {
    const { run, node } = runToEnd(workflow, saving);

    const { nodes } = projectWorkflow(run).status;
    const key = `${run.key.name}/${node("a").podName}/out.tgz`;
    expect(nodes[node("a").id]?.["outputs"]).toMatchObject({
      artifacts: [{ name: "out", path: "/tmp/out", s3: { key } }],
    });
    expect(nodes[node("b").id]?.["inputs"]).toEqual({
      artifacts: [{ name: "in", path: "/tmp/in", s3: { key } }],
    });
  });

  it("that is missing makes a step that went well an Error, and leaves a failed one Failed", () => {
    const good = runToEnd(workflow, () => ({}));
    const bad = runToEnd(workflow, () => ({ exitCode: 1 }));

    expect(good.node("a")).toMatchObject({
      phase: "Error",
      message: "failed to save outputs: output artifact 'out' has no file at /tmp/out",
    });
    expect(bad.node("a")).toMatchObject({ phase: "Failed", message: "main: Error (exit code 1)" });
  });

  it("that could not be saved says why", () => {
    const { node } = runToEnd(workflow, () => ({ unsaved: { out: "too large" } }));

    expect(node("a").message).toBe("failed to save outputs: too large");
  });

  it("is looked for where it was saved, whatever this version would call it", () => {
    const { started } = runToEnd(workflow, (step) => (step.node.template === "make" ? saved("old/key") : {}));

    expect(started[1]?.artifacts?.inputs[0]?.source).toEqual({ kind: "key", key: "old/key" });
  });
});

describe("an artifact that was not made", () => {
  const skipping = (input: Readonly<Record<string, unknown>>) =>
    aWorkflow({
      entrypoint: "main",
      templates: [
        maker("make"),
        { ...taker, inputs: { artifacts: [{ name: "in", path: "/tmp/in", ...input }] } },
        {
          name: "main",
          steps: [
            [{ name: "a", template: "make", when: "1 == 2" }],
            [{ name: "b", template: "take", arguments: from("{{steps.a.outputs.artifacts.out}}") }],
          ],
        },
      ],
    });

  it("is an error where it is needed", () => {
    const { run, node } = runToEnd(skipping({}));

    expect(run.phase).toBe("Failed");
    expect(node("b")).toMatchObject({
      phase: "Error",
      message: "inputs.artifacts.in was not supplied",
    });
  });

  it("is left out where it is optional", () => {
    const { run, started } = runToEnd(skipping({ optional: true }));

    expect(run.phase).toBe("Succeeded");
    expect(started[0]?.artifacts).toBeUndefined();
  });

  it("can be handed on from an optional input, which has its path all the same", () => {
    const passing = (optional: boolean) =>
      aWorkflow({
        entrypoint: "main",
        templates: [
          {
            ...taker,
            inputs: { artifacts: [{ name: "in", path: "/tmp/in", ...(optional ? { optional } : {}) }] },
            container: { image: "alpine", command: ["test"], args: ["-e", "{{inputs.artifacts.in.path}}"] },
          },
          {
            name: "main",
            inputs: { artifacts: [{ name: "given", optional: true }] },
            steps: [
              [{ name: "b", template: "take", arguments: from("{{inputs.artifacts.given}}") }],
              [{ name: "c", template: "take", when: "1 == 2" }],
            ],
          },
        ],
      });

    const { run, started } = runToEnd(passing(true));
    expect(run.phase).toBe("Succeeded");
    expect(started[0]?.artifacts).toBeUndefined();
    expect(started[0]?.work).toMatchObject({ container: { args: ["-e", "/tmp/in"] } });
    expect(runToEnd(passing(false)).node("b")).toMatchObject({
      phase: "Error",
      message: "inputs.artifacts.in was not supplied",
    });
  });

  it("by a step that ran, being optional, is absent too", () => {
    const { run } = runToEnd(
      aWorkflow({
        entrypoint: "main",
        templates: [
          maker("make", { optional: true }),
          { ...taker, inputs: { artifacts: [{ name: "in", path: "/tmp/in", optional: true }] } },
          {
            name: "main",
            steps: [
              [{ name: "a", template: "make" }],
              [{ name: "b", template: "take", arguments: from("{{steps.a.outputs.artifacts.out}}") }],
            ],
          },
        ],
      }),
    );

    expect(run.phase).toBe("Succeeded");
  });
});

describe("artifacts of composite templates", () => {
  const choosing = (condition: string) =>
    aWorkflow({
      entrypoint: "main",
      templates: [
        maker("make"),
        taker,
        {
          name: "inner",
          inputs: { artifacts: [{ name: "given", optional: true }] },
          dag: {
            tasks: [
              { name: "x", template: "make", when: condition },
              { name: "y", template: "make", when: `!(${condition})` },
            ],
          },
          outputs: {
            artifacts: [
              {
                name: "one",
                fromExpression:
                  "tasks.x.status == 'Succeeded' ? tasks.x.outputs.artifacts.out : tasks.y.outputs.artifacts.out",
                globalName: "best",
              },
            ],
          },
        },
        {
          name: "main",
          steps: [
            [{ name: "in", template: "inner" }],
            [
              { name: "t", template: "take", arguments: from("{{steps.in.outputs.artifacts.one}}") },
              { name: "g", template: "take", arguments: from("{{workflow.outputs.artifacts.best}}") },
            ],
          ],
        },
      ],
    });

  it("come from the child that an expression chooses, and can be exported", () => {
    for (const [condition, child] of [
      ["1 == 1", "x"],
      ["1 == 2", "y"],
    ] as const) {
      const { run, started, node } = runToEnd(choosing(condition), saving);

      const key = `${run.key.name}/${node(child).podName}/out.tgz`;
      expect(run.phase).toBe("Succeeded");
      expect(started.slice(1).map((s) => s.artifacts?.inputs[0]?.source)).toEqual([
        { kind: "key", key },
        { kind: "key", key },
      ]);
      expect(projectWorkflow(run).status["outputs"]).toEqual({
        artifacts: [{ name: "best", s3: { key }, globalName: "best" }],
      });
    }
  });
});

describe("written locations", () => {
  it("are raw data or a key, made of parameters, and a part of what lies there", () => {
    const { started } = runToEnd(
      aWorkflow({
        entrypoint: "main",
        arguments: { artifacts: [{ name: "text", raw: { data: "of {{workflow.name}}" } }] },
        templates: [
          {
            name: "main",
            inputs: {
              parameters: [{ name: "p", value: "x y" }],
              artifacts: [
                { name: "text", path: "/text" },
                {
                  name: "part",
                  path: "/part/",
                  s3: { key: "/a//{{inputs.parameters.p}}" },
                  subPath: "b/c",
                  mode: 493,
                },
              ],
            },
            container: { image: "busybox", command: ["cat", "{{inputs.artifacts.part.path}}"] },
            outputs: {
              artifacts: [
                {
                  name: "o",
                  path: "/o/{{inputs.parameters.p}}",
                  gcs: { key: "k/{{pod.name}}" },
                  archive: { none: {} },
                },
              ],
            },
          },
        ],
      }),
      saving,
    );

    expect(started[0]?.artifacts).toEqual({
      inputs: [
        { name: "text", path: "/text", source: { kind: "raw", data: "of wf" }, optional: false },
        {
          name: "part",
          path: "/part",
          source: { kind: "key", key: "a/x y" },
          subPath: "b/c",
          mode: 493,
          optional: false,
        },
      ],
      outputs: [{ name: "o", path: "/o/x y", key: "k/wf", archive: { kind: "none" }, optional: false }],
    });
  });

  it("outside the default repository, or upwards, end the node with an Error", () => {
    for (const [location, words] of [
      [{ s3: { key: "a", bucket: "b" } }, /'s3.bucket'/],
      [{ git: { repo: "https://example.com" } }, /'git'/],
      [{ s3: { key: "a/../b" } }, /names no place/],
    ] as const) {
      const { run, node } = runToEnd(
        aWorkflow({ entrypoint: "make", templates: [maker("make", location as never)] }),
        saving,
      );
      expect(run.phase).toBe("Error");
      expect(node("wf").message).toMatch(words);
    }
  });
});

describe("hooks and exit handlers", () => {
  it("get the artifacts of the step that ended", () => {
    const { started } = runToEnd(
      aWorkflow({
        entrypoint: "main",
        templates: [
          maker("make"),
          taker,
          {
            name: "main",
            steps: [
              [
                {
                  name: "a",
                  template: "make",
                  hooks: { exit: { template: "take", arguments: from("{{steps.a.outputs.artifacts.out}}") } },
                },
              ],
            ],
          },
        ],
      }),
      saving,
    );

    expect(started[1]?.artifacts?.inputs[0]?.source).toMatchObject({ kind: "key" });
  });
});
