import { resources } from "@sluice/kube";
import { kubeConformance } from "@sluice/kube/testing";
import { describe, expect, test } from "vitest";
import { clusterMissing, useCluster } from "./cluster.ts";

describe.skipIf(clusterMissing() !== undefined)("on a real cluster", () => {
  const cluster = useCluster();
  kubeConformance("the real client", async () => cluster);

  test("a watch from a version that the server has forgotten says so", async () => {
    const watch = cluster.client.watch(
      resources.pods,
      { resourceVersion: "1" },
      new AbortController().signal,
    );
    await expect(watch[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: "KUBE_GONE" });
  });
});
