import type { Clock, Logger, Random } from "@sluice/base";
import type { StepRequest } from "@sluice/engine";
import type { KubeClient } from "@sluice/kube";

export interface KubernetesExecutorOptions {
  /** Not owned: whoever made it closes it. */
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** Tells our pods from those of another Sluice on the same cluster; a label value. */
  readonly installId: string;
  /** Namespaces in which steps may run; watched one by one, so that a Role in each is enough. Absent: all, by one watch. */
  readonly namespaces?: readonly string[];
  /** Where a step's pod goes; default: its run's namespace. */
  readonly namespaceOf?: (step: Pick<StepRequest, "run">) => string;
  readonly podDefaults?: PodDefaults;
  /** Entrypoints of images whose templates give no command, for scripts and output parameters by path. */
  readonly entrypoints?: Readonly<Record<string, readonly string[]>>;
  /**
   * Ms for which a pod may be unable to start (image cannot be pulled, a Secret is missing) before its step is
   * refused; default 120,000. A pod that waits for room waits as long as it must.
   */
  readonly stuckAfterMs?: number;
}

/** Set where the workflow says nothing. */
export interface PodDefaults {
  readonly serviceAccountName?: string;
  readonly imagePullPolicy?: "Always" | "IfNotPresent" | "Never";
  /** Requests and limits of the main container, in Kubernetes' shape. */
  readonly resources?: Readonly<Record<string, unknown>>;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  /** Pod-level fields, overridden by the workflow's own. */
  readonly spec?: Readonly<Record<string, unknown>>;
}
