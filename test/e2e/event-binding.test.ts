// Argo Workflows' own events: stored before the answer, matched by bindings, one workflow an event.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { listWorkflows, workflowsEnded } from "./fixtures.ts";
import { SluiceProcess } from "./sluice-process.ts";

const manifests = `
apiVersion: argoproj.io/v1alpha1
kind: WorkflowTemplate
metadata: { name: consumer }
spec:
  entrypoint: main
  arguments: { parameters: [{ name: salutation, value: hello }] }
  templates:
    - name: main
      inputs: { parameters: [{ name: salutation, value: "{{workflow.parameters.salutation}}" }] }
      container: { image: "alpine:3.6", command: [echo, "{{inputs.parameters.salutation}}"] }
---
apiVersion: argoproj.io/v1alpha1
kind: WorkflowEventBinding
metadata: { name: consumer }
spec:
  event: { selector: 'payload.message != "" && metadata["x-test"] == ["yes"] && discriminator == "mine"' }
  submit:
    workflowTemplateRef: { name: consumer }
    arguments: { parameters: [{ name: salutation, valueFrom: { event: payload.message } }] }
`;

test("an event whose workflow cannot be made is a dead letter; it is redriven when the binding is mended", async () => {
  await using sluice = await SluiceProcess.prepare();
  const file = join(sluice.folder, "binding.yaml");
  const text = manifests.replace(
    "valueFrom: { event: payload.message }",
    "valueFrom: { event: payload.who.name }",
  );
  await writeFile(file, text);
  await sluice.up({ files: [file] });
  await sluice.json("POST", "/api/v1/events/default/mine", { message: "good day" }, { "x-test": "yes" });
  const letters = async (): Promise<readonly { id: string; code: string; request: { kind: string } }[]> =>
    JSON.parse((await sluice.run("dead", "list", "--json")).stdout);
  let [letter] = await letters();
  for (; letter === undefined; [letter] = await letters());

  expect(letter.request.kind).toBe("WorkflowEventBinding");
  expect((await sluice.run("dead", "show", letter.id)).stdout).toContain("good day");
  const still = await sluice.run("dead", "redrive", letter.id);
  expect(still.code).toBe(1);
  expect(await letters()).toHaveLength(1);

  await writeFile(file, manifests);
  await sluice.run("apply", "-f", file);
  const redriven = await sluice.run("dead", "redrive", "--all");
  expect(redriven.code, redriven.stderr).toBe(0);
  const [run] = await workflowsEnded(sluice, 1);
  expect(run?.status?.phase).toBe("Succeeded");
  expect(await letters()).toEqual([]);
});

test("an event that fits submits the template once, also when it is sent again; one that does not says why", async () => {
  await using sluice = await SluiceProcess.prepare();
  const file = join(sluice.folder, "binding.yaml");
  await writeFile(file, manifests);
  await sluice.up({ files: [file] });
  const send = (id: string, headers: Record<string, string>) =>
    sluice.json<{ id: string; duplicate: boolean }>(
      "POST",
      "/api/v1/events/default/mine",
      { message: "good day" },
      { "x-github-delivery": id, ...headers },
    );

  await send("no", { "x-test": "no" });
  expect(await send("one", { "x-test": "yes" })).toEqual({ id: "one", duplicate: false });
  expect(await send("one", { "x-test": "yes" })).toEqual({ id: "one", duplicate: true });
  const ended = await workflowsEnded(sluice, 1);

  expect(ended.map((run) => run.status?.phase)).toEqual(["Succeeded"]);
  const [run] = ended;
  expect((await sluice.run("logs", run?.metadata.name ?? "", "--no-prefix")).stdout).toBe("good day\n");
  await sluice.kill();
  await sluice.up({ files: [file] });
  expect(await listWorkflows(sluice)).toHaveLength(1);
  const shown = await sluice.run("events", "show", "no", "--json");
  expect(shown.stdout, shown.stderr).toContain('"passed": false');
});
