// One step's state on disk: the only truth about it, shared by this process, its supervisor and the next process.
// Owns:      `<stateDir>/steps/<id>/`, and the box of a sandboxed step once it is claimed.
// Files
//   claim         "<boot id> <pid> … <start time> … [<box>]": created O_EXCL by whoever may decide the step's fate
//   started       the sandbox stands and the step's command is being executed
//   failed        the sandbox could not be set up
//   exit          "exit <code>", "end"
//   by-<mark>     a link to the folder itself, one for each time that somebody set out to start the step here
//   refused.json  it can never start
//   progress      plain processes: how far the step says that it is (`Isolation.progressFile`)
//   stop.json     it was asked to stop: how, and when it will be killed
// `started`, `failed`, `out/` and the output are in the *ground*: this folder, or the box that the claim names.
// Invariants
//   F1. A step's command is executed only by the supervisor that created `claim`; so at most once, whoever spawned it.
//   F2. No claim = never started: `start` may spawn a supervisor, however often that was tried before.
//   F3. A step that must never run is ended by claiming it ourselves; a supervisor on its way then does nothing.
//   F4. An `exit` file without its last line is not there yet.
//   F5. A supervisor reaches the claim through the mark of who sent it, in the one system call that makes the claim. So it
//       claims only the folder in which that mark was made, before the lease was asked for the last time: one that comes
//       late, after the step was run, forgotten and its folder removed, or made anew by somebody, finds no such path.
//   F6. A folder goes only when it is claimed, and by being moved away first.
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmdirSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { LocalError } from "../../errors.ts";
import { bootId, isAlive, type ProcessId } from "./process-table.ts";
import { writeWhole } from "./whole-file.ts";

export interface StopRecord {
  readonly how: "term" | "kill";
  readonly killAt: number;
  readonly deadline: boolean;
  /** Why its probes had it ended, and since when (epoch ms). */
  readonly unhealthy?: { readonly at: number; readonly message: string };
}

export interface ExitRecord {
  readonly exitCode: number;
  /** Epoch ms. */
  readonly startedAt: number;
  readonly at: number;
}

export type Claim =
  | { readonly kind: "none" }
  /** The claimer has made the file and not yet written its name. */
  | { readonly kind: "unsigned"; readonly madeAt: number }
  | { readonly kind: "ours" }
  | { readonly kind: "process"; readonly process: ProcessId; readonly box?: string };

const validId = /^[a-z0-9]([-a-z0-9.]{0,198}[a-z0-9])?$/;

/** Where steps and boxes are. */
export interface StepPlaces {
  readonly stepsDir: string;
  readonly boxesDir: string;
}

export class StepFolder {
  readonly path: string;
  readonly id: string;
  readonly #boxesDir: string;
  #ground: string | undefined;
  #mark: string | undefined;

  constructor({ stepsDir, boxesDir }: StepPlaces, id: string) {
    if (!validId.test(id)) throw LocalError.STEP_ID_INVALID({ id });
    this.id = id;
    this.path = join(stepsDir, id);
    this.#boxesDir = boxesDir;
  }

  /** Where the step's output is; a sandboxed step's is known once it is claimed. */
  get ground(): string {
    if (this.#ground === undefined) {
      const claim = this.claim();
      if (claim.kind !== "process") return this.path;
      this.#ground = claim.box === undefined ? this.path : join(this.#boxesDir, claim.box);
    }
    return this.#ground;
  }

  /** The box that the claim names. */
  get box(): string | undefined {
    return this.ground === this.path ? undefined : this.ground;
  }

  file(...names: readonly string[]): string {
    return join(this.path, ...names);
  }

  exists(): boolean {
    return existsSync(this.path);
  }

  /**
   * Makes the folder, by which the step is known, and sets out to start the step in it (F5); one that is there already is
   * taken as it is. `mark`: a name of its own for each time.
   */
  enter(mark: string): void {
    const name = `by-${mark}`;
    this.#mark = name;
    for (;;) {
      ignoring("EEXIST", () => mkdirSync(this.path, { mode: 0o700 }));
      // Somebody else may have left it, or forgotten the step, just now.
      if (ignoring("ENOENT", () => symlinkSync(".", this.file(name)))) return;
    }
  }

