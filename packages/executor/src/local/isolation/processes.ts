import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Clock } from "@sluice/base";
import { LocalError } from "../../errors.ts";
import { layCrew } from "../crew/crew-layout.ts";
import { loopback } from "../readiness/probe.ts";
import {
  childrenOf,
  environmentOfProcess,
  familyOf,
  processesWithEnv,
  signalTo,
} from "../step/process-table.ts";
import { inputsScript, plainScript } from "../step/shell-scripts.ts";
import { scriptPath } from "../step/step-plan.ts";
import { runBriefly } from "./brief-run.ts";
import type { Isolation } from "./isolation.ts";
import { environmentOf, layCollect, layScript, layVolumes, makeEnter } from "./layout.ts";
import { findProgram } from "./shims.ts";
import { spawnSupervisor } from "./supervised.ts";

/** Steps as plain processes: each has a working folder and a TMPDIR of its own, and that is all that is kept apart. */
export function makeProcessIsolation(options: {
  readonly shimsDir: string;
  readonly artifactsDir: string;
  readonly path: string;
  readonly clock: Clock;
}): Isolation {
  const setsid = findProgram("setsid", options.path) ?? "setsid";
  return {
    name: "process",
    warnings: [
      "steps are plain processes of this user: they read and write whatever it may, and see each other",
      "a process that leaves its process group may outlive its step; limits of memory and cpu are not enforced",
    ],
    ready: async () => {},

    async launch(folder, step, plan) {
      const [volume] = plan.volumes;
      if (volume !== undefined)
        throw LocalError.FIELD_UNSUPPORTED({
          field: `volumes.${volume.name}`,
          reason: "plain processes have no mounts",
        });
      const own = (path: string) => (path === scriptPath ? folder.file("staging", "script") : path);
      for (const dir of ["work", "tmp"]) mkdirSync(folder.file(dir), { recursive: true });
      layScript(folder.path, plan);
      layVolumes(folder, plan);
      const artifactsOutDir = join(options.artifactsDir, folder.id, "out");
      if (step.artifacts !== undefined) mkdirSync(artifactsOutDir, { recursive: true });
      layCollect(step, plan, { ground: folder.path, outDir: folder.file("out"), artifactsOutDir });
      const place = { path: `${options.path}:${options.shimsDir}`, tmpDir: folder.file("tmp") };
      const { env, argv } =
        plan.crew === undefined
          ? { env: environmentOf(step, plan, place), argv: [...(plan.command ?? []), ...plan.args].map(own) }
          : layCrew(step, plan.crew, {
              ...place,
              ground: folder.path,
              stagingDir: folder.file("staging"),
              outDir: folder.file("out"),
              workingDir: folder.file("work"),
              own,
            });
      const { program, carriers } = makeEnter(folder, env, {
        argv: [setsid, ...argv],
        program: argv[0],
        workingDir: plan.crew === undefined ? (plan.workingDir ?? folder.file("work")) : folder.file("work"),
        prelude: inputsScript(plan.inputs),
      });
      const supervisor = spawnSupervisor({
        argv: ["/bin/sh", "-c", plainScript, folder.door, program],
        ground: folder.door,
        env: { ...carriers, PATH: options.path, SLUICE_STEP: step.id },
        gate: false,
        isolation: "process",
      });
      await supervisor.spawned;
      return supervisor;
    },

    rest: () => {},

    async exec(folder, supervisor, { argv, workingDir, timeoutMs }) {
      const [main] = childrenOf(supervisor);
      if (main === undefined) return 127;
      const { code } = await runBriefly(argv, {
        path: options.path,
        cwd: workingDir ?? folder.file("work"),
        env: Object.fromEntries(environmentOfProcess(main)),
        timeoutMs,
      });
      return code;
    },

    addressOf: async () => loopback,
    processesOf: (folder, supervisor) => [
      ...familyOf(supervisor),
      ...processesWithEnv("SLUICE_STEP", folder.id),
    ],

    async terminate(_folder, supervisor) {
      const [main] = childrenOf(supervisor);
      if (main !== undefined) signalTo(main, "SIGTERM");
    },

    async kill(folder, supervisor) {
      for (const pid of processesWithEnv("SLUICE_STEP", folder.id))
        if (pid !== supervisor) signalTo(pid, "SIGKILL"); // that one reports the end
    },

    async [Symbol.asyncDispose]() {},
  };
}
