// Artifacts with real processes: from step to step, by API and command line, over a crash, and with their run's end.
import { lstat, readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { jsonOf, write } from "./cli-fixtures.ts";
import { Counter, workflowsEnded } from "./fixtures.ts";
import { SluiceProcess } from "./sluice-process.ts";

vi.setConfig({ testTimeout: 120_000 });

const workflow = (name: string, spec: string): string => `apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: { name: ${name} }
spec:
${spec.trimEnd().replace(/^/gm, "  ")}
`;

/** Makes a file and a folder, and takes both. */
const passing = `
entrypoint: main
templates:
  - name: main
    steps:
      - [{ name: make, template: make }]
      - - name: take
          template: take
          arguments:
            artifacts:
              - { name: file, from: "{{steps.make.outputs.artifacts.file}}" }
              - { name: folder, from: "{{steps.make.outputs.artifacts.folder}}" }
              - { name: part, from: "{{steps.make.outputs.artifacts.folder}}", subPath: sub/b }
              - { name: zipped, from: "{{steps.make.outputs.artifacts.zipped}}" }
  - name: make
    container:
      image: busybox
      command: [sh, -c]
      args:
        - |
          mkdir -p /work/folder/sub /work/zipped
          printf one >/work/file; printf a >/work/folder/a; printf b >/work/folder/sub/b; ln -s a /work/folder/link
          printf z >/work/zipped/z
    outputs:
      artifacts:
        - { name: file, path: /work/file }
        - { name: folder, path: /work/folder, archive: { none: {} } }
        - { name: zipped, path: /work/zipped, archive: { zip: {} } }
        - { name: nothing, path: /work/nothing, optional: true }
  - name: take
    inputs:
      artifacts:
        - { name: file, path: /in/file, mode: 0o400 }
        - { name: folder, path: /in/folder }
        - { name: part, path: /in/part }
        - { name: zipped, path: /in/zipped }
    script:
      image: busybox
      command: [sh]
      source: |
        echo "$(cat /in/file) $(cat /in/folder/a) $(cat /in/folder/sub/b) $(cat /in/part) $(cat /in/zipped/z)"
        echo "$(stat -c %a /in/file) $(readlink /in/folder/link)"
        echo more >/in/folder/made
    outputs:
      artifacts: [{ name: made, path: /in/folder/made, archive: { none: {} } }]
`;

let sluice: SluiceProcess;
beforeAll(async () => {
  sluice = await SluiceProcess.start();
});
afterAll(async () => {
  await sluice?.[Symbol.asyncDispose]();
});

interface Seen {
  readonly metadata: { readonly uid: string };
  readonly status: {
    readonly nodes: Readonly<Record<string, { readonly id: string; readonly displayName: string }>>;
  };
}
const nodeId = (seen: Seen, displayName: string): string =>
  Object.values(seen.status.nodes).find((node) => node.displayName === displayName)?.id ?? "none";
const get = (path: string) => fetch(`${sluice.url}${path}`);

describe("artifacts from step to step", () => {
  let seen: Seen;
  beforeAll(async () => {
    await write(sluice, "passing.yaml", workflow("passing", passing));
    seen = jsonOf(await sluice.run("submit", "passing.yaml", "--wait", "--json"));
  });

  test("arrive as files, folders, parts and links, with their permissions", async () => {
    expect((await sluice.run("logs", "passing", "--no-prefix")).stdout).toBe("one a b b z\n400 a\n");
  });

  test("are given by the API: a file, a folder's list and its files, and what a step was given", async () => {
    const of = (side: string, node: string, name: string) =>
      get(`/${side}/default/passing/${nodeId(seen, node)}/${name}`);

    const made = await of("artifacts", "take", "made");
    expect(await made.text()).toBe("more\n");
    expect(made.headers.get("content-disposition")).toMatch(/^attachment/);
    expect(made.headers.get("content-security-policy")).toMatch(/^sandbox/);
    const list = (await (await of("artifacts", "make", "folder")).json()) as {
      files: readonly { path: string; kind: string }[];
    };
    expect(list.files.map(({ path, kind }) => `${kind} ${path}`).sort()).toEqual([
      "file a",
      "file sub/b",
      "link link",
    ]);
    expect(await (await of("artifacts", "make", "folder?path=sub/b")).text()).toBe("b");
    expect(await (await of("input-artifacts", "take", "folder?path=a")).text()).toBe("a");
    expect((await of("artifacts", "make", "none")).status).toBe(404);
    expect((await of("artifacts", "make", "folder?path=../x")).status).toBe(400);
  });

  test("are shown as files in pages of links, also by uid; nothing of them runs", async () => {
    const { uid } = (seen as unknown as { readonly metadata: { readonly uid: string } }).metadata;
    const at = (rest: string, run = "workflows/passing") =>
      get(`/artifact-files/default/${run}/${nodeId(seen, "make")}/outputs/${rest}`);

    const page = await at("folder/");
    const below = await (await at("folder/sub/", `archived-workflows/${uid}`)).text();

    expect(page.headers.get("content-type")).toMatch(/^text\/html/);
    expect(page.headers.get("content-security-policy")).toMatch(/^sandbox;.*default-src 'none'/);
    expect(page.headers.get("x-frame-options")).toBe("SAMEORIGIN");
    expect((await page.text()).match(/<a href="[^"]*">[^<]*/g)).toEqual([
      '<a href="a">a',
      '<a href="link">link',
      '<a href="sub/">sub/',
    ]);
    expect(below).toContain('<a href="b">b</a>');
    expect(await (await at("folder/sub/b")).text()).toBe("b");
    expect((await at("folder/none")).status).toBe(404);
    expect((await at("folder", "archived-workflows/none")).status).toBe(404);
    expect((await at("folder", "others/passing")).status).toBe(404);
    expect((await at("folder/..%2Fx")).status).toBe(400);
  });

  test("are copied by 'sluice cp'", async () => {
    const result = await sluice.run("cp", "passing", "out", "--artifact-name", "folder");

    expect(result.code).toBe(0);
    const place = join(sluice.folder, "out", "default", "passing", nodeId(seen, "make"), "outputs", "folder");
    expect(await readFile(join(place, "folder", "sub", "b"), "utf8")).toBe("b");
    await expect(lstat(join(place, "..", "file"))).rejects.toMatchObject({ code: "ENOENT" });
  });

  test("go with their run", async () => {
    await sluice.run("delete", "passing");

    await write(
      sluice,
      "look.yaml",
      workflow(
        "look",
        `
entrypoint: main
templates:
  - name: main
    steps:
      - [{ name: list, template: list }]
      - [{ name: show, template: show, arguments: { parameters: [{ name: keys, value: "{{steps.list.outputs.result}}" }] } }]
  - name: list
    data: { source: { artifactPaths: { s3: { key: passing } } }, transformation: [{ expression: "map(data, {#})" }] }
  - name: show
    inputs: { parameters: [{ name: keys }] }
    container: { image: busybox, command: [echo, "{{inputs.parameters.keys}}"] }
`,
      ),
    );
    await sluice.run("submit", "look.yaml", "--wait");
    expect((await sluice.run("logs", "look", "--no-prefix")).stdout).toBe("[]\n");
    expect((await get("/artifacts/default/passing/x/y")).status).toBe(404);
  });
});

