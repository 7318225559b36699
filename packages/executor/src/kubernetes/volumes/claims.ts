// The claims that a run makes for itself: made before its first pod, removed when the engine says that it needs them no more.
// Owns:      the knowledge which are made; nothing that a new process could not find again.   Talks to: KubeClient.
// Invariant: a claim belongs to the run whose first uid is its label: a retry goes on with it. Made twice it is found; another's is never used or removed.
import { hasCode } from "@sluice/base";
import { claimOwnerOf, type StepRequest, type VolumeClaim } from "@sluice/engine";
import { type KubeClient, type KubeObject, resources } from "@sluice/kube";
import { KubeExecError } from "../errors.ts";
import { label, labelValue } from "../names.ts";

type OfRun = Pick<StepRequest, "run" | "claims">;

export class RunClaims {
  readonly #client: KubeClient;
  readonly #installId: string;
  readonly #made = new Set<string>();

  constructor(client: KubeClient, installId: string) {
    this.#client = client;
    this.#installId = installId;
  }

  /** Errors: KUBEEXEC_CLAIM_TAKEN, those of Kubernetes. */
  async ensure({ run, claims = [] }: OfRun, namespace: string, signal: AbortSignal): Promise<void> {
    for (const claim of claims) {
      const key = `${claimOwnerOf(run)}/${claim.metadata.name}`;
      if (this.#made.has(key)) continue;
      await this.#make(claim, { run, namespace }, signal);
      this.#made.add(key);
    }
  }

  async #make(
    claim: VolumeClaim,
    { run, namespace }: Pick<StepRequest, "run"> & { readonly namespace: string },
    signal: AbortSignal,
  ): Promise<void> {
    const { name } = claim.metadata;
    const labels = {
      ...claim.metadata.labels,
      [label.install]: this.#installId,
      [label.run]: labelValue(claimOwnerOf(run)),
      [label.workflow]: labelValue(run.name),
    };
    const object: KubeObject = { metadata: { ...claim.metadata, namespace, labels }, spec: claim.spec };
    try {
      await this.#client.create(resources.persistentVolumeClaims, object, signal);
    } catch (error) {
      if (!hasCode(error, "KUBE_EXISTS")) throw error;
      const there = await this.#client.get(resources.persistentVolumeClaims, { namespace, name }, signal);
      if (there.metadata.labels?.[label.run] !== labels[label.run])
        throw KubeExecError.CLAIM_TAKEN({ claim: name, namespace }, error);
    }
  }

  /** All that are the run's; those that are gone already are no error. A pod that still ends keeps its volume until then. */
  async remove(run: StepRequest["run"], namespace: string, signal: AbortSignal): Promise<void> {
    const uid = claimOwnerOf(run);
    const labelSelector = `${label.run}=${labelValue(uid)},${label.install}=${this.#installId}`;
    const { items } = await this.#client.list(
      resources.persistentVolumeClaims,
      { namespace, labelSelector },
      signal,
    );
    for (const { metadata } of items) {
      this.#made.delete(`${uid}/${metadata.name}`);
      try {
        const ref = { namespace, name: metadata.name };
        await this.#client.delete(resources.persistentVolumeClaims, ref, {}, signal);
      } catch (error) {
        if (!hasCode(error, "KUBE_NOT_FOUND")) throw error;
      }
    }
  }
}
