// Executors over the test cluster, and the steps that these tests run.
import { silentLogger } from "@sluice/base";
import { systemClock, systemRandom } from "@sluice/base/system";
import type { Executor, StepRequest } from "@sluice/engine";
import { EventReader, shStep } from "@sluice/engine/testing";
import { type KubernetesExecutorOptions, makeKubernetesExecutor } from "@sluice/executor";
import type { TestCluster } from "./cluster.ts";

export const image = "alpine:3.6";

/** An executor whose pods live in the test's own namespace. */
export function openExecutor(
  cluster: TestCluster,
  over: Partial<KubernetesExecutorOptions> & { readonly installId: string },
): Executor {
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

/** An open executor and its one reader. */
export class Session implements AsyncDisposable {
  readonly executor: Executor;
  readonly reader: EventReader;

  constructor(executor: Executor) {
    this.executor = executor;
    this.reader = new EventReader(executor);
  }

  async run(step: StepRequest) {
    await this.executor.start(step);
    return this.reader.ended(step.id);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.reader[Symbol.asyncDispose]();
    await this.executor[Symbol.asyncDispose]();
  }
}

export const installId = (): string => `test-${systemRandom.id().slice(0, 8)}`;

export const script = (source: string, over: Partial<StepRequest> = {}): StepRequest =>
  shStep(source, { image, ...over });

/** A step that runs a container as it is written, without a wrapper. */
export const container = (
  command: readonly string[] | undefined,
  over: Partial<StepRequest> & { readonly container?: Record<string, unknown> } = {},
): StepRequest => {
  const { container: fields, ...rest } = over;
  return shStep("", {
    work: {
      kind: "container",
      container: { image, ...(command === undefined ? {} : { command: [...command] }), ...fields },
    },
    ...rest,
  });
};
