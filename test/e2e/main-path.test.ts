import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { freePort } from "../free-port.ts";
import {
  Counter,
  listWorkflows,
  manifestFile,
  submittingSensor,
  webhookSource,
  workflowsEnded,
} from "./fixtures.ts";
import { root, runSluice, SluiceProcess } from "./sluice-process.ts";

const hello = `
entrypoint: hello
arguments: { parameters: [{ name: who, value: nobody }] }
templates:
  - name: hello
    container:
      image: alpine:3.6
      env: [{ name: WHO, value: "{{workflow.parameters.who}}" }]
      command: [sh, -c]
      args: ['echo "hello $WHO"']
`;

describe("a webhook, a sensor and a workflow", () => {
  test("an HTTP POST becomes a stored event, a verdict and one workflow that prints its data", async () => {
    const port = await freePort();
    await using sluice = await SluiceProcess.prepare();
    const sensor = `${submittingSensor({ spec: hello })}
      parameters:
        - src: { dependencyName: push, dataKey: body.who }
          dest: argoWorkflow.source.resource.spec.arguments.parameters.0.value
`;
    await sluice.up({ files: [await manifestFile(sluice, webhookSource(port), sensor)] });

    const answer = await fetch(`http://127.0.0.1:${port}/push`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-github-delivery": "delivery-0001" },
      body: JSON.stringify({ who: "{{workflow.name}} $(id)" }),
    });
    expect(answer.status).toBe(200);
    const [workflow] = await workflowsEnded(sluice, 1);

    expect(workflow?.status?.phase).toBe("Succeeded");
    const logs = await sluice.run("logs", workflow?.metadata.name ?? "", "--no-prefix");
    expect(logs.stdout).toBe("hello {{workflow.name}} $(id)\n");
    const shown = await sluice.run("events", "show", "delivery-0001");
    expect(shown.code, shown.stderr).toBe(0);
    expect(shown.stdout).toContain(workflow?.metadata.name);
  });

  test("the same delivery sent twice gives one workflow, and its second answer is a yes too", async () => {
    const port = await freePort();
    await using sluice = await SluiceProcess.prepare();
    await sluice.up({
      files: [await manifestFile(sluice, webhookSource(port), submittingSensor({ spec: hello }))],
    });
    const post = (id: string) =>
      fetch(`http://127.0.0.1:${port}/push`, {
        method: "POST",
        headers: { "content-type": "application/json", "x-github-delivery": id },
        body: "{}",
      });

    const answers = [await post("a"), await post("a"), await post("b"), await post("a")];
    await workflowsEnded(sluice, 2);

    expect(answers.map((answer) => answer.status)).toEqual([200, 200, 200, 200]);
    expect(await listWorkflows(sluice)).toHaveLength(2);
  });
});

describe("the recursive coin flip", () => {
  test("submitted by hand ends as Succeeded with one 'heads'", async () => {
    await using sluice = await SluiceProcess.start();

    const result = await sluice.run(
      "submit",
      join(root, "examples", "coinflip", "workflow.yaml"),
      "--wait",
      "--json",
    );

    expect(result.code, result.stderr).toBe(0);
    const workflow = JSON.parse(result.stdout.trim().split("\n").at(-1) ?? "");
    const nodes: { templateName: string; phase: string }[] = Object.values(workflow.status.nodes);
    expect(nodes.filter((node) => node.templateName === "heads" && node.phase === "Succeeded")).toHaveLength(
      1,
    );
    expect(nodes.filter((node) => node.phase === "Skipped").length).toBeGreaterThan(0);
  });
});

describe("one data folder", () => {
  test("a second `sluice up` on it is refused with who holds it", async () => {
    await using sluice = await SluiceProcess.start();

    const second = await runSluice([
      "up",
      "--data",
      join(sluice.folder, "data"),
      "--port",
      String(await freePort()),
    ]);

    expect(second.code).toBe(1);
    expect(second.stderr).toContain(String(sluice.pid));
    expect(second.stderr).toContain("BUS_DATA_FOLDER_BUSY");
  });

  test("after kill -9 it starts again, with the bus's orphan taken over, and the finished workflow is still there", async () => {
    await using sluice = await SluiceProcess.start();
    const submitted = await sluice.run(
      "submit",
      join(root, "examples", "coinflip", "workflow.yaml"),
      "--wait",
    );
    expect(submitted.code, submitted.stderr).toBe(0);

    await sluice.kill();
    await sluice.up();

    const [workflow] = await listWorkflows(sluice);
    expect(workflow?.status?.phase).toBe("Succeeded");
  });

  test("SIGTERM ends it with exit code 0 and leaves nothing running", async () => {
    await using sluice = await SluiceProcess.start();

    expect(await sluice.stop()).toBe(0);
    await expect(fetch(`${sluice.url}/healthz`)).rejects.toThrow();
  });
});

describe("joins", () => {
  test("what came before a kill -9 is joined with what comes after it, once", async () => {
    const port = await freePort();
    await using counter = await Counter.listen();
    await using sluice = await SluiceProcess.prepare();
    const spec = `
entrypoint: say
templates:
  - name: say
    container: { image: "alpine:3.6", command: [bash, -c], args: ['${counter.say("joined")}'] }
`;
    const files = [
      await manifestFile(
        sluice,
        webhookSource(port, ["one", "two"]),
        submittingSensor({ spec, dependencies: ["one", "two"], conditions: "one && two" }),
      ),
    ];
    const post = (event: string, id: string) =>
      fetch(`http://127.0.0.1:${port}/${event}`, {
        method: "POST",
        headers: { "content-type": "application/json", "idempotency-key": id },
        body: "{}",
      });
    await sluice.up({ files });
    for (let i = 0; i < 5; i++) expect((await post("one", "first")).status).toBe(200);

    await sluice.kill();
    await sluice.up({ files });
    expect((await post("two", "second")).status).toBe(200);
    const ended = await workflowsEnded(sluice, 1);

    expect(ended).toHaveLength(1);
    expect(counter.of("joined")).toBe(1);
  });
});
