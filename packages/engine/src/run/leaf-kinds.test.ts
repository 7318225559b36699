import { describe, expect, test } from "vitest";
import { projectWorkflow } from "../project/workflow.ts";
import { aWorkflow, runToEnd, shTemplate } from "../testing/index.ts";

describe("a step of type http", () => {
  const http = aWorkflow({
    parallelism: 1,
    templates: [
      {
        name: "main",
        steps: [
          [
            {
              name: "get",
              template: "get",
              arguments: { parameters: [{ name: "q", value: `" || true || "` }] },
            },
          ],
          [
            {
              name: "show",
              template: "show",
              arguments: { parameters: [{ name: "m", value: "{{steps.get.outputs.result}}" }] },
            },
          ],
        ],
      },
      {
        name: "get",
        inputs: { parameters: [{ name: "q" }] },
        http: {
          url: "http://x/{{inputs.parameters.q}}",
          body: "{{workflow.name}}",
          successCondition: `response.body contains "{{inputs.parameters.q}}" && response.statusCode == {{= 100 + 100 }}`,
        },
      },
      {
        name: "show",
        inputs: { parameters: [{ name: "m" }] },
        container: { image: "alpine", command: ["echo"], args: ["{{inputs.parameters.m}}"] },
      },
    ],
  });

  test("is a node of type HTTP without exit code, whose body is the result of the next", () => {
    const ended = runToEnd(http, (step) => (step.work.kind === "http" ? { result: "body" } : {}));

    expect(ended.run.phase).toBe("Succeeded");
    expect(ended.node("get")).toMatchObject({
      type: "HTTP",
      phase: "Succeeded",
      outputs: { result: "body" },
    });
    expect(ended.node("get").outputs).not.toHaveProperty("exitCode");
    expect(ended.started[1]?.work).toMatchObject({ container: { args: ["body"] } });
    // A request counts as a leaf, as it does in Argo.
    expect(projectWorkflow(ended.run).status.progress).toBe("2/2");
  });

  test("gets its condition with the tags' values beside it, never in it", () => {
    const [step] = runToEnd(http).started;

    expect(step?.work).toMatchObject({
      kind: "http",
      http: { url: `http://x/" || true || "`, body: "wf" },
    });
    const success = step?.work.kind === "http" ? step.work.success : undefined;
    expect(success?.text).toMatch(
      /^response.body contains "\{\{inputs.parameters.q\}\}" && response.statusCode == \{\{_value\d+\}\}$/,
    );
    expect(Object.values(success?.tags ?? {}).toSorted()).toEqual([`" || true || "`, "200"]);
  });

  test("fails in the executor's own words, and is an Error where it could not be done", () => {
    const failed = runToEnd(http, () => ({ exitCode: 1, message: "received non-2xx response code: 404" }));
    expect(failed.node("get")).toMatchObject({
      phase: "Failed",
      message: "received non-2xx response code: 404",
    });

    const broken = runToEnd(http, () => ({
      exitCode: 1,
      error: true,
      message: "error processing task: no answer",
    }));
    expect(broken.node("get")).toMatchObject({ phase: "Error", message: "error processing task: no answer" });
  });
});

