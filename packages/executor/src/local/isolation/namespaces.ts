import { readFileSync, renameSync } from "node:fs";
import { join, relative } from "node:path";
import type { StepRequest } from "@sluice/engine";
import { LocalError } from "../../errors.ts";
import { layCrew } from "../crew/crew-layout.ts";
import type { WholePlan } from "../crew/crew-plan.ts";
import { giveNetwork, takeNetwork } from "../network/own-network.ts";
import { PortBook, portsOf } from "../network/port-book.ts";
import { loopback } from "../probes/probe.ts";
import type { TaskEnd } from "../shells/shell.ts";
import type { Which } from "../shells/shell-pool.ts";
import { claimTakenExitCode } from "../shells/supervisors.ts";
import {
  childrenOf,
  commandLineOf,
  environmentOfProcess,
  processesBeside,
  signalTo,
} from "../step/process-table.ts";
import { enterScript, inlineProgram, inputsScript } from "../step/shell-scripts.ts";
import { failureIn, type StepFolder } from "../step/step-folder.ts";
import type { StepPlan } from "../step/step-plan.ts";
import { writeWhole } from "../step/whole-file.ts";
import { type Box, type BoxOptions, BoxPool } from "./box-pool.ts";
import { runBriefly } from "./brief-run.ts";
import type { Isolation } from "./isolation.ts";
import { environmentOf, hostName, layCollect, layScript, layVolumes } from "./layout.ts";
import { enterWords, joinWords } from "./sandbox/words.ts";
import { findProgram, placesScript } from "./shims.ts";
import type { Supervised } from "./supervised.ts";

const imagesOf = ({ image, crew }: WholePlan): readonly string[] =>
  crew === undefined ? [image] : crew.members.map(({ plan }) => plan.image);

/** In the output folder, the one part of its box that the step and this process both see as it is. */
const progressName = "progress";

/** In a box with a network of its own: where it answers. */
const addressFile = "address";

function ownAddressIn(ground: string): string | undefined {
  try {
    return readFileSync(join(ground, addressFile), "utf8");
  } catch {
    return undefined;
  }
}

/**
 * The step's main process is the oldest child that has become another program: beside it, in the first moment, stands
 * the part of process 1 that opened the gate.
 */
function mainOf(supervisor: number): number | undefined {
  const own = commandLineOf(supervisor);
  return childrenOf(supervisor).find((child) => commandLineOf(child) !== own);
}

