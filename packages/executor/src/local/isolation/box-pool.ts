// Boxes: sandboxes that stand, or are being set up, and wait at their gate for the one step that each will run.
// Owns:      the folders of boxes, and those of what their steps write.
// Invariants
//   B1. A box runs one step and is thrown away: a standby is as private as a box made for its step.
//   B2. A box whose gate closes unopened ends by itself, so standbys do not outlive this process, however it dies.
//   B3. At most `standbyCount` boxes wait, none longer than `standbyMs`: what a step sees of this machine's mounts is
//       not older than that.
//   B4. A shell serves another box only when its last one has read all that it was told: what is left in the channel
//       would be taken for the next one's (which passes over what does not name it).
//   B5. A box that was opened and has not claimed its step within `answerMs` (stopped, or starved) is killed as a whole.
//       The step goes to another one, unless the claim came in that moment: then it has begun, and is lost.
import { type Dirent, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { type Clock, type Random, sleepFor } from "@sluice/base";
import { answerMs, type Shell, type Task, type TaskEnd } from "../shells/shell.ts";
import { type ShellPool, soon, type Which } from "../shells/shell-pool.ts";
import { Standbys } from "../shells/standbys.ts";
import { claimTakenExitCode, gateText, sandboxCommand } from "../shells/supervisors.ts";
import { boxPrefix, failureIn, type StepFolder } from "../step/step-folder.ts";
import { prepareSandboxFolder } from "./sandbox/folder.ts";
import type { BindMount } from "./sandbox/spec.ts";
import { enterWords, unshareWords } from "./sandbox/words.ts";

export interface BoxOptions {
  readonly privileged: boolean;
  readonly boxesDir: string;
  /** Where boxes keep what their steps write; the same folder, or one on a disk. */
  readonly bulkDir: string;
  readonly artifactsDir: string;
  readonly shimsDir: string;
  readonly devDir: string;
  readonly hidden: readonly string[];
  /** PATH of the host, of which a step sees the same programs. */
  readonly path: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly shells: ShellPool;
  readonly discard: (folder: string) => void;
}

export interface Box {
  readonly name: string;
  readonly dir: string;
  /** Where it keeps what its step writes. */
  readonly bulkDir: string;
  readonly shell: Shell;
  readonly task: Task;
}

export interface NewBox {
  /** A network of its own, which leads nowhere yet; default this machine's. */
  readonly hasNetwork?: boolean;
  readonly shell?: Which;
}

const standbyCount = 2;
const standbyMs = 60_000;

export class BoxPool implements AsyncDisposable {
  readonly #options: BoxOptions;
  readonly #shells: ShellPool;
  readonly #waiting: Standbys<Box>;
  readonly #over = new WeakSet<Box>();
  #coming = 0;
  /** Boxes on their way, in or out: what was begun is not left behind on closing. */
  readonly #moving = new Set<Promise<unknown>>();
  readonly #closing = new AbortController();

  constructor(options: BoxOptions) {
    this.#options = options;
    mkdirSync(options.boxesDir, { recursive: true, mode: 0o700 });
    this.#shells = options.shells;
    this.#waiting = new Standbys({
      max: standbyCount,
      keepMs: standbyMs,
      first: "oldest",
      clock: options.clock,
      isUsable: (box) => !this.#over.has(box) && failureIn(box.dir) === undefined,
      giveBack: (box) => this.end(box),
    });
  }

  /** A box that stands ready, or else a new one. Rejects when no shell can be started. */
  async take(): Promise<Box> {
    return this.#waiting.take() ?? this.make([]);
  }

  async make(
    volumes: readonly BindMount[],
    { hasNetwork = false, shell: which = "any" }: NewBox = {},
  ): Promise<Box> {
    const { boxesDir, bulkDir, privileged, random } = this.#options;
    const shell = await this.#shells.take(which);
    const id = random
      .id()
      .toLowerCase()
      .replace(/[^a-z0-9]/g, "");
    const name = `${boxPrefix}${process.pid}-${id}`;
    const dir = join(boxesDir, name);
    const bulk = join(bulkDir, name);
    prepareSandboxFolder({ ...this.#options, stepDir: dir, bulkDir: bulk, volumes });
    const words = { unshare: unshareWords(privileged, hasNetwork), enter: enterWords(dir) };
    const task = shell.run(sandboxCommand({ dir, name }, words));
    const box = { name, dir, bulkDir: bulk, shell, task };
    void task.over.then(() => this.#over.add(box));
    return box;
  }

  /** Has the box run its step; B1: it is not given out again. Resolves when the step has ended, or will never run. */
  async open(box: Box, folder: StepFolder, host: string, program: string): Promise<TaskEnd> {
    box.shell.tell(gateText(box.name, folder.door, host, program));
    void this.#watchBeginning(box, folder);
    const end = await box.task.ended;
    const isClaimed = folder.box === box.dir;
    this.#move(box.task.over.then((over) => this.#settle(box, over, isClaimed)));
    return end;
  }

  /** B5. Should this process have been frozen for so long, the claim is there by now. */
  async #watchBeginning({ name, shell, task }: Box, folder: StepFolder): Promise<void> {
    const ended = new AbortController();
    void task.ended.then(() => ended.abort());
    const enough = AbortSignal.any([ended.signal, this.#closing.signal]);
    await sleepFor(this.#options.clock, answerMs, enough);
    if (enough.aborted) return;
    const claim = folder.claim();
    const isBegun = claim.kind === "unsigned" || (claim.kind === "process" && claim.box === name);
    if (!isBegun) shell.kill();
  }

  /** Ends a box that was not opened. */
  async end({ shell, dir }: Box): Promise<void> {
    await this.#shells.end(shell);
    this.#options.discard(dir);
  }

  /** Gets one more standby ready, up to their number. */
  fill(): void {
    if (!this.#waiting.isOpen || this.#waiting.size + this.#coming >= standbyCount) return;
    this.#coming += 1;
    this.#move(
      this.make([])
        .then((box) => this.#waiting.put(box))
        .catch(() => {}) // the next step tries for itself, and is told why
        .finally(() => {
          this.#coming -= 1;
        }),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    await this.#waiting[Symbol.asyncDispose]();
    await soon(Promise.all(this.#moving), this.#options.clock);
  }

  #move(moving: Promise<unknown>): void {
    const done = moving.finally(() => this.#moving.delete(done));
    this.#moving.add(done);
  }

  /** B4. */
  async #settle({ shell }: Box, over: TaskEnd, isClaimed: boolean): Promise<void> {
    const hasRead = over.kind === "over" && (isClaimed || over.code === claimTakenExitCode);
    await (hasRead ? this.#shells.release(shell) : this.#shells.end(shell));
  }
}

/** Boxes that no step has claimed and whose maker is gone: left by a process that died with standbys. */
export function abandonedBoxes(
  boxesDir: string,
  claimed: ReadonlySet<string>,
  isMakerAlive: (pid: number) => boolean,
): readonly string[] {
  const folders: readonly Dirent[] = readdirSync(boxesDir, { withFileTypes: true });
  return folders
    .map(({ name }) => name)
    .filter((name) => name.startsWith(boxPrefix) && !claimed.has(join(boxesDir, name)))
    .filter((name) => !isMakerAlive(Number(name.slice(boxPrefix.length).split("-")[0])))
    .map((name) => join(boxesDir, name));
}
