import { hasCode, messageOf } from "@sluice/base";
import { type KubeClient, type KubeObject, type ObjectRef, resources } from "@sluice/kube";
import { type UntilDone, untilDone } from "./retry.ts";

export interface PodHandleDeps extends Omit<UntilDone, "what" | "onRetry"> {
  readonly client: KubeClient;
  /** The step's id, for messages. */
  readonly step: string;
}

/** One pod, by its name. */
export class PodHandle {
  readonly place: ObjectRef & { readonly namespace: string };
  readonly #deps: PodHandleDeps;

  constructor(place: ObjectRef & { readonly namespace: string }, deps: PodHandleDeps) {
    this.place = place;
    this.#deps = deps;
  }

  /** Asks for its deletion, by its own grace unless told otherwise. False when there is no such pod. */
  delete(graceSeconds?: number): Promise<boolean> {
    return untilDone({ ...this.#deps, what: "delete pod" }, async () => {
      try {
        await this.#deps.client.delete(
          resources.pods,
          this.place,
          graceSeconds === undefined ? {} : { graceSeconds },
        );
        return true;
      } catch (error) {
        if (hasCode(error, "KUBE_NOT_FOUND")) return false;
        throw error;
      }
    });
  }

  /** As it is now; undefined when there is no such pod. */
  get(): Promise<KubeObject | undefined> {
    return untilDone({ ...this.#deps, what: "look for pod" }, async () => {
      try {
        return await this.#deps.client.get(resources.pods, this.place, this.#deps.signal);
      } catch (error) {
        if (hasCode(error, "KUBE_NOT_FOUND")) return undefined;
        throw error;
      }
    });
  }

  /** For deletions that nobody waits for: what they leave behind, `forget` or the pod's own deadline takes away. */
  async quietly(work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#deps.log.warn("a pod could not be deleted", { step: this.#deps.step, reason: messageOf(error) });
    }
  }
}
