// One step's state on disk: the only truth about it, shared by this process, its supervisor and the next process.
// Owns:      `<stateDir>/steps/<id>/`.
// Files
//   request.json  who and how, written whole before the supervisor starts
//   claim         "<boot id> <pid> … <start time>": created O_EXCL by whoever may decide the step's fate
//   started       the sandbox stands and the step's command is being executed
//   failed        the sandbox could not be set up
//   exit          "exit <code>", cpu times, "end"
//   refused.json  it can never start
//   stop.json     it was asked to stop: how, and when it will be killed
// Invariants
//   F1. A step's command is executed only by the supervisor that created `claim`; so at most once, whoever spawned it.
//   F2. No claim = never started: `start` may spawn a supervisor, however often that was tried before.
//   F3. A step that must never run is ended by claiming it ourselves; a supervisor on its way then does nothing.
//   F4. An `exit` file without its last line is not there yet.
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, statSync, writeSync } from "node:fs";
import { chmod, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { LocalError } from "../../errors.ts";
import { bootId, isAlive, type ProcessId } from "./process-table.ts";
import { writeWhole } from "./whole-file.ts";

/** What is kept of a request: enough to find, stop and show the step without its workflow. */
export interface StepRecord {
  readonly id: string;
  readonly run: string;
  readonly node: string;
  readonly isolation: string;
  readonly createdAt: number;
}

export interface StopRecord {
  readonly how: "term" | "kill";
  readonly killAt: number;
  readonly deadline: boolean;
}

export interface ExitRecord {
  readonly exitCode: number;
  readonly cpuMs?: number;
  /** Epoch ms. */
  readonly startedAt: number;
  readonly at: number;
}

export type Claim =
  | { readonly kind: "none" }
  /** The claimer has made the file and not yet written its name. */
  | { readonly kind: "unsigned"; readonly madeAt: number }
  | { readonly kind: "ours" }
  | { readonly kind: "process"; readonly process: ProcessId };

const validId = /^[a-z0-9]([-a-z0-9.]{0,198}[a-z0-9])?$/;

export class StepFolder {
  readonly path: string;
  readonly id: string;

  constructor(stepsDir: string, id: string) {
    if (!validId.test(id)) throw LocalError.STEP_ID_INVALID({ id });
    this.id = id;
    this.path = join(stepsDir, id);
  }

  file(...names: readonly string[]): string {
    return join(this.path, ...names);
  }

  exists(): boolean {
    return existsSync(this.path);
  }

  /** Makes the folder and its parts; one that is there already is completed. */
  create(record: StepRecord): void {
    mkdirSync(this.path, { recursive: true, mode: 0o700 });
    this.writeWhole("request.json", JSON.stringify(record));
  }

  record(): StepRecord | undefined {
    return this.#json<StepRecord>("request.json");
  }

  claim(): Claim {
    const text = this.#read("claim");
    if (text === undefined) return { kind: "none" };
    if (text.startsWith("ours\n")) return { kind: "ours" };
    const process = parseClaim(text);
    return process === undefined
      ? { kind: "unsigned", madeAt: this.#writtenAt("claim") ?? 0 }
      : { kind: "process", process };
  }

  /** F3. False when someone else has claimed it. */
  claimOurselves(): boolean {
    try {
      const fd = openSync(this.file("claim"), "wx", 0o600);
      writeSync(fd, "ours\n");
      closeSync(fd);
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
      throw error;
    }
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
    const cpuMs = parseTimes(text);
    return {
      exitCode: Number(match[1]),
      at,
      startedAt: this.#writtenAt("started") ?? this.#writtenAt("claim") ?? at,
      ...(cpuMs === undefined ? {} : { cpuMs }),
    };
  }

  writeExit(exitCode: number): void {
    this.writeWhole("exit", `exit ${exitCode}\nend\n`);
  }

  startedAt(): number | undefined {
    return this.#writtenAt("started");
  }

  /** What the set-up of the sandbox said, when it did not come to stand. */
  failure(): string | undefined {
    if (!existsSync(this.file("failed"))) return undefined;
    const log = this.#read("setup.log")?.trim() ?? "";
    return log === "" ? "no reason was given" : log.slice(-2_000);
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

  async remove(): Promise<void> {
    // An overlay's inner work folder has mode 0, which stops an owner who is not root.
    await chmod(this.file("work", "work"), 0o700).catch(() => {});
    await rm(this.path, { recursive: true, force: true, maxRetries: 3 });
  }

  #read(name: string): string | undefined {
    try {
      return readFileSync(this.file(name), "utf8");
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
    try {
      return Math.round(statSync(this.file(name)).mtimeMs);
    } catch {
      return undefined;
    }
  }
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

/** The children's line of the shell's `times`: user and system time of all that ran, as ms. */
export function parseTimes(text: string): number | undefined {
  const lines = [...text.matchAll(/^(\d+)m([\d.]+)s (\d+)m([\d.]+)s$/gm)];
  const line = lines[1];
  if (line === undefined) return undefined;
  const [userMin, userSec, sysMin, sysSec] = line.slice(1).map(Number) as [number, number, number, number];
  return Math.round((userMin * 60 + userSec + sysMin * 60 + sysSec) * 1_000);
}
