// An account of the test cluster that has only the Role of deploy/kubernetes.
import { readFileSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { hasCode } from "@sluice/base";
import { resources } from "@sluice/kube";
import { parse, parseAllDocuments, stringify } from "yaml";
import type { TestCluster } from "./cluster.ts";

const manifest = new URL("../../deploy/kubernetes/rbac.yaml", import.meta.url);
const secretName = "sluice-token";

/** Applies the manifest in the cluster's namespace; the token of its account. */
export async function limitedToken(cluster: TestCluster): Promise<string> {
  const { client, namespace } = cluster;
  for (const document of parseAllDocuments(readFileSync(manifest, "utf8"))) {
    const object = document.toJS() as Record<string, unknown> & { apiVersion: string; kind: string };
    const type = await client.resolve(object.apiVersion, object.kind);
    const metadata = { ...(object["metadata"] as { name: string }), namespace };
    const subjects = (object["subjects"] as object[] | undefined)?.map((s) => ({ ...s, namespace }));
    await client.apply(type, { ...object, metadata, ...(subjects === undefined ? {} : { subjects }) });
  }
  const { items, resourceVersion } = await client.list(resources.secrets, { namespace });
  const known = items.map(tokenOf).find((token) => token !== undefined);
  if (known !== undefined) return known;
  await makeSecret(cluster);
  const filled = client.watch(
    resources.secrets,
    { namespace, fieldSelector: `metadata.name=${secretName}`, resourceVersion },
    AbortSignal.timeout(30_000),
  );
  for await (const event of filled) {
    const token = event.type === "bookmark" ? undefined : tokenOf(event.object);
    if (token !== undefined) return token;
  }
  throw new Error("the account got no token");
}

async function makeSecret({ client, namespace }: TestCluster): Promise<void> {
  try {
    await client.create(resources.secrets, {
      metadata: {
        namespace,
        name: secretName,
        annotations: { "kubernetes.io/service-account.name": "sluice" },
      },
      type: "kubernetes.io/service-account-token",
    });
  } catch (error) {
    if (!hasCode(error, "KUBE_EXISTS")) throw error;
  }
}

function tokenOf(secret: Record<string, unknown> & { metadata: { name: string } }): string | undefined {
  const token = (secret["data"] as Record<string, string> | undefined)?.["token"];
  return secret.metadata.name !== secretName || token === undefined
    ? undefined
    : Buffer.from(token, "base64").toString();
}

interface KubeConfigFile {
  readonly users: readonly { readonly name: string; readonly user: unknown }[];
}

/** Writes a kubeconfig like the cluster's own, but for another account. */
export async function writeKubeConfig(cluster: TestCluster, file: string, token: string): Promise<void> {
  const own = parse(await readFile(cluster.kubeconfig, "utf8")) as KubeConfigFile;
  const users = own.users.map(({ name }) => ({ name, user: { token } }));
  await writeFile(file, stringify({ ...own, users }), { mode: 0o600 });
}
