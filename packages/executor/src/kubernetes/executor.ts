// Steps as pods, behind the engine's Executor contract.
// Owns:      the informers over our pods, the steps it tracks. Talks to: KubeClient.
// Invariants
//   K1. A pod's name is a function of its step's id: creating it twice attaches to the first.
//   K2. Nothing of a step is kept here that its pod does not show: a new process that is told the steps goes on.
//   K3. A finished pod stays until `forget`: it is the record of the step's end.
//   K4. Pods of this installation and of the adopter's runs that no known step owns are deleted at `adopt`.
import { hasCode, isAppError, messageOf, Scope } from "@sluice/base";
import {
  type Executor,
  type ExecutorDescription,
  runUidOf,
  type StepEvent,
  type StepRequest,
} from "@sluice/engine";
import { type Change, type Informer, type KubeObject, makeInformer, resources } from "@sluice/kube";
import { KubeExecError } from "./errors.ts";
import { EventQueue } from "./event-queue.ts";
import { installOf, label, podName, stepIdOf, stepLabel } from "./names.ts";
import type { KubernetesExecutorOptions } from "./options.ts";
import { buildPod } from "./pod.ts";
import { untilDone } from "./retry.ts";
import { TrackedStep } from "./step/step.ts";
import { RunClaims } from "./volumes/claims.ts";

/** An executor that runs each step in a pod. Starts watching at once; disposing leaves the pods running. */
export function makeKubernetesExecutor(options: KubernetesExecutorOptions): Executor {
  const executor = new KubernetesExecutor(options);
  executor.watch();
  return executor;
}

class KubernetesExecutor implements Executor {
  readonly kind = "kubernetes";
  readonly #options: KubernetesExecutorOptions;
  readonly #scope = new Scope();
  readonly #queue = new EventQueue();
  readonly #steps = new Map<string, TrackedStep>();
  readonly #informers: Informer[] = [];
  readonly #claims: RunClaims;

  constructor(options: KubernetesExecutorOptions) {
    this.#options = options;
    this.#claims = new RunClaims(options.client, options.installId);
  }

