import { readFileSync } from "node:fs";
import { resources } from "@sluice/kube";
import { describe, expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { clientWithToken, clusterMissing, useCluster } from "./cluster.ts";
import { installId, openExecutor, Session, script } from "./steps.ts";

const manifest = new URL("../../deploy/kubernetes/rbac.yaml", import.meta.url);

describe.skipIf(clusterMissing() !== undefined)(
  "an account that has only the Role of deploy/kubernetes",
  () => {
    const cluster = useCluster();

    /** Applies the manifest in this test's namespace and takes the account's token. */
    async function limitedClient() {
      for (const document of parseAllDocuments(readFileSync(manifest, "utf8"))) {
        const object = document.toJS() as Record<string, unknown> & { apiVersion: string; kind: string };
        const type = await cluster.client.resolve(object.apiVersion, object.kind);
        const namespace = cluster.namespace;
        const metadata = { ...(object["metadata"] as { name: string }), namespace };
        const subjects = (object["subjects"] as object[] | undefined)?.map((s) => ({ ...s, namespace }));
        await cluster.client.apply(type, {
          ...object,
          metadata,
          ...(subjects === undefined ? {} : { subjects }),
        });
      }
      const annotations = { "kubernetes.io/service-account.name": "sluice" };
      const secret = { namespace: cluster.namespace, name: "sluice-token" };
      const { resourceVersion } = await cluster.client.list(resources.secrets, {
        namespace: cluster.namespace,
      });
      await cluster.client.create(resources.secrets, {
        metadata: { ...secret, annotations },
        type: "kubernetes.io/service-account-token",
      });
      const filled = cluster.client.watch(
        resources.secrets,
        { namespace: cluster.namespace, fieldSelector: "metadata.name=sluice-token", resourceVersion },
        AbortSignal.timeout(30_000),
      );
      for await (const event of filled) {
        const data =
          event.type === "bookmark"
            ? undefined
            : (event.object["data"] as Record<string, string> | undefined);
        if (data?.["token"] !== undefined)
          return clientWithToken(cluster, Buffer.from(data["token"], "base64").toString());
      }
      throw new Error("the account got no token");
    }

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
      await using client = await limitedClient().catch(async (error: unknown) => {
        // The first test has made the token already.
        if ((error as { code?: string }).code !== "KUBE_EXISTS") throw error;
        const secret = await cluster.client.get(resources.secrets, {
          namespace: cluster.namespace,
          name: "sluice-token",
        });
        const { token = "" } = secret["data"] as Record<string, string>;
        return clientWithToken(cluster, Buffer.from(token, "base64").toString());
      });
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