  /** The step is not ours to start: what `enter` made goes, unless somebody else is there. */
  leave(): void {
    if (this.#mark === undefined) return;
    ignoring("ENOENT", () => unlinkSync(this.door));
    ignoring("ENOENT ENOTEMPTY EEXIST", () => rmdirSync(this.path));
  }

  /** The folder as the one that was entered: a path that leads nowhere once that one is gone (F5). */
  get door(): string {
    return this.#mark === undefined ? this.path : this.file(this.#mark);
  }

  /** Whether the folder that was entered is gone: the step was run, and forgotten, meanwhile. */
  isGone(): boolean {
    return !existsSync(this.door);
  }

  claim(): Claim {
    const text = this.#read("claim");
    if (text === undefined) return { kind: "none" };
    if (text.startsWith("ours\n")) return { kind: "ours" };
    const process = parseClaim(text);
    return process === undefined
      ? { kind: "unsigned", madeAt: this.#writtenAt("claim") ?? 0 }
      : { kind: "process", process, ...boxOf(text) };
  }

  /** F3. False when someone else has claimed it, or the folder is gone. */
  claimOurselves(): boolean {
    return ignoring("EEXIST ENOENT", () => {
      const fd = openSync(join(this.door, "claim"), "wx", 0o600);
      writeSync(fd, "ours\n");
      closeSync(fd);
    });
  }

  /** Whether the claimer still runs: same boot, same pid, same start time. */
  isClaimerAlive(): boolean {
    const claim = this.claim();
    return claim.kind === "process" && claim.process.bootId === bootId() && isAlive(claim.process);
  }

  exit(): ExitRecord | undefined {
    const text = this.#read("exit");
    if (text === undefined || !text.endsWith("end\n")) return undefined;
    const match = /^exit (\d+)\n/.exec(text);
    if (match === null) return undefined;
    const at = this.#writtenAt("exit") ?? 0;
    return {
      exitCode: Number(match[1]),
      at,
      startedAt: this.startedAt() ?? this.#writtenAt("claim") ?? at,
    };
  }

  writeExit(exitCode: number): void {
    this.writeWhole("exit", `exit ${exitCode}\nend\n`);
  }

  startedAt(): number | undefined {
    return writtenAt(join(this.ground, "started"));
  }

  failure(): string | undefined {
    return failureIn(this.ground);
  }

  stop(): StopRecord | undefined {
    return this.#json<StopRecord>("stop.json");
  }

  writeStop(stop: StopRecord): void {
    this.writeWhole("stop.json", JSON.stringify(stop));
  }

  refused(): unknown {
    return this.#json("refused.json");
  }

  /** A reader sees the old file or the new one, never a part. */
  writeWhole(name: string, text: string, mode = 0o600): void {
    writeWhole(this.file(name), text, mode);
  }

  #read(name: string): string | undefined {
    const path = this.file(name);
    // Most of these files are not there most of the time, and to be thrown an error costs ten times a look.
    if (!existsSync(path)) return undefined;
    try {
      return readFileSync(path, "utf8");
    } catch {
      return undefined;
    }
  }

  #json<T>(name: string): T | undefined {
    const text = this.#read(name);
    try {
      return text === undefined ? undefined : (JSON.parse(text) as T);
    } catch {
      return undefined;
    }
  }

  #writtenAt(name: string): number | undefined {
    return writtenAt(this.file(name));
  }
}

/** False when `work` failed with one of these codes. */
function ignoring(codes: string, work: () => void): boolean {
  try {
    work();
    return true;
  } catch (error) {
    if (codes.split(" ").includes((error as NodeJS.ErrnoException).code ?? "")) return false;
    throw error;
  }
}

function writtenAt(path: string): number | undefined {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat === undefined ? undefined : Math.round(stat.mtimeMs);
}

/** What the set-up of a sandbox said, when it did not come to stand. */
export function failureIn(ground: string): string | undefined {
  if (!existsSync(join(ground, "failed"))) return undefined;
  const log = readFileSync(join(ground, "setup.log"), "utf8").trim();
  return log === "" ? "no reason was given" : log.slice(-2_000);
}

/** Names of boxes start so: the last word of a claim without one is a number. */
export const boxPrefix = "box-";

function boxOf(claim: string): { readonly box?: string } {
  const box = /\s(box-[a-z0-9-]+)\n$/.exec(claim)?.[1];
  return box === undefined ? {} : { box };
}

/** The ids of all steps that have a folder. */
export async function listStepIds(stepsDir: string): Promise<readonly string[]> {
  return (await readdir(stepsDir)).filter((name) => validId.test(name));
}

/** A claim's line: `<boot id> <the claimer's /proc/self/stat>`. */
export function parseClaim(text: string): ProcessId | undefined {
  const match = /^(\S+) (\d+) \(.*\) \S (.*)\n$/s.exec(text);
  const startTime = match?.[3]?.split(" ")[18];
  if (match === null || startTime === undefined) return undefined;
  return { bootId: match[1] ?? "", pid: Number(match[2]), startTime };
}
