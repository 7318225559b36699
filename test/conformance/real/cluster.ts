// The Kubernetes that examples make objects in, or run their pods on: the one that KUBECONFIG names, else a running one
// of test/kube. None is started for it.
import { execFile } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { hasCode, isObject } from "@sluice/base";
import { systemRandom } from "@sluice/base/system";
import {
  type KubeClient,
  type KubeObject,
  loadKubeConfig,
  makeKubeClient,
  type ResourceType,
  resources,
} from "@sluice/kube";
import { parseManifests } from "@sluice/spec";
import { type Case, type Manifest, root } from "./cases.ts";

export class Cluster implements AsyncDisposable {
  readonly kubeconfig: string;
  /** Made for this run of the corpus, and deleted with it. */
  readonly namespace: string;
  readonly #client: KubeClient;
  /** All that it has; undefined where it may fetch others. */
  readonly #images: ReadonlySet<string> | undefined;

  private constructor(
    kubeconfig: string,
    namespace: string,
    client: KubeClient,
    images: ReadonlySet<string> | undefined,
  ) {
    this.kubeconfig = kubeconfig;
    this.namespace = namespace;
    this.#client = client;
    this.#images = images;
  }

  /** Undefined when none answers. */
  static async find(): Promise<Cluster | undefined> {
    const own = await harness("used");
    const kubeconfig = process.env["KUBECONFIG"] || own?.trim();
    if (kubeconfig === undefined) return undefined;
    const client = makeKubeClient(await loadKubeConfig({ kubeconfig }));
    const namespace = `conformance-${systemRandom.id().slice(0, 8)}`;
    await client.create(resources.namespaces, { metadata: { name: namespace } });
    if (kubeconfig === own?.trim()) await makeVolumes(client, namespace);
    const images = kubeconfig === own?.trim() ? await harness("images") : undefined;
    const names = images === undefined ? undefined : new Set(images.trim().split("\n"));
    return new Cluster(kubeconfig, namespace, client, names);
  }

  /** What an example needs and the cluster has not; undefined when nothing is missing. */
  async missing({ document }: Case, runsPods: boolean): Promise<string | undefined> {
    const manifests = manifestsOf(document);
    for (const { apiVersion, kind } of manifests)
      if (kind !== "Workflow" && !(await this.#has(apiVersion, kind)))
        return `the cluster has no kind ${kind}`;
    const made = manifests.filter(({ kind }) => kind !== "Workflow");
    // Workflows that it starts are run as it is.
    const run = runsPods ? [document, ...manifests] : made;
    const images = this.#images;
    const image = images === undefined ? undefined : run.flatMap(imagesIn).find((one) => !images.has(one));
    return image === undefined ? undefined : `the cluster has no image ${image}, and no registry`;
  }

  async apply(manifest: Manifest): Promise<void> {
    const type = await this.#client.resolve(manifest.apiVersion, manifest.kind);
    const object = {
      ...manifest,
      metadata: { ...manifest.metadata, ...(type.namespaced ? { namespace: this.namespace } : {}) },
    };
    await this.#client.apply(type, object as unknown as KubeObject);
  }

  async #has(apiVersion: string, kind: string): Promise<boolean> {
    try {
      await this.#client.resolve(apiVersion, kind);
      return true;
    } catch (error) {
      if (hasCode(error, "KUBE_UNKNOWN_KIND")) return false;
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.delete(resources.namespaces, { name: this.namespace });
    for (const name of volumeNames(this.namespace))
      await this.#client.delete(persistentVolumes, { name }).catch(() => undefined);
    await this.#client[Symbol.asyncDispose]();
  }
}

const persistentVolumes: ResourceType = {
  group: "",
  version: "v1",
  plural: "persistentvolumes",
  kind: "PersistentVolume",
  namespaced: false,
};
const volumeNames = (namespace: string): readonly string[] => [0, 1, 2, 3].map((i) => `${namespace}-${i}`);

/** The cluster of test/kube makes no volumes for claims: some are put there. */
async function makeVolumes(client: KubeClient, namespace: string): Promise<void> {
  for (const name of volumeNames(namespace))
    await client.create(persistentVolumes, {
      metadata: { name },
      spec: {
        capacity: { storage: "10Gi" },
        accessModes: ["ReadWriteOnce", "ReadWriteMany"],
        persistentVolumeReclaimPolicy: "Retain",
        hostPath: { path: join(tmpdir(), name), type: "DirectoryOrCreate" },
      },
    });
}

/** What test/kube/cluster.sh says; undefined when it says no. */
async function harness(command: "used" | "images"): Promise<string | undefined> {
  try {
    const script = join(root, "test", "kube", "cluster.sh");
    return (await promisify(execFile)("bash", [script, command])).stdout;
  } catch {
    return undefined;
  }
}

/** Objects in the manifests of its resource templates; a tag in one stands for some word. */
function manifestsOf(document: Manifest): readonly Manifest[] {
  const texts: string[] = [];
  const walk = (value: unknown): void => {
    if (Array.isArray(value)) for (const inner of value) walk(inner);
    if (!isObject(value)) return;
    const { resource } = value;
    if (isObject(resource) && typeof resource["manifest"] === "string") texts.push(resource["manifest"]);
    for (const inner of Object.values(value)) walk(inner);
  };
  walk(document);
  return texts.flatMap((text) =>
    parseManifests(text.replaceAll(/\{\{[^{}]*\}\}/g, "x"))
      .documents.map(({ json }) => json as unknown as Manifest)
      .filter((one) => isObject(one) && typeof one.kind === "string" && typeof one.apiVersion === "string"),
  );
}

/** Under their whole names. Those that only a tag gives are not known before they are used. */
function imagesIn(document: unknown): readonly string[] {
  const found: string[] = [];
  const walk = (value: unknown): void => {
    if (Array.isArray(value)) for (const inner of value) walk(inner);
    if (!isObject(value)) return;
    for (const [key, inner] of Object.entries(value))
      if (key === "image" && typeof inner === "string" && !inner.includes("{{")) found.push(wholeName(inner));
      else walk(inner);
  };
  walk(document);
  return found;
}

function wholeName(image: string): string {
  const tagged = /:[^/]+$/.test(image) ? image : `${image}:latest`;
  const [first = "", ...rest] = tagged.split("/");
  if (rest.length === 0) return `docker.io/library/${tagged}`;
  return /[.:]|^localhost$/.test(first) ? tagged : `docker.io/${tagged}`;
}
