// The verbs on several workflows at once: chosen by label, field, phase, name and age; each answers for itself.
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { greet, jsonLinesOf, jsonOf, write } from "./cli-fixtures.ts";
import { SluiceProcess } from "./sluice-process.ts";

vi.setConfig({ testTimeout: 180_000 });

let sluice: SluiceProcess;
const run = (...args: string[]) => sluice.run(...args);
const lines = async (...args: string[]) => (await run(...args)).stdout.trim().split("\n").sort();

beforeAll(async () => {
  sluice = await SluiceProcess.start();
  await write(sluice, "greet.yaml", greet("greet"));
});
afterAll(async () => {
  await sluice?.[Symbol.asyncDispose]();
});

const submit = async (name: string, ...args: string[]) =>
  expect((await run("submit", "greet.yaml", "--name", name, "-o", "name", ...args)).stdout).toBe(`${name}\n`);
const failing = ["--entrypoint", "fail"];
const long = ["--entrypoint", "long"];

describe("workflows chosen by options", () => {
  test("are stopped, when they have not ended; a name that is not there keeps the others from nothing", async () => {
    const label = ["-l", "case=stop"];
    await submit("stop-done", ...label);
    await run("wait", "stop-done");
    for (const name of ["stop-one", "stop-two"]) await submit(name, ...label, ...long);

    const dry = await run("stop", ...label, "--dry-run");
    const stopped = await run("stop", "nosuch", "stop-one", "--message", "enough");
    const rest = await run("stop", ...label, "--field-selector", "metadata.name!=stop-done", "--json");
    const ended = await run("wait", ...label);

    expect(dry.stdout.trim().split("\n").sort()).toEqual([
      "workflow stop-one stopped (dry-run)",
      "workflow stop-two stopped (dry-run)",
    ]);
    expect(stopped).toMatchObject({ code: 1, stdout: "workflow stop-one stopped\n" });
    expect(stopped.stderr).toMatch(/workflow nosuch: .*ENGINE_RUN_NOT_FOUND[\s\S]*1 of 2 were refused/);
    expect(jsonOf(rest).map((w: { metadata: { name: string } }) => w.metadata.name)).toContain("stop-two");
    expect(ended.code).toBe(1);
    expect(ended.stdout.trim().split("\n").sort()).toEqual([
      "stop-done Succeeded",
      "stop-one Failed",
      "stop-two Failed",
    ]);
  });

  test("are terminated, suspended and resumed over namespaces", async () => {
    await submit("far-one", ...long, "-n", "far");
    await submit("far-two", ...long, "-n", "near");
    const both = ["-A", "--prefix", "far-"];

    expect(await lines("suspend", ...both)).toEqual([
      "workflow far/far-one suspended",
      "workflow near/far-two suspended",
    ]);
    expect((await run("get", "far-one", "-n", "far")).stdout).toContain("Suspended");
    expect(await lines("resume", ...both)).toEqual([
      "workflow far/far-one resumed",
      "workflow near/far-two resumed",
    ]);
    expect(await lines("terminate", ...both)).toEqual([
      "workflow far/far-one terminated",
      "workflow near/far-two terminated",
    ]);
    expect(await lines("wait", ...both)).toEqual(["far/far-one Failed", "near/far-two Failed"]);
    expect((await run("stop", "x", "-A")).code).toBe(2);
    expect((await run("stop")).stderr).toContain("name workflows, or choose them");
  });

  test("are retried when they failed, and resubmitted; with --wait the exit code tells, --json gives one value", async () => {
    const label = ["-l", "case=again"];
    await submit("again-good", ...label);
    for (const name of ["again-bad", "again-worse"]) await submit(name, ...label, ...failing);
    await run("wait", ...label);

    const retried = await run("retry", ...label, "--wait", "--json");
    const names = (result: { readonly stdout: string }) =>
      JSON.parse(result.stdout).map((w: { metadata: { name: string } }) => w.metadata.name);
    const again = await run(
      "resubmit",
      ...label,
      "--status",
      "succeeded",
      "--priority",
      "7",
      "-p",
      "who=all",
    );
    const copy = /workflow (\S+) submitted/.exec(again.stdout)?.[1] ?? "";
    const copied = jsonOf(await run("get", copy, "--json"));

    expect(retried.code).toBe(1);
    expect(names(retried).sort()).toEqual(["again-bad", "again-worse"]);
    expect(copied.spec).toMatchObject({
      priority: 7,
      arguments: { parameters: [{ name: "who", value: "all" }] },
    });
    expect(await lines("list", "--resubmitted", "-o", "name")).toEqual([copy]);
    expect(
      await lines(
        "retry",
        ...label,
        "--dry-run",
        "--restart-successful",
        "--field-selector",
        "metadata.name=again-good",
      ),
    ).toEqual(["workflow again-good retried (dry-run)"]);
    expect((await run("retry", "again-good")).stderr).toContain("ENGINE_RETRY_REFUSED");
  });

  test("are deleted by phase, age, prefix and label; --dry-run deletes none", async () => {
    const ns = ["-n", "gone"];
    await submit("gone-a", ...ns);
    await submit("gone-b", ...ns, ...failing);
    await submit("gone-c", ...ns, ...long, "-l", "team=x");
    await run("wait", "gone-a", "gone-b", ...ns);

    expect(await lines("delete", "--all", "--dry-run", ...ns)).toHaveLength(3);
    expect(await run("delete", "no-such", ...ns)).toMatchObject({
      code: 0,
      stdout: "Workflow 'no-such' not found\n",
    });
    expect((await run("delete", "--older", "1h", ...ns)).stderr).toContain("there are no such workflows");
    expect(await lines("delete", "--status", "failed", ...ns)).toEqual(["Workflow 'gone-b' deleted"]);
    expect(await lines("delete", "--older", "0s", ...ns)).toEqual(["Workflow 'gone-a' deleted"]);
    expect(jsonOf(await run("delete", "-l", "team=x", "--json", ...ns))).toEqual([
      { name: "gone-c", deleted: true },
    ]);
    expect((await run("delete", "--status", "done", ...ns)).stderr).toContain("--status takes Pending");
  });
});

