import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { LocalError } from "../../errors.ts";
import { layCrew } from "../crew/crew-layout.ts";
import { loopback } from "../probes/probe.ts";
import type { ShellPool } from "../shells/shell-pool.ts";
import { superviseCommand } from "../shells/supervisors.ts";
import {
  childrenOf,
  environmentOfProcess,
  familyOf,
  signalTo,
  stepProcesses,
} from "../step/process-table.ts";
import { inlineProgram, inputsScript } from "../step/shell-scripts.ts";
import type { StepFolder } from "../step/step-folder.ts";
import { scriptPath } from "../step/step-plan.ts";
import { runBriefly } from "./brief-run.ts";
import type { Isolation } from "./isolation.ts";
import { environmentOf, layCollect, layScript, layVolumes } from "./layout.ts";
import { findProgram } from "./shims.ts";
import type { Supervised } from "./supervised.ts";

const progressName = "progress";

/** Steps as plain processes: each has a working folder and a TMPDIR of its own, and that is all that is kept apart. */
export function makeProcessIsolation(options: {
  readonly shimsDir: string;
  readonly artifactsDir: string;
  readonly path: string;
  readonly shells: ShellPool;
}): Isolation {
  const setsid = findProgram("setsid", options.path) ?? "setsid";
  const { shells } = options;
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
      const place = {
        path: `${options.path}:${options.shimsDir}`,
        tmpDir: folder.file("tmp"),
        progressFile: folder.file(progressName),
      };
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
      const program = inlineProgram(env, {
        argv: [setsid, ...argv],
        program: argv[0],
        workingDir: plan.crew === undefined ? (plan.workingDir ?? folder.file("work")) : folder.file("work"),
        prelude: inputsScript(plan.inputs),
      });
      return supervise(folder, superviseCommand(folder.door, step.id, program));
    },

    rest: () => {},

    async exec(folder, supervisor, { argv, workingDir, timeoutMs }) {
      const [main] = childrenOf(supervisor);
      if (main === undefined) return undefined;
      const { code } = await runBriefly(argv, {
        path: options.path,
        cwd: workingDir ?? folder.file("work"),
        env: Object.fromEntries(environmentOfProcess(main)),
        timeoutMs,
      });
      return code;
    },

    progressFile: (folder) => folder.file(progressName),
    addressOf: async () => loopback,
    processesOf: (folder, supervisor) => [...familyOf(supervisor), ...stepProcesses(folder)],

    async terminate(_folder, supervisor) {
      const [main] = childrenOf(supervisor);
      if (main !== undefined) signalTo(main, "SIGTERM");
    },

    async kill(folder, supervisor) {
      for (const pid of stepProcesses(folder)) if (pid !== supervisor) signalTo(pid, "SIGKILL"); // that one reports the end
    },

    clear: async () => {},

    async [Symbol.asyncDispose]() {},
  };

  /** A shell that was killed before it had read the command is replaced; should it have begun, the claim says so (F1). */
  async function supervise(folder: StepFolder, command: string): Promise<Supervised> {
    const first = await shells.run(command).catch((cause: Error) => {
      throw LocalError.SANDBOX_FAILED({ isolation: "process", reason: cause.message }, cause);
    });
    const ended = first.over.then(async (end) => {
      if (end.kind === "over" || folder.claim().kind !== "none" || folder.isGone()) return end;
      return (await shells.run(command, "fresh")).over;
    });
    return { ended };
  }
}
