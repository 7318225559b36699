// Claims on Kubernetes until the deletion of their run, with an engine and an API server in memory.
import { SeededRandom } from "@sluice/base";
import { aWorkflow, EngineBench, shTemplate } from "@sluice/engine/testing";
import { type KubeObject, type ResourceType, resources, type WatchEvent } from "@sluice/kube";
import { FakeKube } from "@sluice/kube/testing";
import { expect, test } from "vitest";
import { makeKubernetesExecutor } from "../executor.ts";

const key = { namespace: "default", name: "wf" };
const terminated = { exitCode: 1, startedAt: "2026-01-01T00:00:01Z", finishedAt: "2026-01-01T00:00:03Z" };
const failed = { phase: "Failed", containerStatuses: [{ name: "main", state: { terminated } }] };
const manifest = aWorkflow({
  templates: [
    shTemplate("main", {
      container: {
        image: "busybox",
        command: ["x"],
        volumeMounts: [{ name: "work", mountPath: "/work" }],
      },
    }),
  ],
  volumeClaimTemplates: [{ metadata: { name: "work" }, spec: { accessModes: ["ReadWriteOnce"] } }],
});

/** The first object to which this happens, or happened already. */
async function first(kube: FakeKube, type: ResourceType, what: WatchEvent["type"]): Promise<KubeObject> {
  const stop = new AbortController();
  for await (const event of kube.watch(type, { resourceVersion: "1" }, stop.signal))
    if (event.type === what && "object" in event) return event.object;
  throw new Error("the watch ended");
}

test("claims that a failed run kept are removed when it is deleted after it was archived", async () => {
  const kube = new FakeKube();
  await using bench = new EngineBench();
  const { clock, log } = bench;
  await using executor = makeKubernetesExecutor({
    ...{ client: kube, clock, random: new SeededRandom(7), log },
    installId: "one",
  });
  const engine = bench.start(executor);
  await engine.directory.submit(manifest, { namespace: "default", by: { kind: "api", user: "ann" } });
  const { metadata } = await first(kube, resources.pods, "added");
  kube.setStatus(resources.pods, { namespace: "default", name: metadata.name }, failed);
  await bench.ended(engine, key);
  await bench.putAway(engine);
  await engine.directory.delete(key, { by: "ann" });
  const claims = async () => (await kube.list(resources.persistentVolumeClaims, {})).items;
  expect((await claims()).map((claim) => claim.metadata.name)).toEqual(["wf-work"]);

  const stop = new AbortController();
  const retention = bench.retention(engine, [executor], stop.signal);
  const removed = await first(kube, resources.persistentVolumeClaims, "deleted");
  stop.abort();
  await retention;
  await engine.kill();

  expect(removed.metadata.name).toBe("wf-work");
  expect(await claims()).toEqual([]);
});