describe("a containerSet", () => {
  const set = aWorkflow({
    entrypoint: "flow",
    templates: [
      {
        name: "flow",
        dag: {
          tasks: [
            { name: "set", template: "set" },
            { name: "after", template: "main", dependencies: ["set"] },
          ],
        },
      },
      {
        name: "set",
        containerSet: {
          containers: [
            { name: "a", image: "alpine", command: ["{{workflow.name}}"] },
            { name: "b", image: "alpine", dependencies: ["a"] },
            { name: "main", image: "alpine", dependencies: ["a"] },
          ],
        },
      },
      { name: "main", container: { image: "alpine", command: ["true"] } },
    ],
  });
  const ends = (b: number) => ({
    exitCode: b,
    containers: [
      { name: "a", phase: "Succeeded" as const, exitCode: 0, startedAt: 1, finishedAt: 2 },
      b === 0
        ? { name: "b", phase: "Succeeded" as const, exitCode: 0 }
        : { name: "b", phase: "Failed" as const, exitCode: b, message: `Error (exit code ${b})` },
      { name: "main", phase: "Succeeded" as const, exitCode: 0 },
    ],
  });

  test("is one step and a node for each container, drawn by its dependencies", () => {
    const ended = runToEnd(set, (step) => (step.work.kind === "containerSet" ? ends(0) : {}));

    expect(ended.run.phase).toBe("Succeeded");
    expect(ended.started.map(({ work }) => work.kind)).toEqual(["containerSet", "container"]);
    expect(ended.started[0]?.work).toMatchObject({
      containerSet: { containers: [{ command: ["wf"] }, {}, {}] },
    });
    const [pod, a, b, main, after] = ["set", "a", "b", "main", "after"].map((name) => ended.node(name));
    expect(pod).toMatchObject({ type: "Pod", children: [a?.id] });
    expect(a).toMatchObject({
      type: "Container",
      name: "wf.set.a",
      boundaryId: pod?.id,
      startedAt: 1,
      finishedAt: 2,
    });
    expect(a?.children).toEqual([b?.id, main?.id]);
    expect(b?.children).toEqual([after?.id]);
    // A containerSet's containers count beside their pod, as in Argo.
    expect(projectWorkflow(ended.run).status.progress).toBe("5/5");
  });

  test("fails with the container that failed, and has main's exit code", () => {
    const ended = runToEnd(set, () => ends(4));

    expect(ended.node("set")).toMatchObject({
      phase: "Failed",
      message: "b: Error (exit code 4)",
      outputs: { exitCode: "0" },
    });
    expect(ended.node("b")).toMatchObject({ phase: "Failed", message: "Error (exit code 4)" });
  });

  test("ends all its nodes when the step is lost", () => {
    const ended = runToEnd(set, () => ({ lost: "pod deleted" }));
    expect(ended.node("set")).toMatchObject({ phase: "Error", message: "pod deleted" });
    for (const name of ["a", "b", "main"])
      expect(ended.node(name)).toMatchObject({ phase: "Error", message: "container deleted" });
  });
});

test("a script without a source is a container: its command gets no file", () => {
  const script = { image: "a", command: ["echo"], args: ["{{inputs.parameters.v}}"], source: "" };
  const template = { name: "main", inputs: { parameters: [{ name: "v", value: "[]" }] }, script };
  const { started } = runToEnd(aWorkflow({ templates: [template] }));
  expect(started[0]?.work).toEqual({
    kind: "container",
    container: { image: "a", command: ["echo"], args: ["[]"] },
  });
});

test("a workflow's own claims are volumes of its steps, by Argo's names", () => {
  const [step] = runToEnd(
    aWorkflow({
      volumes: [{ name: "x", emptyDir: {} }],
      volumeClaimTemplates: [{ metadata: { name: "work" }, spec: {} }],
    }),
  ).started;

  expect(step?.pod).toMatchObject({
    volumes: [{ name: "x" }, { name: "work", persistentVolumeClaim: { claimName: "wf-work" } }],
    volumeClaims: ["wf-work"],
  });
  expect(step?.claims).toEqual([{ metadata: { name: "wf-work" }, spec: {} }]);
});

describe("a resource template whose manifest is an artifact", () => {
  const resource = (artifact: Record<string, unknown>, inputs: readonly Record<string, unknown>[]) =>
    aWorkflow({
      templates: [
        {
          name: "main",
          inputs: { artifacts: inputs as never },
          resource: { action: "create", manifestFrom: { artifact: artifact as never } },
        },
      ],
    });

  test("is told where its content is, whatever path it has in a container", () => {
    const raw = [{ name: "m", path: "/tmp/m", raw: { data: "kind: {{workflow.name}}" } }];
    const [step] = runToEnd(resource({ name: "m" }, raw)).started;

    expect(step?.work).toMatchObject({ manifestFrom: { name: "m", source: { kind: "raw" } } });
    const [keyed] = runToEnd(resource({ name: "m" }, [{ name: "m", s3: { key: "a/b" } }])).started;
    expect(keyed?.work).toMatchObject({ manifestFrom: { source: { kind: "key", key: "a/b" } } });
  });

  test("is an Error where there is no such artifact", () => {
    expect(runToEnd(resource({ name: "x" }, [])).run).toMatchObject({
      phase: "Error",
      message:
        "error in entry template execution: artifact x in `manifestFrom` refer to a non-exist artifact",
    });
  });
});

