import { spawn } from "node:child_process";

export interface BriefRun {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface BriefRunOptions {
  readonly path: string;
  readonly cwd?: string;
  /** Default 20,000; then it is killed. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** What it reads; default nothing. */
  readonly input?: string;
  /** Its variables, in place of the usual two. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs a program that should end soon; what it says beyond 64 kB is cut. Never throws: code 127 when it cannot start. */
export function runBriefly(argv: readonly string[], options: BriefRunOptions): Promise<BriefRun> {
  return new Promise((resolve) => {
    const [program = "", ...args] = argv;
    const child = spawn(program, args, {
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
      env: options.env ?? { PATH: options.path, HOME: "/root" },
      stdio: ["pipe", "pipe", "pipe"],
      timeout: options.timeoutMs ?? 20_000,
      killSignal: "SIGKILL",
    });
    child.stdin.on("error", () => {}); // it may end without reading
    child.stdin.end(options.input ?? "");
    const said = { stdout: "", stderr: "" };
    for (const stream of ["stdout", "stderr"] as const)
      child[stream].setEncoding("utf8").on("data", (text: string) => {
        said[stream] = (said[stream] + text).slice(0, 65_536);
      });
    child.once("error", (error) => resolve({ code: 127, stdout: "", stderr: error.message }));
    child.once("close", (code) => resolve({ code: code ?? 137, ...said }));
  });
}

/** The first line that says something, without util-linux' pointer to the kernel's log. */
export const firstLine = (text: string): string | undefined =>
  text
    .split("\n")
    .map((line) => line.trim())
    .find((line) => line !== "" && !line.startsWith("dmesg("));