/** Steps in Linux namespaces over a copy-on-write view of this machine. */
export function makeNamespaceIsolation(options: BoxOptions): Isolation {
  const name = options.privileged ? "namespaces" : "namespaces-unprivileged";
  const pool = new BoxPool(options);
  const ports = new PortBook();
  const canGiveNetworks = options.privileged && findProgram("ip", options.path) !== undefined;
  return {
    name,
    warnings: [
      "images are not used: a step sees this machine's programs",
      "the network is this machine's; limits of memory and cpu are not enforced",
    ],
    ready: async () => {},

    async launch(folder, step, plan): Promise<Supervised> {
      const makeBox = async (shell: Which) =>
        (await boxWithNetwork(folder, step, plan, shell)) ?? pool.make(layVolumes(folder, plan), { shell });
      const isOrdinary = plan.volumes.length === 0 && !needsNetwork(step);
      const box = await (isOrdinary ? pool.take() : makeBox("any")).catch(refuse);
      const inputsDir = join(options.artifactsDir, folder.id, "in");
      const hasInputs = plan.inputs.length > 0;
      const open = (into: Box) => {
        try {
          if (hasInputs) renameSync(inputsDir, inputsOf(into));
          return pool.open(into, folder, hostName(step.id), lay(into, step, plan, inputsDir));
        } catch (error) {
          void pool.end(into);
          throw error;
        }
      };
      const ended = open(box).then(async (end) => {
        if (!wasKilled(box, folder, end)) return settleBox(box, folder, end);
        // Nothing of it is left that could still claim the step; and should the next one not get as far, that is told.
        if (hasInputs) renameSync(inputsOf(box), inputsDir);
        await clear(box.dir, step.id);
        options.discard(box.dir);
        const next = await makeBox("fresh").catch(refuse);
        return settleBox(next, folder, await open(next));
      });
      return { ended: ended.finally(() => ports.release(step.id)) };
    },

    rest: () => pool.fill(),

    async exec(folder, supervisor, { argv, workingDir = "/", timeoutMs }) {
      const main = mainOf(supervisor);
      if (main === undefined || folder.box === undefined) return undefined;
      const own = environmentOfProcess(main);
      const variables = new Map([...own.keys()].map((variable, index) => [variable, `SLUICE_ENV_${index}`]));
      const carriers = Object.fromEntries([...variables].map(([from, to]) => [to, own.get(from) ?? ""]));
      // N3: it enters as the step's own programs do, its capabilities dropped, and is ended inside.
      const limit = ["timeout", "-s", "KILL", String(Math.ceil(timeoutMs / 1_000))];
      const words = [
        ...joinWords(supervisor, options.privileged),
        ...enterWords(folder.box),
        ...["/bin/sh", "-c", enterScript({ workingDir, variables, argv: [...limit, ...argv] })],
      ];
      const { code } = await runBriefly(words, {
        path: options.path,
        env: { ...carriers, PATH: options.path },
        timeoutMs: timeoutMs + 5_000,
      });
      return code;
    },

    progressFile: ({ ground }) => join(ground, "out", progressName),
    addressOf: async ({ ground }) => ownAddressIn(ground) ?? loopback,
    processesOf: (folder, supervisor) => {
      const main = mainOf(supervisor);
      return main === undefined || ownAddressIn(folder.ground) !== undefined ? [] : processesBeside(main);
    },

    async terminate(_folder, supervisor) {
      const main = mainOf(supervisor);
      if (main !== undefined) signalTo(main, "SIGTERM");
    },

    /** The supervisor is process 1 of the sandbox: with it goes all of the step. */
    async kill(_folder, supervisor) {
      if (supervisor !== undefined) signalTo(supervisor, "SIGKILL");
    },

    clear: ({ ground, id }) => clear(ground, id),

    [Symbol.asyncDispose]: () => pool[Symbol.asyncDispose](),
  };

  /** Whether it is a daemon whose port is another's here; else its ports are now its own. */
  function needsNetwork(step: StepRequest): boolean {
    return step.daemon === true && canGiveNetworks && !ports.reserve(step.id, portsOf(step));
  }

  /** A box with a network of its own, for a step that needs one; undefined when it does not, or none can be given. */
  async function boxWithNetwork(
    folder: StepFolder,
    step: StepRequest,
    plan: StepPlan,
    shell: Which,
  ): Promise<Box | undefined> {
    if (!needsNetwork(step)) return undefined;
    const box = await pool.make(layVolumes(folder, plan), { hasNetwork: true, shell });
    const address = await giveNetwork(() => box.shell.childPid, step.id, options);
    if (address === undefined) {
      await pool.end(box);
      return undefined;
    }
    writeWhole(join(box.dir, addressFile), address);
    return box;
  }

  /** Its network may be held by whoever has entered it, and the system takes its time with what nobody holds. */
  async function clear(ground: string, stepId: string): Promise<void> {
    if (ownAddressIn(ground) !== undefined) await takeNetwork(stepId, options);
  }

  function refuse(cause: Error): never {
    throw LocalError.SANDBOX_FAILED({ isolation: name, reason: cause.message }, cause);
  }

  /** Lays the step out in its box; returns the program for the shell that waits there. */
  function lay(box: Box, step: StepRequest, plan: WholePlan, inputsDir: string): string {
    layScript(box.dir, plan);
    layCollect(step, plan, {
      ground: box.dir,
      outDir: "/argo/out",
      artifactsOutDir: "/argo/artifacts/out",
    });
    const inputs = plan.inputs.map(({ source, target }) => ({
      source: join("/argo/artifacts/in", relative(inputsDir, source)),
      target,
    }));
    const place = {
      path: `${options.path}:/argo/bin`,
      tmpDir: "/tmp",
      progressFile: `/argo/out/${progressName}`,
    };
    const { env, argv } =
      plan.crew === undefined
        ? { env: environmentOf(step, plan, place), argv: [...(plan.command ?? []), ...plan.args] }
        : layCrew(step, plan.crew, {
            ...place,
            ground: box.dir,
            stagingDir: "/argo/staging",
            outDir: "/argo/out",
            workingDir: "/",
            own: (word) => word,
          });
    return inlineProgram(env, {
      workingDir: plan.crew === undefined ? (plan.workingDir ?? "/") : "/",
      argv,
      before: "</dev/null",
      prelude: `${placesScript(imagesOf(plan))}${inputsScript(inputs)}`,
    });
  }

  /**
   * Whether a box ended while it waited: not by a step that another has claimed, and not because it could not be set up.
   * A step whose folder is gone was found to have ended, and is forgotten.
   */
  function wasKilled(box: Box, folder: StepFolder, end: TaskEnd): boolean {
    const isSettled = end.kind === "over" && end.code === claimTakenExitCode;
    const isBegun = folder.box !== undefined || folder.claim().kind !== "none" || folder.isGone();
    return !isSettled && !isBegun && failureIn(box.dir) === undefined;
  }

  /** A box that came to no claim has no other step to wait for: it goes. Its reason is kept with the step. */
  function settleBox(box: Box, folder: StepFolder, end: TaskEnd): TaskEnd {
    if (folder.box === box.dir) return end;
    const reason = failureIn(box.dir);
    options.discard(box.dir);
    if (reason !== undefined) throw LocalError.SANDBOX_FAILED({ isolation: name, reason });
    return end;
  }
}

const inputsOf = (box: Box): string => join(box.bulkDir, "artifacts", "in");