describe("a podSpecPatch", () => {
  const patched = (podSpecPatch: string, template: string) =>
    aWorkflow({
      podSpecPatch,
      arguments: { parameters: [{ name: "mem", value: '1Gi", "cpu": "9' }] },
      templates: [
        {
          name: "main",
          podSpecPatch: template,
          container: { image: "alpine", command: ["true"] },
        },
      ],
    });

  test("of the workflow comes first, and values of parameters stay in their places", () => {
    const [step] = runToEnd(
      patched(
        'containers: [{name: main, image: a, workingDir: "/{{pod.name}}"}]',
        '{"containers":[{"name":"main","image":"b","resources":{"limits":{"memory":"{{workflow.parameters.mem}}"}}}]}',
      ),
    ).started;

    expect(step?.work).toMatchObject({
      container: { image: "b", workingDir: "/wf", resources: { limits: { memory: '1Gi", "cpu": "9' } } },
    });
  });

  test("that is wrong makes the node an Error that shows it", () => {
    expect(runToEnd(patched("containers: 1", "")).run).toMatchObject({
      phase: "Error",
      message: "error in entry template execution: Error applying PodSpecPatch: containers is no list",
    });
  });
});

describe("a volume that nothing declares", () => {
  const mounts = { volumeMounts: [{ name: "data", mountPath: "/data" }] };
  const sh = (more: object) =>
    shTemplate("main", { container: { image: "alpine", command: ["true"], ...mounts }, ...more });
  const wanted = "volume 'data' not found in workflow spec";

  test("is an Error of the entry template, in Argo's words, and nothing is started", () => {
    const ended = runToEnd(aWorkflow({ templates: [sh({})] }));

    expect(ended.run).toMatchObject({
      phase: "Error",
      message: `error in entry template execution: ${wanted}`,
    });
    expect(ended.run.nodes.get("wf")).toMatchObject({ phase: "Error", message: wanted });
    expect(ended.started).toEqual([]);
  });

  test.each([
    ["a sidecar", { container: { image: "a" }, sidecars: [{ name: "s", image: "a", ...mounts }] }],
    [
      "an init container",
      { container: { image: "a" }, initContainers: [{ name: "s", image: "a", ...mounts }] },
    ],
    ["a script", { container: undefined, script: { image: "a", source: "x", ...mounts } }],
  ])("is missed by %s too", (_, more) => {
    expect(runToEnd(aWorkflow({ templates: [sh(more)] })).run.message).toContain(wanted);
  });

  test("is an error of the group and of the task that use it", () => {
    const leaf = { ...sh({}), name: "leaf" };
    const steps = runToEnd(
      aWorkflow({ templates: [{ name: "main", steps: [[{ name: "a", template: "leaf" }]] }, leaf] }),
    ).run;
    const dag = runToEnd(
      aWorkflow({ templates: [{ name: "main", dag: { tasks: [{ name: "a", template: "leaf" }] } }, leaf] }),
    ).run;
    const messages = (run: typeof dag) => [...run.nodes.values()].map(({ message }) => message);

    expect(messages(steps)).toContain(`step group deemed errored due to child wf[0].a error: ${wanted}`);
    expect(messages(dag)).toContain(`task 'wf.a' errored: ${wanted}`);
  });

  test("is tried again where errors are", () => {
    const retryStrategy = { limit: 1, retryPolicy: "Always" as const };
    const { nodes, phase } = runToEnd(aWorkflow({ templates: [sh({ retryStrategy })] })).run;

    expect(phase).toBe("Error");
    expect([...nodes.values()].filter(({ message }) => message === wanted)).toHaveLength(2);
  });

  test("is none when the template, the workflow, a claim or a patch declares it", () => {
    const volumes = [{ name: "data", emptyDir: {} }];
    const claims = [{ metadata: { name: "data" }, spec: {} }];
    const podSpecPatch = "volumes: [{name: data, emptyDir: {}}]";
    for (const workflow of [
      aWorkflow({ templates: [sh({ volumes })] }),
      aWorkflow({ templates: [sh({})], volumes }),
      aWorkflow({ templates: [sh({})], volumeClaimTemplates: claims }),
      aWorkflow({ templates: [sh({ podSpecPatch })] }),
    ])
      expect(runToEnd(workflow).run.phase).toBe("Succeeded");
  });
});