test("a missing artifact is an Error of the step that should have made it", async () => {
  await write(
    sluice,
    "missing.yaml",
    workflow(
      "missing",
      `
entrypoint: main
templates:
  - name: main
    container: { image: busybox, command: [sh, -c, "true"] }
    outputs: { artifacts: [{ name: o, path: /nowhere }] }
`,
    ),
  );

  await sluice.run("submit", "missing.yaml", "--wait");

  expect(jsonOf(await sluice.run("get", "missing", "--json")).status).toMatchObject({
    phase: "Error",
    message: "failed to save outputs: output artifact 'o' has no file at /nowhere",
  });
});

describe("kill -9 of the server", () => {
  test("while a step runs that ends before the next start: its artifacts are saved then, and it is not run again", async () => {
    await using counter = await Counter.listen();
    await using own = await SluiceProcess.start();
    const spec = `
entrypoint: main
templates:
  - name: main
    steps:
      - [{ name: slow, template: slow }]
      - [{ name: after, template: after, arguments: { artifacts: [{ name: i, from: "{{steps.slow.outputs.artifacts.o}}" }] } }]
  - name: slow
    container:
      image: busybox
      command: [bash, -c]
      args: ['${counter.say("begun")}; sleep 2; echo kept >/o; ${counter.say("made")}']
    outputs: { artifacts: [{ name: o, path: /o }] }
  - name: after
    inputs: { artifacts: [{ name: i, path: /i }] }
    container: { image: busybox, command: [cat, /i] }
`;
    await write(own, "slow.yaml", workflow("slow", spec));
    await own.run("submit", "slow.yaml");
    await counter.said("begun");

    await own.kill();
    await counter.said("made");
    await own.up();
    const ended = await workflowsEnded(own, 1);

    expect(ended.map((one) => one.status?.phase)).toEqual(["Succeeded"]);
    expect((await own.run("logs", "slow", "--no-prefix")).stdout).toBe("kept\n");
    expect(counter.of("begun")).toBe(1);
  });
});
