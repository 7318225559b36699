// The commands on workflows, each against one real server, as a person and as a script meet them.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { broken, greet, jsonLinesOf, jsonOf, write } from "./cli-fixtures.ts";
import { root, runSluice, SluiceProcess } from "./sluice-process.ts";

// Each test starts a dozen processes, one after another.
vi.setConfig({ testTimeout: 180_000 });

let sluice: SluiceProcess;
const run = (...args: string[]) => sluice.run(...args);

beforeAll(async () => {
  sluice = await SluiceProcess.start();
  await write(sluice, "greet.yaml", greet("greet"));
  await write(sluice, "other.yaml", greet("other"));
});
afterAll(async () => {
  await sluice?.[Symbol.asyncDispose]();
});

/** Submits without waiting; resolves with the name. */
const submitted = async (...args: string[]): Promise<string> =>
  (await run("submit", "greet.yaml", "-o", "name", ...args)).stdout.trim();

describe("submit", () => {
  test("takes parameters, a prefix, labels, and waits: exit code 0 when it succeeded", async () => {
    const result = await run(
      ...["submit", "greet.yaml", "-p", "who=a=b", "--generate-name", "mine-", "-l", "team=red,x=1"],
      ...["--wait", "--json"],
    );

    const workflow = jsonOf(result);
    expect(workflow.metadata.name).toMatch(/^mine-/);
    expect(workflow.metadata.labels).toMatchObject({ team: "red", x: "1" });
    expect(workflow.status.phase).toBe("Succeeded");
    expect((await run("logs", workflow.metadata.name, "--no-prefix")).stdout).toBe("first\nhello a=b\n");
  });

  test("of a workflow that fails exits with 1, and the hint names it", async () => {
    const result = await run("submit", "greet.yaml", "--entrypoint", "fail", "--name", "it-fails", "--wait");

    expect(result.code).toBe(1);
    expect(result.stderr).toContain("'it-fails' ended as Failed");
    expect(result.stderr).toContain("sluice get it-fails");
    expect(result.stdout).toBe("");
  });

  test("takes several files and standard input; --json gives a list", async () => {
    const two = jsonOf(await run("submit", "greet.yaml", "other.yaml", "--wait", "--json"));
    const piped = await runSluice(
      ["submit", "-", "-o", "name"],
      { SLUICE_SERVER: sluice.url },
      sluice.folder,
      {
        stdin: greet("piped"),
      },
    );

    expect(two.map((w: { status: { phase: string } }) => w.status.phase)).toEqual(["Succeeded", "Succeeded"]);
    expect(piped.stdout).toMatch(/^piped-\w+\n$/);
  });

  test("--watch tells each change and ends with the tree; --log prints the lines", async () => {
    const [watched, logged] = await Promise.all([
      run("submit", "greet.yaml", "--watch"),
      run("submit", "greet.yaml", "--log"),
    ]);

    expect(watched.code, watched.stderr).toBe(0);
    expect(watched.stdout).toMatch(/Status: +Succeeded[\s\S]*✔ greet-/);
    expect(watched.stderr).toMatch(/^Succeeded +greet-/m);
    expect(logged.stdout).toMatch(/^greet-\w+: first\ngreet-\w+: hello world\n$/);
  });

  test("--dry-run prints what would be submitted and submits nothing", async () => {
    const yaml = await run("submit", "greet.yaml", "other.yaml", "--dry-run", "--name", "never");
    const json = jsonOf(await run("submit", "greet.yaml", "--dry-run", "-p", "who=you", "--json"));

    expect(yaml.stdout.match(/^---$/gm)).toHaveLength(1);
    expect(json.spec.arguments.parameters).toEqual([{ name: "who", value: "you" }]);
    expect((await run("submit", "greet.yaml", "--dry-run", "-o", "name")).stdout).toBe("greet-\n");
    const served = await run("submit", "greet.yaml", "--server-dry-run", "-o", "name");
    expect(served.stdout).toMatch(/^greet-\w{10}\n$/);
    expect((await run("get", "never")).code).toBe(1);
  });

  test("of something wrong says where, and submits none of the files", async () => {
    await write(sluice, "broken.yaml", broken);
    const result = await run("submit", "greet.yaml", "broken.yaml", "--generate-name", "none-");

    expect(result.code).toBe(1);
    expect(result.stderr).toMatch(
      /broken\.yaml:5:3 +error .*SPEC_FIELD_UNKNOWN[\s\S]*did you mean 'entrypoint'/,
    );
    expect((await run("list", "--prefix", "none-", "-o", "name")).stdout).toBe("");
  });
});

