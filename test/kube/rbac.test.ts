import { resources } from "@sluice/kube";
import { describe, expect, test } from "vitest";
import { limitedToken } from "./account.ts";
import { clientWithToken, clusterMissing, useCluster } from "./cluster.ts";
import { installId, openExecutor, Session, script } from "./steps.ts";

describe.skipIf(clusterMissing() !== undefined)(
  "an account that has only the Role of deploy/kubernetes",
  () => {
    const cluster = useCluster();

    const limitedClient = async () => clientWithToken(cluster, await limitedToken(cluster));

    test("runs, stops, adopts and forgets steps, and can do nothing else", async () => {
      await using client = await limitedClient();
      const id = installId();
      await using session = new Session(openExecutor({ ...cluster, client }, { installId: id }));
      const step = script("echo hi > /tmp/out; echo done", {
        captureResult: true,
        outputPaths: [{ name: "out", path: "/tmp/out" }],
      });

      expect(await session.run(step)).toMatchObject({ exitCode: 0, result: "done", outputs: { out: "hi" } });
      expect((await session.executor.adopt([step])).attached).toEqual([step.id]);
      await session.executor.forget(step.id);

      const forbidden = { code: "KUBE_FORBIDDEN" };
      await expect(client.list(resources.secrets, { namespace: cluster.namespace })).rejects.toMatchObject(
        forbidden,
      );
      await expect(client.list(resources.pods, { namespace: "kube-system" })).rejects.toMatchObject(
        forbidden,
      );
    });

    test("is told which right is missing where it has none", async () => {
      await using client = await limitedClient();
      await using session = new Session(
        openExecutor(
          { ...cluster, client },
          { installId: installId(), namespaces: [], namespaceOf: () => "kube-public" },
        ),
      );

      const refused = await session.run(script("true"));
      expect(refused).toMatchObject({ type: "refused", code: "KUBEEXEC_NAMESPACE" });

      await using everywhere = new Session(
        openExecutor(
          { ...cluster, client },
          { installId: installId(), namespaces: ["kube-public"], namespaceOf: () => "kube-public" },
        ),
      );
      const end = await everywhere.run(script("true"));
      expect(end).toMatchObject({ type: "refused", code: "KUBEEXEC_POD_REFUSED" });
      expect(end.type === "refused" && end.message).toContain("cannot create resource");
    });
  },
);
