// The local executor: steps on this machine, each known by its folder, so that any later process can take them over.
// Owns:      the folders of site.ts.   Talks to: the system, References, Clock.
// Invariants: X1–X4 of the contract; F1–F6 in step-folder.ts, R1–R3 in step-runner.ts.
import { readdirSync, rmdirSync } from "node:fs";
import { hostname } from "node:os";
import { basename, dirname, join } from "node:path";
import { type Logger, type Random, Scope } from "@sluice/base";
import type { ArtifactStore } from "@sluice/bus";
import {
  claimOwnerOf,
  type Executor,
  type ExecutorDescription,
  runUidOf,
  type StartPermit,
  type StepEvent,
  type StepRequest,
} from "@sluice/engine";
import type { References } from "@sluice/kube";
import { type ArtifactLimits, defaultArtifactLimits } from "../artifacts/limits.ts";
import { EventQueue } from "../event-queue.ts";
import { ArtifactPorter } from "./artifact-porter.ts";
import { BegunLog } from "./begun-log.ts";
import { FolderUser } from "./folder-user.ts";
import { abandonedBoxes } from "./isolation/box-pool.ts";
import type { Isolation } from "./isolation/isolation.ts";
import { chooseIsolation, type IsolationChoice } from "./isolation/probe.ts";
import { ShellPool } from "./shells/shell-pool.ts";
import { stepFunctions } from "./shells/supervisors.ts";
import { openSite, type Site, type SiteOptions, siteIdOf } from "./site.ts";
import { bootId, isRunning } from "./step/process-table.ts";
import { listStepIds, StepFolder } from "./step/step-folder.ts";
import { StepRunner } from "./step/step-runner.ts";
import { Trash } from "./trash.ts";

export interface LocalExecutorOptions extends SiteOptions {
  /** Default "auto": the best that works. */
  readonly isolation?: IsolationChoice;
  readonly references: References;
  /** The default artifact repository; without it, steps with artifacts are refused. */
  readonly artifacts?: ArtifactStore;
  /** Bounds of one artifact; each has a default. */
  readonly artifactLimits?: Partial<ArtifactLimits>;
  readonly random: Random;
  readonly log: Logger;
}

/**
 * Tries the kinds of isolation for real, and runs steps with the chosen one.
 * Errors: LOCAL_ISOLATION_UNAVAILABLE when the one asked for does not work here.
 * Owns/Ends: disposing leaves running steps running; the next executor on this folder adopts them.
 */
export async function makeLocalExecutor(options: LocalExecutorOptions): Promise<Executor> {
  const site = openSite(options);
  const siteId = siteIdOf(site.stateDir, options.random);
  const shells = new ShellPool({ ...site, prelude: stepFunctions });
  const trashOf = (trashDir: string) => new Trash({ ...site, trashDir, shells, random: options.random });
  const trash = trashOf(site.trashDir);
  const stepTrash = site.isStepsInMemory ? trashOf(site.stepTrashDir) : trash;
  const { isolation, reason } = await chooseIsolation(site, options.isolation ?? "auto", {
    random: options.random,
    shells,
    discard: (box) => discardBox({ ...site, trash, stepTrash }, box),
  });
  if (isolation.name === "process") options.log.warn("steps run without isolation", { reason });
  const limits = { ...defaultArtifactLimits, ...options.artifactLimits };
  return new LocalExecutor({
    ...site,
    limits,
    porter: new ArtifactPorter({ ...site, store: options.artifacts, limits }),
    random: options.random,
    siteId,
    references: options.references,
    log: options.log,
    isolation,
    reason,
    shells,
    trash,
    stepTrash,
  });
}

interface Parts extends Site {
  readonly siteId: string;
  readonly references: References;
  readonly log: Logger;
  readonly isolation: Isolation;
  readonly reason: string;
  readonly random: Random;
  readonly limits: ArtifactLimits;
  readonly porter: ArtifactPorter;
  readonly shells: ShellPool;
  readonly trash: Trash;
  readonly stepTrash: Trash;
}

