// Which kinds of isolation work on this machine: each is tried for real by running a trivial step of its kind.
import { spawn } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Clock, messageOf } from "@sluice/base";
import { LocalError } from "../errors.ts";
import type { Isolation, IsolationName } from "./isolation.ts";
import { makeNamespaceIsolation } from "./namespace-isolation.ts";
import { makeProcessIsolation } from "./process-isolation.ts";
import { enterWords, prepareSandboxFolder, unshareWords } from "./sandbox.ts";
import { initScript } from "./shell-scripts.ts";

export type IsolationChoice = "auto" | "podman" | "docker" | "namespaces" | "process";

export interface LocalCandidate {
  readonly isolation: IsolationName;
  readonly ok: boolean;
  readonly reason: string;
  /** How long one trivial step took, ms. */
  readonly tookMs: number;
}

export interface ProbeOptions {
  readonly stateDir: string;
  readonly shimsDir: string;
  readonly devDir: string;
  readonly hidden: readonly string[];
  readonly path: string;
  readonly clock: Clock;
}

interface Tried extends LocalCandidate {
  readonly make?: () => Isolation;
}

/** Every kind of isolation with what came of trying it, the best first. Uses the folders of an executor that need not run. */
export async function probeLocal(options: ProbeOptions): Promise<readonly LocalCandidate[]> {
  const tried: LocalCandidate[] = [];
  for (const attempt of attempts(options)) {
    const { isolation, ok, reason, tookMs } = await attempt.run();
    tried.push({ isolation, ok, reason, tookMs });
  }
  return tried;
}

/** Errors: LOCAL_ISOLATION_UNAVAILABLE. */
export async function chooseIsolation(options: ProbeOptions & { readonly choice: IsolationChoice }): Promise<{
  readonly isolation: Isolation;
  readonly reason: string;
  readonly candidates: readonly LocalCandidate[];
}> {
  const candidates: LocalCandidate[] = [];
  for (const attempt of attempts(options)) {
    if (options.choice !== "auto" && !attempt.isolation.startsWith(options.choice)) continue;
    const tried = await attempt.run();
    candidates.push(tried);
    if (!tried.ok || tried.make === undefined) continue;
    const before = candidates.slice(0, -1).map(({ isolation, reason }) => `${isolation}: ${reason}`);
    const why = options.choice === "auto" ? [tried.reason, ...before] : [`asked for; ${tried.reason}`];
    return { isolation: tried.make(), reason: why.join("; "), candidates };
  }
  const reason = candidates.map((c) => `${c.isolation}: ${c.reason}`).join("; ");
  throw LocalError.ISOLATION_UNAVAILABLE({ isolation: options.choice, reason });
}

interface Attempt {
  readonly isolation: IsolationName;
  run(): Promise<Tried>;
}

function attempts(options: ProbeOptions): readonly Attempt[] {
  return [
    { isolation: "namespaces", run: () => tryNamespaces(options, true) },
    { isolation: "namespaces-unprivileged", run: () => tryNamespaces(options, false) },
    {
      isolation: "process",
      run: async () => ({
        isolation: "process",
        ok: true,
        reason: "nothing is needed, and nothing is kept apart",
        tookMs: 0,
        make: () => makeProcessIsolation(options),
      }),
    },
  ];
}

async function tryNamespaces(options: ProbeOptions, privileged: boolean): Promise<Tried> {
  const isolation: IsolationName = privileged ? "namespaces" : "namespaces-unprivileged";
  if (process.platform !== "linux")
    return { isolation, ok: false, reason: `this is ${process.platform}, not Linux`, tookMs: 0 };
  const stepDir = join(options.stateDir, `probe-${isolation}`);
  rmSync(stepDir, { recursive: true, force: true });
  mkdirSync(join(stepDir, "staging"), { recursive: true });
  writeFileSync(join(stepDir, "staging", "enter"), "test $$ -lt 9 && : >/probe && echo sandbox-stands\n");
  writeFileSync(join(stepDir, "hostname"), "probe\n");
  prepareSandboxFolder({ ...options, stepDir, volumes: [], privileged });
  const argv = [...unshareWords(privileged), "/bin/sh", "-c", initScript, "init", ...enterWords(stepDir)];
  const begun = options.clock.monotonic();
  const result = await runBriefly(argv, { cwd: stepDir, path: options.path });
  const tookMs = Math.round((options.clock.monotonic() - begun) * 10) / 10;
  const ok = result.code === 0 && result.stdout.includes("sandbox-stands");
  const log = ok ? "" : await setupLog(stepDir);
  rmSync(stepDir, { recursive: true, force: true });
  const said = firstLine(log + result.stderr) ?? `exit code ${result.code}`;
  const reason = ok ? `a trivial step took ${tookMs} ms` : said;
  return { isolation, ok, reason, tookMs, make: () => makeNamespaceIsolation({ ...options, privileged }) };
}

async function setupLog(stepDir: string): Promise<string> {
  const { readFile } = await import("node:fs/promises");
  return readFile(join(stepDir, "setup.log"), "utf8").catch(messageOf);
}

/** The first line that says something, without util-linux' pointer to the kernel's log. */
const firstLine = (text: string): string | undefined =>
  text
    .split("\n")
    .map((line) => line.trim())
    .find((line) => line !== "" && !line.startsWith("dmesg("));

export interface BriefRun {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program that should end soon; what it says beyond 64 kB is cut. Never throws: code 127 when it cannot start. */
export function runBriefly(
  argv: readonly string[],
  options: { readonly cwd?: string; readonly path: string; readonly timeoutMs?: number },
): Promise<BriefRun> {
  return new Promise((resolve) => {
    const [program = "", ...args] = argv;
    const child = spawn(program, args, {
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      env: { PATH: options.path, HOME: "/root" },
      stdio: ["ignore", "pipe", "pipe"],
      timeout: options.timeoutMs ?? 20_000,
      killSignal: "SIGKILL",
    });
    const said = { stdout: "", stderr: "" };
    for (const stream of ["stdout", "stderr"] as const)
      child[stream].setEncoding("utf8").on("data", (text: string) => {
        said[stream] = (said[stream] + text).slice(0, 65_536);
      });
    child.once("error", (error) => resolve({ code: 127, stdout: "", stderr: error.message }));
    child.once("close", (code) => resolve({ code: code ?? 137, ...said }));
  });
}
