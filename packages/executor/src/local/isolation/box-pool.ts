// Boxes: sandboxes that stand, or are being set up, and wait at their gate for the one step that each will run.
// Owns:      the folders of boxes, and those of what their steps write.
// Invariants
//   B1. A box runs one step and is thrown away: a standby is as private as a box made for its step.
//   B2. A box whose gate closes unopened ends by itself, so standbys do not outlive this process, however it dies.
//   B3. At most `standbyCount` boxes wait, none longer than `standbyMs`: what a step sees of this machine's mounts is
//       not older than that.
import { type Dirent, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { type Clock, type Random, sleepFor } from "@sluice/base";
import { initScript } from "../step/shell-scripts.ts";
import { boxPrefix, failureIn } from "../step/step-folder.ts";
import type { IsolationName } from "./isolation.ts";
import { type BindMount, enterWords, prepareSandboxFolder, unshareWords } from "./sandbox.ts";
import { type Supervisor, spawnSupervisor } from "./supervised.ts";

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
  readonly discard: (folder: string) => void;
}

export interface Box {
  readonly dir: string;
  /** Where it keeps what its step writes. */
  readonly bulkDir: string;
  readonly supervisor: Supervisor;
}

const standbyCount = 2;
const standbyMs = 60_000;

export class BoxPool {
  readonly #options: BoxOptions;
  readonly #waiting: { readonly box: Box; readonly since: number }[] = [];
  readonly #closed = new AbortController();
  #isExpiring = false;

  constructor(options: BoxOptions) {
    this.#options = options;
    mkdirSync(options.boxesDir, { recursive: true, mode: 0o700 });
  }

  /** A box that stands ready, or else a new one. */
  take(): Box {
    for (;;) {
      const standby = this.#waiting.shift()?.box;
      if (standby === undefined) return this.make([]);
      if (standby.supervisor.child.exitCode === null && failureIn(standby.dir) === undefined) return standby;
      void this.discard(standby);
    }
  }

  make(volumes: readonly BindMount[], hasNetwork = false): Box {
    const { boxesDir, bulkDir, path, privileged, random } = this.#options;
    const name = `${boxPrefix}${process.pid}-${random
      .id()
      .toLowerCase()
      .replace(/[^a-z0-9]/g, "")}`;
    const dir = join(boxesDir, name);
    prepareSandboxFolder({ ...this.#options, stepDir: dir, bulkDir: join(bulkDir, name), volumes });
    const argv = [
      ...unshareWords(privileged, hasNetwork),
      "/bin/sh",
      "-c",
      initScript,
      "init",
      name,
      ...enterWords(dir),
    ];
    const isolation: IsolationName = privileged ? "namespaces" : "namespaces-unprivileged";
    const supervisor = spawnSupervisor({ argv, ground: dir, env: { PATH: path }, gate: true, isolation });
    return { dir, bulkDir: join(bulkDir, name), supervisor };
  }

  /** Gets one more standby ready, up to their number. */
  fill(): void {
    if (this.#closed.signal.aborted || this.#waiting.length >= standbyCount) return;
    this.#waiting.push({ box: this.make([]), since: this.#options.clock.now() });
    void this.#expire();
  }

  async close(): Promise<void> {
    this.#closed.abort();
    await Promise.all(this.#waiting.splice(0).map(({ box }) => this.discard(box)));
  }

  async #expire(): Promise<void> {
    if (this.#isExpiring) return;
    this.#isExpiring = true;
    const { clock } = this.#options;
    for (let first = this.#waiting[0]; first !== undefined; first = this.#waiting[0]) {
      await clock.sleepUntil(first.since + standbyMs, this.#closed.signal);
      while (this.#waiting[0] !== undefined && this.#waiting[0].since + standbyMs <= clock.now())
        void this.discard((this.#waiting.shift() as { box: Box }).box);
      if (this.#closed.signal.aborted) break;
    }
    this.#isExpiring = false;
  }

  /** Ends a box that no step has claimed. */
  async discard({ dir, supervisor }: Box): Promise<void> {
    supervisor.child.stdin?.destroy();
    const enough = new AbortController();
    await Promise.race([supervisor.ended, sleepFor(this.#options.clock, 5_000, enough.signal)]);
    enough.abort();
    this.#options.discard(dir);
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
