import { silentLogger } from "@sluice/base";
import { VirtualClock } from "@sluice/base/testing";
import { makeMemoryTransport, openStores } from "@sluice/bus";
import { describe, expect, test } from "vitest";
import { aWorkflow } from "../testing/a-workflow.ts";
import { runToEnd } from "../testing/run-to-end.ts";
import { removeArtifacts } from "./artifact-gc.ts";
import { projectWorkflow } from "./workflow.ts";

/** A run that saved one artifact of each kind, and the keys that are left after it is over and after it is deleted. */
async function keysLeft(strategy?: string) {
  const gc = (own: string) => ({ artifactGC: { strategy: own } });
  const { run } = runToEnd(
    aWorkflow({
      ...(strategy === undefined ? {} : gc(strategy)),
      templates: [
        {
          name: "main",
          container: { image: "busybox", command: ["true"] },
          outputs: {
            artifacts: [
              { name: "own", path: "/a" },
              { name: "kept", path: "/b", ...gc("Never") },
              { name: "brief", path: "/c", s3: { key: "shared/brief" }, ...gc("OnWorkflowCompletion") },
              { name: "shared", path: "/d", s3: { key: "shared/plain" } },
            ],
          },
        },
      ],
    }),
    (step) => ({
      artifacts: Object.fromEntries(
        (step.artifacts?.outputs ?? []).map(({ name, key }) => [name, { key, bytes: 1 }]),
      ),
    }),
  );
  const clock = new VirtualClock(1);
  const { artifacts } = openStores(makeMemoryTransport({ clock }), { clock, log: silentLogger });
  const put = (key: string, owner: string) =>
    artifacts.put({ namespace: "default", key, owner }, async function* () {
      yield Buffer.from("x");
    });
  for (const { s3 } of run.nodes.get("wf")?.outputs?.artifacts ?? []) await put(String(s3?.["key"]), run.uid);
  await put("wf/lost-step/orphan.tgz", run.uid);
  await put("wf/other-run", "another");
  const left = async () => {
    const keys: string[] = [];
    for await (const { key } of artifacts.list("default", "")) keys.push(key);
    return keys.sort();
  };
  const object = projectWorkflow(run);
  await removeArtifacts(artifacts, object, { when: "completion" });
  const over = await left();
  await removeArtifacts(artifacts, object, { when: "deletion" });
  await removeArtifacts(artifacts, object, { when: "deletion" });
  return { object, over, deleted: await left() };
}

describe("a run's artifacts", () => {
  test("go when it is over where they say so, and are shown as gone", async () => {
    const { object, over } = await keysLeft();

    expect(over).toEqual([
      "shared/plain",
      "wf/lost-step/orphan.tgz",
      "wf/other-run",
      "wf/wf/kept.tgz",
      "wf/wf/own.tgz",
    ]);
    expect(object.status.nodes["wf"]?.["outputs"]).toMatchObject({
      artifacts: [{ name: "own" }, { name: "kept" }, { name: "brief", deleted: true }, { name: "shared" }],
    });
  });

  test("go with it when they lie under its name, but for those of others and those that say Never", async () => {
    expect((await keysLeft()).deleted).toEqual(["shared/plain", "wf/other-run", "wf/wf/kept.tgz"]);
  });

  test("all go with it when the workflow says so", async () => {
    expect((await keysLeft("OnWorkflowDeletion")).deleted).toEqual(["wf/other-run", "wf/wf/kept.tgz"]);
  });

  test("stay when the workflow says Never", async () => {
    expect((await keysLeft("Never")).deleted).toEqual([
      "shared/plain",
      "wf/lost-step/orphan.tgz",
      "wf/other-run",
      "wf/wf/kept.tgz",
      "wf/wf/own.tgz",
    ]);
  });
});

test("what a run wrote before it was tried again is its own too, what another run wrote is not", async () => {
  const { run } = runToEnd(aWorkflow());
  const clock = new VirtualClock(1);
  const { artifacts } = openStores(makeMemoryTransport({ clock }), { clock, log: silentLogger });
  for (const owner of ["before", run.uid, "another"])
    await artifacts.put({ namespace: "default", key: `wf/${owner}`, owner }, async function* () {
      yield Buffer.from("x");
    });
  await removeArtifacts(artifacts, projectWorkflow(run), { when: "deletion", earlier: ["before"] });
  const left: string[] = [];
  for await (const { key } of artifacts.list("default", "")) left.push(key);
  expect(left).toEqual(["wf/another"]);
});