describe("what is shown of them", () => {
  test("get takes several, cuts trees to nodes, and draws without Unicode; logs are of those that labels choose", async () => {
    const label = ["-l", "case=show"];
    for (const name of ["show-a", "show-b"]) await submit(name, ...label);
    await submit("show-c", "--entrypoint", "ask");
    await run("wait", ...label);

    const both = await run("get", ...label);
    const node = ["--node-field-selector", "displayName=approve,templateName=wait"];
    const cut = await run("get", "show-c", ...node);
    const ascii = await run("get", "show-c", "--no-utf8", "--status", "Running");
    const none = await run("get", "show-c", "--status", "Failed");
    const log = await run("logs", ...label, "--grep", "^hel+o");

    expect(both.stdout.match(/^Name: /gm)).toHaveLength(2);
    expect(jsonOf(await run("get", "show-a", "show-b", "--json"))).toHaveLength(2);
    expect(cut.stdout).toMatch(/● show-c[\s\S]*└───● approve/);
    expect(ascii.stdout).toMatch(/r show-c[\s\S]*`---r approve/);
    expect(none.stdout).not.toContain("approve");
    expect(log.stdout).toBe("show-a: hello world\nshow-b: hello world\n");
    expect(jsonLinesOf(await run("logs", ...label, "--json", "--tail", "1"))).toMatchObject([
      { workflow: "show-a", content: "hello world" },
      { workflow: "show-b" },
    ]);
    expect((await run("get", "show-c", "--node-field-selector", "colour=red")).code).toBe(2);
    expect((await run("wait", "show-a", "nosuch", "--ignore-not-found")).stdout).toBe("show-a Succeeded\n");
  });

  test("logs by time, and of the attempt before the newest", async () => {
    await write(
      sluice,
      "tries.yaml",
      `
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: { name: tries }
spec:
  entrypoint: flaky
  podMetadata: { labels: { tier: test } }
  templates:
    - name: flaky
      retryStrategy: { limit: 1 }
      metadata: { labels: { app: flaky } }
      container: { image: alpine:3.6, command: [sh, -c], args: ['echo try {{retries}}; exit {{retries}}1'] }
`,
    );
    await run("submit", "tries.yaml", "--wait");
    const text = async (...args: string[]) => (await run("logs", "tries", "--no-prefix", ...args)).stdout;

    expect(await text()).toBe("try 0\ntry 1\n");
    expect(await text("-p")).toBe("try 0\n");
    expect(await text("-l", "app=flaky,tier=test")).toBe("try 0\ntry 1\n");
    expect(await text("-l", "app=other")).toBe("");
    expect(await text("--since", "1h")).toBe("try 0\ntry 1\n");
    expect(await text("--since-time", "2099-01-01T00:00:00Z")).toBe("");
    expect((await run("logs", "tries", "--since", "1h", "--since-time", "2020-01-01T00:00:00Z")).code).toBe(
      2,
    );
    expect((await run("logs", "tries", "-c", "wait")).stderr).toContain("a step has one log");
    expect((await run("logs", "tries", "--grep", "(")).stderr).toContain("no regular expression");
  });

  test("a list in chunks, without titles, wide", async () => {
    const label = ["-l", "case=chunks"];
    for (const name of ["chunk-a", "chunk-b", "chunk-c"]) await submit(name, ...label, "-p", `who=${name}`);
    await run("wait", ...label);

    const wide = await run("list", ...label, "-o", "wide", "--no-headers", "--chunk-size", "1");

    expect(wide.stdout.trim().split("\n")).toHaveLength(3);
    expect(wide.stdout).toMatch(/^chunk-c +Succeeded .* 0 +1\/1 +who=chunk-c +[0-9a-f-]{36}$/m);
    expect((await run("list", "--field-selector", "spec.colour=red")).stderr).toContain(
      "SERVER_SELECTOR_INVALID",
    );
  });
});

test("submit takes a scheduled time, and shows the nodes that were asked for", async () => {
  const time = "2026-01-31T08:00:00Z";
  const dry = jsonOf(await run("submit", "greet.yaml", "--dry-run", "--scheduled-time", time, "--json"));
  const watched = await run("submit", "greet.yaml", "--watch", "--status", "Failed");

  expect(dry.metadata.annotations).toEqual({ "workflows.argoproj.io/scheduled-time": time });
  expect(watched.stdout).not.toContain("✔");
  expect((await run("submit", "greet.yaml", "--scheduled-time", "noon")).code).toBe(2);
  expect((await run("submit", "greet.yaml", "--strict=false")).stderr).toContain("never passed over");
});

test("what a template asks for is said before a run is made: what is missing, and what may be chosen", async () => {
  await write(
    sluice,
    "pick.yaml",
    `
apiVersion: argoproj.io/v1alpha1
kind: WorkflowTemplate
metadata: { name: pick }
spec:
  entrypoint: main
  arguments:
    parameters:
      - { name: colour, value: red, enum: [red, green], description: what it is painted with }
      - { name: size }
  templates: [{ name: main, container: { image: alpine:3.6, command: [echo, "{{workflow.parameters.colour}}"] } }]
`,
  );
  await run("template", "create", "pick.yaml");
  const from = ["submit", "--from", "workflowtemplate/pick"];
  const wide = (await run("template", "get", "pick", "-o", "wide")).stdout;
  const odd = await run(...from, "-p", "size=3", "-p", "colour=blue");
  const missing = await run(...from);
  const own = (await run("template", "get", "pick", "-o", "yaml")).stdout.replace(
    "kind: WorkflowTemplate",
    "kind: Workflow",
  );
  await write(sluice, "own.yaml", own);

  expect(wide).toMatch(/^colour +red +red, green +what it is painted with$/m);
  expect(wide).toMatch(/^size +\(needed\)/m);
  expect(odd.stderr).toMatch(/colour\.value should be present.*SPEC_INVALID[\s\S]*red, green/);
  expect(missing.stderr).toContain("'pick' asks for it");
  expect((await run("submit", "own.yaml", "--name", "own")).stderr).toContain("submit with -p");
  expect(
    (await run("submit", "own.yaml", "--name", "own", "-p", "size=3", "-p", "colour=blue")).stderr,
  ).toContain("is none of: red, green");
  expect((await run("submit", "own.yaml", "--name", "own", "-p", "size=3", "--wait")).code).toBe(0);
});