  watch(): void {
    const { client, clock, random, log, installId, namespaces } = this.#options;
    const labelSelector = `${label.install}=${installId}`;
    for (const namespace of namespaces ?? [undefined]) {
      const where = namespace === undefined ? {} : { namespace };
      const informer = makeInformer({
        client,
        type: resources.pods,
        ...where,
        labelSelector,
        clock,
        random,
        log,
      });
      this.#informers.push(informer);
      this.#scope.spawn(`pods ${namespace ?? ""}`, (signal) => informer.run(signal));
      this.#scope.spawn(`pod changes ${namespace ?? ""}`, async (signal) => {
        for await (const change of informer.changes(signal)) this.#see(change);
      });
    }
  }

  async start(step: StepRequest): Promise<void> {
    if (this.#steps.has(step.id)) return;
    const { clock } = this.#options;
    const namespace = this.#namespaceOf(step);
    const tracked = this.#track(step, namespace);
    const allowed = this.#options.namespaces;
    if (allowed !== undefined && !allowed.includes(namespace))
      return tracked.refuse(KubeExecError.NAMESPACE({ namespace, allowed: allowed.join(", ") }));
    if (step.artifacts !== undefined)
      return tracked.refuse(KubeExecError.ARTIFACTS({ template: step.node.template }));
    try {
      const mark = `::sluice-${this.#options.random.id().slice(0, 20)}::`;
      const pod = buildPod(step, this.#options, { namespace, mark, now: clock.now() });
      if (step.deadlineAt !== undefined && step.deadlineAt <= clock.now())
        return await this.#startLate(tracked);
      await this.#makeClaims(tracked);
      await this.#createOrAttach(tracked, pod);
    } catch (error) {
      this.#refuse(tracked, error);
    }
  }

  async stop(stepId: string, how: "term" | "kill"): Promise<void> {
    await this.#steps.get(stepId)?.stop(how);
  }

  async adopt(
    known: readonly StepRequest[],
    owns: (runUid: string) => boolean = () => true,
  ): Promise<{ readonly attached: readonly string[] }> {
    await Promise.all(this.#informers.map((informer) => this.#orClosed(informer.synced)));
    const byId = new Map(known.map((step) => [step.id, step]));
    const attached: string[] = [];
    for (const pod of this.#pods()) {
      const id = stepIdOf(pod);
      const step = id === undefined ? undefined : byId.get(id);
      if (step !== undefined) {
        attached.push(step.id);
        this.#track(step, pod.metadata.namespace ?? this.#namespaceOf(step)).observe(pod);
      } else if (id === undefined || (!this.#steps.has(id) && owns(runUidOf(id)))) await this.#remove(pod);
    }
    return { attached };
  }

  async detach(stepIds: readonly string[]): Promise<void> {
    for (const stepId of stepIds) {
      this.#steps.get(stepId)?.dispose();
      this.#steps.delete(stepId);
    }
    this.#queue.drop(new Set(stepIds));
  }

  async forget(stepId: string): Promise<void> {
    const tracked = this.#steps.get(stepId);
    this.#steps.delete(stepId);
    tracked?.dispose();
    const selector = stepLabel(stepId);
    const pod = this.#pods().find((candidate) => candidate.metadata.labels?.[label.step] === selector);
    if (pod !== undefined) await this.#remove(pod);
    else if (tracked !== undefined) await this.#removeNamed(tracked.place.namespace, tracked.place.name);
  }

  async forgetRun(run: StepRequest["run"]): Promise<void> {
    const signal = this.#scope.signal;
    const namespace = this.#namespaceOf({ run });
    await untilDone({ ...this.#options, signal, what: "delete claims" }, () =>
      this.#claims.remove(run, namespace, signal),
    );
  }

  events(signal: AbortSignal): AsyncIterable<StepEvent> {
    return this.#queue.read(signal);
  }

  async describe(): Promise<ExecutorDescription> {
    const { client, namespaces, installId } = this.#options;
    const where = namespaces === undefined ? "all namespaces" : `namespaces ${namespaces.join(", ")}`;
    const warnings: string[] = [];
    const version = await client.version(this.#scope.signal).catch((error: unknown) => {
      warnings.push(`the API server does not answer: ${messageOf(error)}`);
      return "unknown";
    });
    return {
      kind: "kubernetes",
      isolation: "kubernetes",
      reason: `Kubernetes ${version} at ${client.server}, a pod a step in ${where}, install id '${installId}'`,
      warnings,
    };
  }

  [Symbol.asyncDispose](): Promise<void> {
    for (const step of this.#steps.values()) step.dispose();
    return this.#scope[Symbol.asyncDispose]();
  }

  #namespaceOf(step: Pick<StepRequest, "run">): string {
    return this.#options.namespaceOf?.(step) ?? step.run.namespace;
  }

  #track(step: StepRequest, namespace: string): TrackedStep {
    const known = this.#steps.get(step.id);
    if (known !== undefined) return known;
    const { client, clock, random, log, stuckAfterMs = 120_000 } = this.#options;
    const deps = { client, clock, random, log, queue: this.#queue, stuckAfterMs };
    const tracked = new TrackedStep(step, { namespace, name: podName(step) }, deps);
    this.#steps.set(step.id, tracked);
    return tracked;
  }

  #pods(): readonly KubeObject[] {
    return this.#informers.flatMap((informer) => [...informer.store.values()]);
  }

  #see(change: Change): void {
    if (change.type === "synced") return;
    const id = stepIdOf(change.object);
    const tracked = id === undefined ? undefined : this.#steps.get(id);
    if (tracked === undefined) return;
    try {
      // A last look: the state in which it was deleted may hold the exit code.
      tracked.observe(change.object);
      if (change.type === "deleted") tracked.vanished();
    } catch (error) {
      // One pod that we cannot read must not end the watch over all others.
      this.#options.log.error("a pod could not be understood", { step: id, reason: messageOf(error) });
    }
  }

  async #makeClaims(tracked: TrackedStep): Promise<void> {
    if (tracked.request.claims === undefined) return;
    const signal = this.#scope.signal;
    const onRetry = (error: unknown) => tracked.pending(messageOf(error));
    await untilDone({ ...this.#options, signal, what: "create claims", onRetry }, () =>
      this.#claims.ensure(tracked.request, tracked.place.namespace, signal),
    );
  }

  /** K1 */
  async #createOrAttach(tracked: TrackedStep, pod: KubeObject): Promise<void> {
    const { client } = this.#options;
    const signal = this.#scope.signal;
    const onRetry = (error: unknown) => tracked.pending(messageOf(error));
    await untilDone({ ...this.#options, signal, what: "create pod", onRetry }, async () => {
      if (tracked.over) return;
      try {
        const made = await client.create(resources.pods, pod, signal);
        // Stopped meanwhile, and perhaps forgotten already: nobody else would take it away.
        if (tracked.over) await this.#remove(made);
        else tracked.observe(made);
      } catch (error) {
        if (!hasCode(error, "KUBE_EXISTS")) throw error;
        await this.#attach(tracked);
      }
    });
  }

  async #attach(tracked: TrackedStep): Promise<void> {
    const { place } = tracked;
    const pod = await this.#options.client.get(resources.pods, place, this.#scope.signal);
    if (stepIdOf(pod) !== tracked.request.id || installOf(pod) !== this.#options.installId)
      throw KubeExecError.NAME_TAKEN({
        pod: tracked.place.name,
        owner: `installation '${installOf(pod) ?? "none"}'`,
      });
    tracked.observe(pod);
  }

  /** Its time was over before it started: only a pod that is there already may still be looked at. */
  async #startLate(tracked: TrackedStep): Promise<void> {
    await untilDone({ ...this.#options, signal: this.#scope.signal, what: "look for pod" }, () =>
      this.#attach(tracked),
    ).catch((error: unknown) => {
      if (!hasCode(error, "KUBE_NOT_FOUND")) throw error;
      tracked.expired();
    });
  }

  #refuse(tracked: TrackedStep, error: unknown): void {
    if (!isAppError(error) || error.retry !== "never") {
      this.#steps.delete(tracked.request.id);
      tracked.dispose();
      throw error;
    }
    const ours = error.code.startsWith("KUBEEXEC_");
    tracked.refuse(
      ours ? error : KubeExecError.POD_REFUSED({ pod: tracked.place.name, said: error.message }, error),
    );
  }

  async #remove(pod: KubeObject): Promise<void> {
    await this.#removeNamed(pod.metadata.namespace ?? "default", pod.metadata.name);
  }

  /** Without grace: its object goes at once, so no later process takes it for a step; the kubelet ends what runs in it. */
  async #removeNamed(namespace: string, name: string): Promise<void> {
    const signal = this.#scope.signal;
    await untilDone({ ...this.#options, signal, what: "delete pod" }, async () => {
      try {
        await this.#options.client.delete(resources.pods, { namespace, name }, { graceSeconds: 0 }, signal);
      } catch (error) {
        if (!hasCode(error, "KUBE_NOT_FOUND")) throw error;
      }
    });
  }

  #orClosed(promise: Promise<void>): Promise<void> {
    const signal = this.#scope.signal;
    const closed = new Promise<never>((_resolve, reject) => {
      if (signal.aborted) reject(signal.reason);
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    });
    return Promise.race([promise, closed]);
  }
}