describe("list, get, watch, wait", () => {
  test("list filters by phase, label and prefix, and prints names or JSON", async () => {
    await run("submit", "greet.yaml", "--generate-name", "ls-ok-", "-l", "case=ls", "--wait");
    await run(
      "submit",
      "greet.yaml",
      "--generate-name",
      "ls-bad-",
      "-l",
      "case=ls",
      "--entrypoint",
      "fail",
      "--wait",
    );
    const names = async (...args: string[]) =>
      (await run("list", "-l", "case=ls", "-o", "name", ...args)).stdout;

    expect(await names("--status", "Failed")).toMatch(/^ls-bad-\w+\n$/);
    expect(await names("--prefix", "ls-ok")).toMatch(/^ls-ok-\w+\n$/);
    expect(await names("--running")).toBe("");
    expect((await names("--completed")).trim().split("\n")).toHaveLength(2);
    expect(await names("-n", "elsewhere")).toBe("");
    expect(jsonOf(await run("list", "-l", "case=ls", "-A", "--json")).items).toHaveLength(2);
    const listed = jsonOf(await run("list", "-l", "case=ls", "-o", "json"));
    expect(listed).toMatchObject([{ kind: "Workflow" }, { kind: "Workflow" }]);
    expect(jsonOf(await run("list", "-l", "case=none", "-o", "json"))).toEqual([]);
    expect((await run("list", "-l", "case=ls", "-o", "yaml")).stdout).toMatch(/^- \S/);
    expect((await run("list", "-A", "-l", "case=ls")).stdout).toMatch(
      /^NAMESPACE +NAME +STATUS +AGE[^\n]*\ndefault +ls-/,
    );
  });

  test("get shows a running workflow without holes, @latest, and every output format", async () => {
    const name = await submitted("--entrypoint", "long");
    const running = await run("get", "@latest");

    expect(running.stdout).toContain(name);
    expect(running.stdout).not.toMatch(/NaN|null|undefined/);
    expect(jsonOf(await run("get", name, "--json")).metadata.name).toBe(name);
    expect(jsonOf(await run("get", name, "-o", "json")).metadata.name).toBe(name);
    expect((await run("get", name, "-o", "name")).stdout).toBe(`${name}\n`);
    expect((await run("get", name, "-o", "yaml")).stdout).toMatch(/^apiVersion: argoproj/);
    expect((await run("get", name, "-o", "wide")).stdout).toContain("NODE");
    expect((await run("get", name, "-o", "short")).stdout).toMatch(/^STEP +TEMPLATE[^\n]*\n● greet-/);
    expect(jsonOf(await run("terminate", name, "--json")).metadata.name).toBe(name);
  });

  test("wait and watch end with the workflow; the exit code tells how", async () => {
    const [good, bad] = [await submitted(), await submitted("--entrypoint", "fail")];
    const both = await run("wait", good, bad);
    const json = await run("wait", good, bad, "--json");

    expect(both.code).toBe(1);
    expect(both.stdout.trim().split("\n")).toEqual([`${good} Succeeded`, `${bad} Failed`]);
    expect(JSON.parse(json.stdout)).toHaveLength(2);
    expect((await run("wait", good)).code).toBe(0);
    expect((await run("watch", good)).stdout).toContain("Succeeded");
    expect(jsonLinesOf(await run("watch", good, "--json")).at(-1).status.phase).toBe("Succeeded");
  });
});

test("logs: of a node, by text, the last lines, with times, alone, as JSON, followed", async () => {
  const name = await submitted();
  const followed = await run("logs", name, "-f", "--no-prefix");
  const lines = async (...args: string[]) => (await run("logs", name, "--no-prefix", ...args)).stdout;
  const none = await run("logs", name, "no-such-node");
  expect([none.code, none.stdout]).toEqual([0, ""]);
  expect(none.stderr).toContain(`no output of 'no-such-node'; the steps that there are: sluice get ${name}`);

  expect(followed.stdout).toBe("first\nhello world\n");
  expect(await lines(name)).toBe("first\nhello world\n");
  expect(await lines("nosuchnode")).toBe("");
  expect(await lines("--grep", "hello")).toBe("hello world\n");
  expect(await lines("--tail", "1")).toBe("hello world\n");
  expect(await lines("--timestamps", "--tail", "1")).toMatch(/^\d{4}-\d\d-\d\dT\S+Z hello world\n$/);
  expect((await run("logs", name)).stdout).toContain(`${name}: first`);
  expect(jsonLinesOf(await run("logs", name, "--json")).map((line) => line.content)).toEqual([
    "first",
    "hello world",
  ]);
  expect((await run("logs", name, "--tail", "x")).stderr).toContain("--tail takes a whole number");
});

