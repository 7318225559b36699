// Settings of the installation that reach into workflows: defaults, what may be submitted, how many are kept.
import { expect, test, vi } from "vitest";
import { greet, jsonOf, write } from "./cli-fixtures.ts";
import { SluiceProcess } from "./sluice-process.ts";

vi.setConfig({ testTimeout: 120_000 });

test("workflowDefaults come under the workflow and its template, and retentionPolicy keeps the newest", async () => {
  await using sluice = await SluiceProcess.prepare();
  await write(
    sluice,
    "settings.yaml",
    `
retentionPolicy: { completed: 1 }
workflowDefaults:
  metadata: { labels: { tier: default, team: none } }
  spec: { parallelism: 3, arguments: { parameters: [{ name: who, value: default }] } }
`,
  );
  await write(sluice, "greet.yaml", greet("greet"));
  await write(
    sluice,
    "template.yaml",
    `
apiVersion: argoproj.io/v1alpha1
kind: WorkflowTemplate
metadata: { name: lib }
spec:
  entrypoint: main
  parallelism: 7
  templates: [{ name: main, container: { image: alpine:3.6, command: [echo, "{{workflow.parameters.who}}"] } }]
`,
  );
  await sluice.up({ args: ["--config", "settings.yaml"], files: ["template.yaml"] });

  const own = jsonOf(await sluice.run("submit", "greet.yaml", "--name", "own", "--wait", "--json"));
  const from = jsonOf(
    await sluice.run("submit", "--from", "workflowtemplate/lib", "--name", "from", "--wait", "--json"),
  );

  expect(own.metadata.labels).toMatchObject({ tier: "default", team: "blue" });
  expect(own.spec).toMatchObject({
    parallelism: 3,
    arguments: { parameters: [{ name: "who", value: "world" }] },
  });
  expect(from.status.storedWorkflowTemplateSpec).toMatchObject({ parallelism: 7 });
  expect((await sluice.run("logs", "from", "--no-prefix")).stdout).toBe("default\n");
  await untilGone(sluice, "own");
  expect((await sluice.run("list", "-o", "name")).stdout).toBe("from\n");
});

test("templateReferencing takes only what refers to a template, from every side", async () => {
  await using sluice = await SluiceProcess.start({ env: { SLUICE_TEMPLATE_REFERENCING: "Strict" } });
  await write(sluice, "greet.yaml", greet("greet"));

  const refused = await sluice.run("submit", "greet.yaml");

  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain("ENGINE_REFERENCE_REQUIRED");
  expect(refused.stderr).toContain("sluice submit --from workflowtemplate/NAME");
});

/** The server's own watch says when it is deleted. */
async function untilGone(sluice: SluiceProcess, name: string): Promise<void> {
  const stop = new AbortController();
  const response = await fetch(
    `${sluice.url}/api/v1/workflow-events/default?listOptions.fieldSelector=metadata.name%3D${name}`,
    { signal: stop.signal },
  );
  if ((await sluice.run("get", name)).code === 0)
    for await (const chunk of response.body ?? [])
      if (Buffer.from(chunk).toString("utf8").includes('"DELETED"')) break;
  stop.abort();
}
