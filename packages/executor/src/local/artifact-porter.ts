// Carries a local step's artifacts between the repository and the disk.
// Owns:      `<stateDir>/artifacts/<step>/`: `in/<n>` brought inputs, and for steps without a box `out/<n>.tar`, the raw
//            tars of outputs. A boxed step's are in its box's bulk folder, under `artifacts`.
// Invariant: an output is saved from what the step's own end left on disk, so a later process can save it again.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { type Clock, type Logger, messageOf, type Random, retrying, retryOf } from "@sluice/base";
import type { ArtifactStore } from "@sluice/bus";
import type { StepRequest } from "@sluice/engine";
import { fetchArtifact } from "../artifacts/fetch.ts";
import type { ArtifactLimits } from "../artifacts/limits.ts";
import { type SavedOutputs, saveArtifacts } from "../artifacts/save.ts";
import { LocalError } from "../errors.ts";
import type { StepFolder } from "./step/step-folder.ts";
import type { BroughtInput } from "./step/step-plan.ts";

export interface PorterOptions {
  readonly artifactsDir: string;
  readonly bulkDir: string;
  /** Absent: steps with artifacts are refused. */
  readonly store: ArtifactStore | undefined;
  readonly limits: ArtifactLimits;
}

export class ArtifactPorter {
  readonly #options: PorterOptions;

  constructor(options: PorterOptions) {
    this.#options = options;
  }

  /** Where a step's artifacts are before it has a box, and where they stay when it gets none. */
  folderOf(stepId: string): string {
    return join(this.#options.artifactsDir, stepId);
  }

  /** Steps that have a folder here. */
  known(): readonly string[] {
    return readdirSync(this.#options.artifactsDir);
  }

  /**
   * Brings the inputs of a step that has not begun.
   * Errors: LOCAL_ARTIFACTS_UNAVAILABLE, those of `fetchArtifact`.
   */
  async bring(step: StepRequest): Promise<readonly BroughtInput[]> {
    if (step.artifacts === undefined) return [];
    const deps = { store: this.#store(), limits: this.#options.limits };
    const brought: BroughtInput[] = [];
    for (const [index, input] of step.artifacts.inputs.entries()) {
      const folder = join(this.folderOf(step.id), "in", String(index));
      const source = await fetchArtifact(deps, step.run.namespace, input, folder);
      if (source !== undefined) brought.push({ source, target: input.path });
    }
    return brought;
  }

  /** Saves the outputs of a step that has ended. Errors: those that may go well later. */
  async save(step: StepRequest, folder: StepFolder): Promise<SavedOutputs> {
    if (step.artifacts === undefined || step.artifacts.outputs.length === 0)
      return { artifacts: {}, unsaved: {} };
    const { box } = folder;
    const ground =
      box === undefined ? this.folderOf(step.id) : join(this.#options.bulkDir, basename(box), "artifacts");
    const rawTar = (index: number) => ({
      path: join(ground, "out", `${index}.tar`),
      failure: failureOf(join(ground, "out", `${index}.failed`)),
    });
    const deps = { store: this.#store(), limits: this.#options.limits };
    return saveArtifacts(deps, step, rawTar, join(this.folderOf(step.id), "scratch"));
  }

  #store(): ArtifactStore {
    const { store } = this.#options;
    if (store === undefined) throw LocalError.ARTIFACTS_UNAVAILABLE({});
    return store;
  }
}

/** What the tar program said when it could not read all. */
function failureOf(path: string): string | undefined {
  if (!existsSync(path)) return undefined;
  const said = readFileSync(path, "utf8").trim().slice(0, 500);
  return said === "" ? "it could not be read as a whole" : said;
}

export interface PorterDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly porter: ArtifactPorter;
  /** Aborted when the executor is disposed, or another engine has the step: leave the step as it is. */
  readonly signal: AbortSignal;
}

/** Work with the artifact repository, until it is done or `signal` aborts; the bus may be away meanwhile. */
export function persisting<T>(
  { clock, random, log, porter, signal }: PorterDeps,
  stepId: string,
  trouble: string,
  work: (porter: ArtifactPorter) => Promise<T>,
): Promise<T> {
  return retrying(
    {
      clock,
      random,
      signal,
      attempts: Number.POSITIVE_INFINITY,
      when: (error) => retryOf(error) === "later",
      onRetry: (error, attempt) =>
        log.warn("artifacts wait for the bus", {
          step: stepId,
          attempt,
          reason: `${trouble}: ${messageOf(error)}`,
        }),
    },
    () => work(porter),
  );
}
