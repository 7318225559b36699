// The real cluster that these tests run against: the one that KUBECONFIG names, else the harness's own.
import { execFile, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { silentLogger } from "@sluice/base";
import { systemClock, systemRandom } from "@sluice/base/system";
import { type KubeClient, loadKubeConfig, makeInformer, makeKubeClient, resources } from "@sluice/kube";
import { afterAll, beforeAll } from "vitest";

const script = fileURLToPath(new URL("cluster.sh", import.meta.url));

/** Why no cluster can be had here; undefined when one can. */
export function clusterMissing(): string | undefined {
  if (process.env["KUBECONFIG"]) return undefined;
  if (process.getuid?.() !== 0) return "no KUBECONFIG is set, and the harness needs root";
  if (!existsSync("/etc/debian_version")) return "no KUBECONFIG is set, and the harness needs Debian";
  return undefined;
}

export interface TestCluster {
  readonly kubeconfig: string;
  readonly client: KubeClient;
  /** A namespace of this test file's own, deleted at its end. */
  readonly namespace: string;
}

/** Brings the cluster up before this file's tests. The returned object is filled by then. */
export function useCluster(): TestCluster {
  const cluster = {} as { kubeconfig: string; client: KubeClient; namespace: string };
  beforeAll(async () => {
    cluster.kubeconfig = await up();
    cluster.client = makeKubeClient(await loadKubeConfig({ kubeconfig: cluster.kubeconfig }));
    cluster.namespace = `test-${systemRandom.id().slice(0, 8)}`;
    await cluster.client.create(resources.namespaces, { metadata: { name: cluster.namespace } });
    await accountReady(cluster.client, cluster.namespace);
  });
  afterAll(async () => {
    if (cluster.client === undefined) return;
    await cluster.client.delete(resources.namespaces, { name: cluster.namespace });
    await cluster.client[Symbol.asyncDispose]();
  });
  return cluster;
}

/** A client for another account of the same cluster, by its token. */
export async function clientWithToken(cluster: TestCluster, token: string): Promise<KubeClient> {
  const access = await loadKubeConfig({ kubeconfig: cluster.kubeconfig });
  return makeKubeClient({
    ...access,
    requestOptions: async () => {
      const options = await access.requestOptions();
      return { ...options, headers: { ...options.headers, authorization: `Bearer ${token}` } };
    },
  });
}

/** A new namespace refuses pods until its default account has a token, which takes the controllers a moment. */
async function accountReady(client: KubeClient, namespace: string): Promise<void> {
  const stop = new AbortController();
  const informer = makeInformer({
    client,
    type: resources.serviceAccounts,
    namespace,
    clock: systemClock,
    random: systemRandom,
    log: silentLogger,
  });
  const running = informer.run(stop.signal);
  for await (const change of informer.changes(stop.signal)) if (change.type === "added") stop.abort();
  await running;
}

/** Runs `cluster.sh up`, which prefers KUBECONFIG's cluster; its progress is shown as it comes. The kubeconfig's path. */
async function up(): Promise<string> {
  const child = spawn("bash", [script, "up"], { stdio: ["ignore", "pipe", "inherit"] });
  let out = "";
  child.stdout.on("data", (chunk: Buffer) => {
    out += chunk.toString();
  });
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  if (code !== 0) throw new Error(`cluster.sh up ended with code ${code}`);
  return out.trim().split("\n").at(-1) ?? "";
}

/** Runs kubectl against the cluster. Its stdout. */
export async function kubectl(cluster: TestCluster, ...args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)("kubectl", ["--kubeconfig", cluster.kubeconfig, ...args]);
  return stdout;
}
