import { childrenOf, processesWithEnv, signalTo } from "../step/process-table.ts";
import { initScript } from "../step/shell-scripts.ts";
import { writeWhole } from "../step/whole-file.ts";
import type { Isolation } from "./isolation.ts";
import { hostName, layPrograms, layScript, layVolumes } from "./layout.ts";
import { enterWords, prepareSandboxFolder, unshareWords } from "./sandbox.ts";

export interface NamespaceOptions {
  readonly privileged: boolean;
  readonly shimsDir: string;
  readonly devDir: string;
  readonly hidden: readonly string[];
  /** PATH of the host, of which a step sees the same programs. */
  readonly path: string;
}

/** Steps in Linux namespaces over a copy-on-write view of this machine. */
export function makeNamespaceIsolation(options: NamespaceOptions): Isolation {
  return {
    name: options.privileged ? "namespaces" : "namespaces-unprivileged",
    warnings: [
      "images are not used: a step sees this machine's programs",
      "the network is this machine's; limits of memory and cpu are not enforced",
    ],
    ready: async () => {},

    lay(folder, step, plan) {
      const env = layPrograms(folder, step, plan, {
        argv: [...(plan.command ?? []), ...plan.args],
        workingDir: plan.workingDir ?? "/",
        outDir: "/argo/out",
        path: `${options.path}:/argo/bin`,
        tmpDir: "/tmp",
      });
      layScript(folder, plan);
      prepareSandboxFolder({ ...options, stepDir: folder.path, volumes: layVolumes(folder, plan) });
      writeWhole(folder.file("hostname"), `${hostName(step.id)}\n`);
      return {
        argv: [
          ...unshareWords(options.privileged),
          "/bin/sh",
          "-c",
          initScript,
          "init",
          ...enterWords(folder.path),
        ],
        env,
      };
    },

    async terminate(_folder, supervisor) {
      // supervisor → unshare → process 1 of the sandbox → the step's main process, its oldest child.
      const main = oldestChild(oldestChild(oldestChild(supervisor)));
      if (main !== undefined) signalTo(main, "SIGTERM");
    },

    async kill(folder, supervisor) {
      const init = oldestChild(oldestChild(supervisor));
      if (init !== undefined) signalTo(init, "SIGKILL");
      else
        for (const pid of processesWithEnv("SLUICE_STEP", folder.id))
          if (pid !== supervisor) signalTo(pid, "SIGKILL");
    },
  };
}

const oldestChild = (pid: number | undefined): number | undefined =>
  pid === undefined ? undefined : childrenOf(pid)[0];