describe("verbs", () => {
  test("stop and terminate end a running workflow", async () => {
    const [one, two] = [await submitted("--entrypoint", "long"), await submitted("--entrypoint", "long")];
    const stopped = await run("stop", one, "--message", "enough");

    expect(stopped.stdout).toBe(`workflow ${one} stopped\n`);
    expect(jsonOf(await run("terminate", two, "--json")).metadata.name).toBe(two);
    const ended = await run("wait", one, two);
    expect(ended.stdout).toBe(`${one} Failed\n${two} Failed\n`);
    expect((await run("stop", one)).stderr).toContain("ENGINE_RUN_FINISHED");
  });

  test("a waiting node gets its output and is resumed by its name", async () => {
    const name = await submitted("--entrypoint", "ask");
    const node = ["--node-field-selector", "displayName=approve"];
    await untilWaits(name);
    const early = await run("resume", name, ...node);
    const set = await run("node", "set", name, "-p", "by=a person", ...node);
    const resumed = await run("resume", name, ...node);
    await run("wait", name);

    expect(early.code).toBe(1);
    expect(early.stderr).toContain("ENGINE_OUTPUT_MISSING");
    expect(set.code, set.stderr).toBe(0);
    expect(resumed.stdout).toBe(`workflow ${name} resumed\n`);
    expect((await run("logs", name, "--no-prefix")).stdout).toBe("first\nhello a person\n");
    expect((await run("node", "set", name, "-p", "by=x")).code).toBe(2);
  });

  test("a suspended workflow says so and goes on when resumed", async () => {
    const name = await submitted("--entrypoint", "ask");
    await untilWaits(name);
    const suspended = await run("suspend", name);
    const shown = await run("get", name);
    const set = await run("node", "set", name, "-p", "by=me", "--node-field-selector", "displayName=approve");
    const resumed = await run("resume", name, "--json");

    expect(suspended.stdout).toBe(`workflow ${name} suspended\n`);
    expect(shown.stdout).toContain("Running (Suspended)");
    expect(set.code, set.stderr).toBe(0);
    expect(jsonOf(resumed).metadata.name).toBe(name);
    expect((await run("wait", name)).code).toBe(0);
  });

  /** The server's own watch says when the node waits. */
  async function untilWaits(name: string): Promise<void> {
    const stop = new AbortController();
    const response = await fetch(
      `${sluice.url}/api/v1/workflow-events/default?listOptions.fieldSelector=metadata.name%3D${name}`,
      { signal: stop.signal },
    );
    let seen = "";
    for await (const chunk of response.body ?? []) {
      seen += Buffer.from(chunk).toString("utf8");
      if (/"displayName":"approve"[^}]*"phase":"Running"/.test(seen)) break;
    }
    stop.abort();
  }

  test("delete takes names, --completed and --all; a running one is ended first", async () => {
    const ns = ["-n", "deleting"];
    const names: string[] = [];
    for (const entry of ["hello", "long", "long"])
      names.push(
        (await run("submit", "greet.yaml", "-o", "name", "--entrypoint", entry, ...ns)).stdout.trim(),
      );
    const [done = "", first = "", second = ""] = names;
    await run("wait", done, ...ns);

    expect((await run("delete", ...ns)).code).toBe(2);
    expect(jsonOf(await run("delete", first, "--json", ...ns))).toEqual({ name: first, deleted: true });
    expect(jsonOf(await run("delete", "--completed", "--json", ...ns))).toContainEqual({
      name: done,
      deleted: true,
    });
    expect((await run("delete", "--all", ...ns)).stdout).toContain(`Workflow '${second}' deleted\n`);
    expect((await run("get", second, ...ns)).code).toBe(1);
  });
});

describe("lint", () => {
  test("offline gives file:line:col, code and hint of every problem, for people and for tools", async () => {
    await write(sluice, "broken.yaml", broken);
    const nowhere = { SLUICE_SERVER: "http://127.0.0.1:1" };
    const lint = (...args: string[]) => runSluice(["lint", "--offline", ...args], nowhere, sluice.folder);
    const pretty = await lint("broken.yaml");
    const simple = await lint("broken.yaml", "-o", "simple");
    const json = await lint("broken.yaml", "--json");

    expect([pretty.code, simple.code, json.code]).toEqual([1, 1, 1]);
    expect(pretty.stdout).toMatch(
      /broken\.yaml:8:41 +error .*"spec\.templates\[0\]\.container\.comand".*SPEC_FIELD_UNKNOWN[\s\S]*did you mean 'command'/,
    );
    expect(
      simple.stdout
        .trim()
        .split("\n")
        .map((line) => line.split(": ")[0]),
    ).toEqual(["broken.yaml:5:3", "broken.yaml:8:41"]);
    expect(JSON.parse(json.stdout)).toMatchObject({ errors: 2, issues: [{ line: 5 }, { line: 8 }] });
    expect((await lint("greet.yaml")).stdout).toBe("1 manifest, no linting errors found!\n");
    expect((await lint(join(root, "examples"))).code).toBe(0);
  });

  test("asks the server unless it is offline; --strict counts warnings", async () => {
    await write(sluice, "twice.yaml", greet("twice").replace("team: blue", "team: blue, team: red"));
    await mkdir(join(sluice.folder, "empty"), { recursive: true });

    expect((await run("lint", "greet.yaml")).code).toBe(0);
    expect(jsonOf(await run("lint", "greet.yaml", "--json"))).toEqual({ errors: 0, issues: [] });
    expect((await run("lint", "greet.yaml", "-s", "http://127.0.0.1:1")).stderr).toContain(
      "CLI_SERVER_UNREACHABLE",
    );
    expect((await run("lint", "twice.yaml")).code).toBe(0);
    expect((await run("lint", "twice.yaml", "--strict")).code).toBe(1);
    expect((await run("lint", "empty", "--offline")).stderr).toContain("CLI_NOTHING_FOUND");
    expect((await run("lint", "nosuch.yaml", "--offline")).stderr).toContain(
      "there is no such file or folder",
    );
  });
});
