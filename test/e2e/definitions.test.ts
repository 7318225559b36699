// Templates of other resources, with real processes: by trigger, by command line, and over a crash.
import { describe, expect, test } from "vitest";
import { freePort } from "../free-port.ts";
import { jsonOf, write } from "./cli-fixtures.ts";
import { Counter, manifestFile, submittingSensor, webhookSource, workflowsEnded } from "./fixtures.ts";
import { SluiceProcess } from "./sluice-process.ts";

const library = (says: string): string => `
apiVersion: argoproj.io/v1alpha1
kind: WorkflowTemplate
metadata: { name: library }
spec:
  entrypoint: twice
  arguments: { parameters: [{ name: who, value: nobody }] }
  workflowMetadata:
    labels: { team: blue }
    labelsFrom: { greets: { expression: workflow.parameters.who } }
  templates:
    - name: twice
      steps:
        - - { name: one, template: say }
        - - { name: two, template: say }
        - - name: shared
            templateRef: { name: shared, template: say, clusterScope: true }
    - name: say
      container:
        image: alpine:3.6
        env: [{ name: WHO, value: "{{workflow.parameters.who}}" }]
        command: [bash, -c]
        args: ['${says}']
---
apiVersion: argoproj.io/v1alpha1
kind: ClusterWorkflowTemplate
metadata: { name: shared }
spec:
  templates:
    - name: say
      inputs:
        parameters:
          - name: word
            valueFrom: { configMapKeyRef: { name: words, key: "{{workflow.labels.team}}" } }
      container: { image: alpine:3.6, command: [echo, "shared {{inputs.parameters.word}}"] }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: words, labels: { workflows.argoproj.io/configmap-type: Parameter } }
data: { blue: sky, red: rose }
`;
const echo = 'echo "hello $WHO"';

describe("a workflow template", () => {
  test("in a folder of `up` is run by a sensor's workflow that names it, with event data as its argument", async () => {
    const port = await freePort();
    await using sluice = await SluiceProcess.prepare();
    const spec = `
workflowTemplateRef: { name: library }
arguments: { parameters: [{ name: who, value: x }] }
`;
    const sensor = `${submittingSensor({ spec })}
      parameters:
        - src: { dependencyName: push, dataKey: body.who }
          dest: argoWorkflow.source.resource.spec.arguments.parameters.0.value
`;
    await sluice.up({ files: [await manifestFile(sluice, webhookSource(port), sensor, library(echo))] });

    await fetch(`http://127.0.0.1:${port}/push`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ who: "ann" }),
    });
    const [workflow] = await workflowsEnded(sluice, 1);

    expect(workflow?.status?.phase).toBe("Succeeded");
    const logs = await sluice.run("logs", workflow?.metadata.name ?? "", "--no-prefix");
    expect(logs.stdout).toBe("hello ann\nhello ann\nshared sky\n");
    const found = jsonOf(await sluice.run("list", "-l", "team=blue,greets=ann", "--json"));
    expect(found.items).toHaveLength(1);
  });

  test("is run by the command line, and a run keeps what it took when the template goes", async () => {
    await using counter = await Counter.listen();
    await using sluice = await SluiceProcess.start();
    const file = await write(sluice, "library.yaml", library(`${counter.say("w")}; ${echo}; sleep 1`));
    const applied = await sluice.run("apply", "-f", file);
    expect(applied.code, applied.stderr).toBe(0);

    const submitted = jsonOf(
      await sluice.run("submit", "--from", "workflowtemplate/library", "-p", "who=bob", "--json"),
    );
    await counter.said("w");
    expect((await sluice.run("template", "delete", "library")).code).toBe(0);
    expect((await sluice.run("cluster-template", "delete", "shared")).code).toBe(0);
    const { name } = submitted.metadata;
    const waited = await sluice.run("wait", name);

    expect(waited.code, waited.stderr).toBe(0);
    const got = jsonOf(await sluice.run("get", name, "--json"));
    expect(Object.keys(got.status.storedTemplates)).toEqual(["cluster/shared/say"]);
    const again = await sluice.run("submit", "--from", "workflowtemplate/library");
    expect(again.stderr).toContain('WorkflowTemplate "default/library" not found');
  });

  test("that a workflow names wrongly is refused with what was meant, by lint and by submit", async () => {
    await using sluice = await SluiceProcess.start();
    await sluice.run("apply", "-f", await write(sluice, "library.yaml", library(echo)));
    const wrong = await write(
      sluice,
      "wrong.yaml",
      `
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: { generateName: wrong- }
spec:
  entrypoint: main
  templates:
    - name: main
      steps: [[{ name: a, templateRef: { name: libary, template: say } }]]
`,
    );

    for (const command of ["lint", "submit"]) {
      const result = await sluice.run(command, wrong);
      expect(result.code).not.toBe(0);
      expect(result.stdout + result.stderr).toContain("template reference libary.say not found");
      expect(result.stdout + result.stderr).toContain("did you mean 'library'?");
    }
    const offline = await sluice.run("lint", wrong, "--offline");
    expect(offline.code, offline.stderr).toBe(0);
    expect(offline.stdout).toContain("WorkflowTemplate 'libary' is not known here");
    const beside = await sluice.run("lint", wrong, "library.yaml", "--offline");
    expect(beside.stdout + beside.stderr).toContain("did you mean 'library'?");
  });
});