class LocalExecutor implements Executor {
  readonly kind = "local";
  readonly site: string;
  readonly #parts: Parts;
  readonly #queue = new EventQueue();
  readonly #scope = new Scope();
  readonly #runners = new Map<string, { readonly runner: StepRunner; readonly left: AbortController }>();
  readonly #running = new Set<Promise<void>>();
  /** Written where step folders do not outlive the machine; read always, since that may have changed. */
  readonly #begun: BegunLog;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.site = `local:${parts.siteId}`;
    this.#begun = new BegunLog(parts.stateDir, bootId());
    this.#scope.use(parts.shells);
    if (parts.isStepsInMemory) {
      const user = new FolderUser(dirname(parts.stepsDir));
      this.#scope.defer(() => {
        if (user.leave()) removeEmpty([parts.stepsDir, parts.boxesDir, parts.stepTrashDir]);
      });
    }
    this.#scope.defer(() => this.#begun.close());
    this.#scope.defer(() => parts.trash.close());
    this.#scope.defer(() => parts.stepTrash.close());
    this.#scope.use(parts.isolation);
    this.#scope.defer(async () => {
      await Promise.all(this.#running);
    });
  }

  async start(step: StepRequest, permit?: StartPermit): Promise<void> {
    if (this.#runners.has(step.id)) return;
    const folder = new StepFolder(this.#parts, step.id);
    if (this.#parts.isStepsInMemory) this.#begun.add(step.id, (id) => this.#runners.has(id));
    folder.enter(this.#parts.random.id().slice(0, 12));
    this.#run(folder, step, permit);
  }

  async stop(stepId: string, how: "term" | "kill"): Promise<void> {
    await this.#runners.get(stepId)?.runner.stop(how);
  }

  async detach(stepIds: readonly string[]): Promise<void> {
    for (const stepId of stepIds) {
      this.#runners.get(stepId)?.left.abort();
      this.#runners.delete(stepId);
    }
    this.#queue.drop(new Set(stepIds));
  }

  async adopt(
    known: readonly StepRequest[],
    owns: (runUid: string) => boolean = () => true,
  ): Promise<{ readonly attached: readonly string[] }> {
    const wanted = new Map(known.map((step) => [step.id, step]));
    const attached: string[] = [];
    this.#clearBoxes(await listStepIds(this.#parts.stepsDir));
    this.#clearArtifacts(wanted);
    for (const id of await listStepIds(this.#parts.stepsDir)) {
      const folder = new StepFolder(this.#parts, id);
      const step = wanted.get(id);
      if (step === undefined) {
        if (!this.#runners.has(id) && owns(runUidOf(id))) await this.#removeUnknown(folder);
        continue;
      }
      // F2: without a claim it never ran, and is left to `start`.
      if (folder.claim().kind === "none" && folder.refused() === undefined) continue;
      attached.push(id);
      if (!this.#runners.has(id)) this.#run(folder, step);
    }
    attached.push(...this.#lostWithTheMachine(known, owns));
    return { attached };
  }

  /** Steps that had begun when the machine went down: nothing of them is left but that they were begun. */
  #lostWithTheMachine(known: readonly StepRequest[], owns: (runUid: string) => boolean): readonly string[] {
    const earlier = this.#begun.earlier();
    const lost = known.map(({ id }) => id).filter((id) => earlier.has(id) && !this.#runners.has(id));
    const reason = "the machine was started again while it ran";
    for (const stepId of lost) this.#queue.put({ type: "lost", stepId, at: this.#parts.clock.now(), reason });
    // The lost ones stay in it until the engine knows them no more: it may die before it has stored this.
    const kept = new Set(known.map(({ id }) => id));
    this.#begun.retain((id) => kept.has(id) || !owns(runUidOf(id)) || this.#runners.has(id));
    return lost;
  }

  async forget(stepId: string): Promise<void> {
    this.#runners.delete(stepId);
    this.#remove(new StepFolder(this.#parts, stepId));
  }

  async forgetRun(run: StepRequest["run"]): Promise<void> {
    this.#parts.trash.put(join(this.#parts.claimsDir, "runs", claimOwnerOf(run)));
  }

  events(signal: AbortSignal): AsyncIterable<StepEvent> {
    return this.#queue.read(AbortSignal.any([signal, this.#scope.signal]));
  }

  async describe(): Promise<ExecutorDescription> {
    const { isolation, reason } = this.#parts;
    return { kind: this.kind, isolation: isolation.name, reason, warnings: isolation.warnings };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#scope[Symbol.asyncDispose]();
  }

  #run(folder: StepFolder, step: StepRequest, permit?: StartPermit): void {
    const { clock, log, references, isolation, porter, random, limits } = this.#parts;
    const left = new AbortController();
    const deps = {
      ...{ clock, log, references, porter, random },
      ...(permit === undefined ? {} : { permit }),
      maxArtifactBytes: limits.maxBytes,
      claimsDir: this.#parts.claimsDir,
      queue: this.#queue,
      host: hostname(),
      signal: AbortSignal.any([this.#scope.signal, left.signal]),
    };
    const runner = new StepRunner(deps, folder, step, isolation);
    this.#runners.set(step.id, { runner, left });
    const running = runner.run().finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  /** F3: it is claimed by us or surely dead before its folder goes, so that no supervisor on its way can run it. */
  async #removeUnknown(folder: StepFolder): Promise<void> {
    const { isolation, log } = this.#parts;
    if (!folder.claimOurselves()) {
      const claim = folder.claim();
      const supervisor = claim.kind === "process" && folder.isClaimerAlive() ? claim.process.pid : undefined;
      if (supervisor !== undefined) await isolation.kill(folder, supervisor);
      await isolation.kill(folder, undefined); // also what the supervisor would have cleared away
      await isolation.clear(folder);
    }
    log.info("a step of an unknown run was removed", { step: folder.id });
    this.#remove(folder);
  }

  #remove(folder: StepFolder): void {
    const { box } = folder;
    const { porter, trash } = this.#parts;
    folder.claimOurselves(); // F6
    trash.put(porter.folderOf(folder.id));
    this.#parts.stepTrash.put(folder.path);
    if (box !== undefined) discardBox(this.#parts, box);
  }

  /** Of steps that went with the machine's memory, or were removed while this process was killed. */
  #clearArtifacts(wanted: ReadonlyMap<string, unknown>): void {
    const { porter, trash } = this.#parts;
    for (const id of porter.known())
      if (!wanted.has(id) && !this.#runners.has(id)) trash.put(porter.folderOf(id));
  }

  #clearBoxes(stepIds: readonly string[]): void {
    const { stepsDir, boxesDir, bulkDir, trash } = this.#parts;
    const claimed = new Set(stepIds.flatMap((id) => new StepFolder({ stepsDir, boxesDir }, id).box ?? []));
    for (const box of abandonedBoxes(boxesDir, claimed, isRunning)) discardBox(this.#parts, box);
    // Boxes in memory are gone with the machine's last start; what their steps wrote is not.
    const boxes = new Set(readdirSync(boxesDir));
    for (const name of readdirSync(bulkDir)) if (!boxes.has(name)) trash.put(join(bulkDir, name));
  }
}

/** A box, and what its step wrote where that lies elsewhere. */
function discardBox(
  { boxesDir, bulkDir, trash, stepTrash }: Pick<Parts, "boxesDir" | "bulkDir" | "trash" | "stepTrash">,
  box: string,
): void {
  stepTrash.put(box);
  if (bulkDir !== boxesDir) trash.put(join(bulkDir, basename(box)));
}

/** Folders in memory that hold nothing any more go, and their parent with them; steps that still run keep theirs. */
function removeEmpty(folders: readonly string[]): void {
  for (const folder of [...folders, dirname(folders[0] ?? "")]) {
    try {
      rmdirSync(folder);
    } catch {
      // It is in use.
    }
  }
}
