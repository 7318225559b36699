import { kubeConformance } from "@sluice/kube/testing";
import { describe, expect, test } from "vitest";
import { clusterMissing, useCluster } from "./cluster.ts";

describe.skipIf(clusterMissing() !== undefined)("on a real cluster", () => {
  const cluster = useCluster();
  kubeConformance("the real client", async () => cluster);

  test("a watch from a version that the server has forgotten says so", async () => {
    // Kubernetes' own events are the one kind whose watches are not served from a cache of the API server.
    const watch = cluster.client.watch(
      await cluster.client.resolve("v1", "Event"),
      { resourceVersion: "1" },
      new AbortController().signal,
    );
    await expect(watch[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: "KUBE_GONE" });
  });
});
