import { mkdirSync } from "node:fs";
import { LocalError } from "../../errors.ts";
import { childrenOf, processesWithEnv, signalTo } from "../step/process-table.ts";
import { plainScript } from "../step/shell-scripts.ts";
import { scriptPath } from "../step/step-plan.ts";
import type { Isolation } from "./isolation.ts";
import { layPrograms, layScript, layVolumes } from "./layout.ts";

/** Steps as plain processes: each has a working folder and a TMPDIR of its own, and that is all that is kept apart. */
export function makeProcessIsolation(options: {
  readonly shimsDir: string;
  readonly path: string;
}): Isolation {
  return {
    name: "process",
    warnings: [
      "steps are plain processes of this user: they read and write whatever it may, and see each other",
      "a process that leaves its session may outlive its step; limits of memory and cpu are not enforced",
    ],
    ready: async () => {},

    lay(folder, step, plan) {
      const [volume] = plan.volumes;
      if (volume !== undefined)
        throw LocalError.FIELD_UNSUPPORTED({
          field: `volumes.${volume.name}`,
          reason: "plain processes have no mounts",
        });
      const own = (path: string) => (path === scriptPath ? folder.file("staging", "script") : path);
      for (const dir of ["work", "tmp"]) mkdirSync(folder.file(dir), { recursive: true });
      const env = layPrograms(folder, step, plan, {
        argv: [...(plan.command ?? []), ...plan.args].map(own),
        workingDir: plan.workingDir ?? folder.file("work"),
        outDir: folder.file("out"),
        path: `${options.path}:${options.shimsDir}`,
        tmpDir: folder.file("tmp"),
      });
      layScript(folder, plan);
      layVolumes(folder, plan);
      return { argv: ["/bin/sh", "-c", plainScript, "run", folder.file("staging", "enter")], env };
    },

    async terminate(_folder, supervisor) {
      const [runner] = childrenOf(supervisor);
      const main = runner === undefined ? undefined : childrenOf(runner)[0];
      if (main !== undefined) signalTo(main, "SIGTERM");
    },

    async kill(folder, supervisor) {
      const [runner] = supervisor === undefined ? [] : childrenOf(supervisor);
      const spared = new Set([supervisor, runner]); // they report the end
      for (const pid of processesWithEnv("SLUICE_STEP", folder.id))
        if (!spared.has(pid)) signalTo(pid, "SIGKILL");
    },
  };
}
