import { silentLogger } from "@sluice/base";
import { systemClock, systemRandom } from "@sluice/base/system";
import type { Executor } from "@sluice/engine";
import { executorConformance } from "@sluice/engine/testing";
import { type KubernetesExecutorOptions, makeKubernetesExecutor } from "@sluice/executor";
import { describe } from "vitest";
import { clusterMissing, useCluster } from "./cluster.ts";

describe.skipIf(clusterMissing() !== undefined)("on a real cluster", () => {
  const cluster = useCluster();

  executorConformance("kubernetes", async () => {
    const installId = `test-${systemRandom.id().slice(0, 8)}`;
    return {
      image: "alpine:3.6",
      open: async (): Promise<Executor> => openExecutor({ installId }),
      async [Symbol.asyncDispose]() {},
    };
  });

  function openExecutor(over: Partial<KubernetesExecutorOptions> & { installId: string }): Executor {
    return makeKubernetesExecutor({
      client: cluster.client,
      clock: systemClock,
      random: systemRandom,
      log: silentLogger,
      namespaceOf: () => cluster.namespace,
      namespaces: [cluster.namespace],
      podDefaults: { imagePullPolicy: "IfNotPresent" },
      ...over,
    });
  }
});
