// What became of the pods of a namespace, by the API server's own watch.
import { type KubeObject, resources } from "@sluice/kube";
import type { TestCluster } from "./cluster.ts";

/** Watches from its making until it is disposed; remembers every pod it saw, also those that are gone. */
export class PodWatch implements AsyncDisposable {
  readonly #now = new Map<string, KubeObject>();
  readonly #ever = new Map<string, KubeObject>();
  readonly #stop = new AbortController();
  readonly #waiters = new Set<() => void>();
  #watching: Promise<void> = Promise.resolve();

  static async start({ client, namespace }: TestCluster): Promise<PodWatch> {
    const watch = new PodWatch();
    const { items, resourceVersion } = await client.list(resources.pods, { namespace });
    for (const pod of items) watch.#put(pod);
    const { signal } = watch.#stop;
    const options = { namespace, resourceVersion, timeoutMs: 600_000 };
    watch.#watching = (async () => {
      for await (const event of client.watch(resources.pods, options, signal)) {
        if (event.type === "bookmark") continue;
        if (event.type === "deleted") watch.#now.delete(uidOf(event.object));
        else watch.#put(event.object);
        for (const wake of watch.#waiters) wake();
      }
    })();
    return watch;
  }

  /** Every pod that was seen, in its last state. */
  get ever(): readonly KubeObject[] {
    return [...this.#ever.values()];
  }

  /** Resolves with the pods that are there once they are as wanted; rejects after `timeoutMs`. */
  async until(
    wanted: (pods: readonly KubeObject[]) => boolean,
    timeoutMs = 60_000,
  ): Promise<readonly KubeObject[]> {
    const late = AbortSignal.timeout(timeoutMs);
    for (;;) {
      const pods = [...this.#now.values()];
      if (wanted(pods)) return pods;
      late.throwIfAborted();
      await new Promise<void>((resolve) => {
        const go = () => {
          this.#waiters.delete(go);
          late.removeEventListener("abort", go);
          resolve();
        };
        this.#waiters.add(go);
        late.addEventListener("abort", go);
      });
    }
  }

  /** The one pod of a template once its container runs. */
  async running(template: string): Promise<KubeObject> {
    const runs = (pod: KubeObject) =>
      pod.metadata.name.includes(`-${template}-`) && phaseOf(pod) === "Running";
    const pods = await this.until((all) => all.some(runs));
    return pods.find(runs) as KubeObject;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#watching;
  }

  #put(pod: KubeObject): void {
    this.#now.set(uidOf(pod), pod);
    this.#ever.set(uidOf(pod), pod);
  }
}

const uidOf = (pod: KubeObject): string => pod.metadata.uid ?? "";
const phaseOf = (pod: KubeObject): string | undefined =>
  (pod["status"] as { phase?: string } | undefined)?.phase;
