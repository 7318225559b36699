// The namespace sandbox as data: what is mounted where, and the words that enter it. Pure but for looking at the host.
// Invariants
//   N1. The only places that a step can write to are parts of its own folder: the overlay's upper layer, its /tmp, its
//       volumes and its output folder.
//   N2. The data folder (credentials, other steps) is covered by an empty file system, and so is /run with its sockets.
//   N3. A step holds no capability that reaches out of its namespaces, and can gain none.

export interface BindMount {
  /** On the host. */
  readonly source: string;
  /** As the step sees it; absolute. */
  readonly target: string;
  readonly readOnly: boolean;
}

export interface SandboxSpec {
  /** The box's folder. */
  readonly stepDir: string;
  /** Where the box keeps what the step writes, which may be much: the same folder, or one on a disk. */
  readonly bulkDir: string;
  /** Shims for programs that the host lacks, seen at /argo/bin. */
  readonly shimsDir: string;
  /** The ground of /dev: empty files that devices are bound to. */
  readonly devDir: string;
  /** Host folders that a step sees empty. */
  readonly hidden: readonly string[];
  readonly volumes: readonly BindMount[];
  readonly privileged: boolean;
}
