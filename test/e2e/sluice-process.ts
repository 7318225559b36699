// A real `sluice up` in a process of its own, to be used, killed and started again by tests.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePort } from "../free-port.ts";

export const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const entry = join(root, "packages", "cli", "src", "main.ts");
const bundle = join(root, "dist", "sluice.js");

export interface SluiceOptions {
  /** Manifests or folders given to `up`. */
  readonly files?: readonly string[];
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Run the bundle of `npm run build` instead of the sources. */
  readonly bundle?: boolean;
}

/** One data folder, and the process that serves it now. Disposing stops the process and removes the folder. */
export class SluiceProcess implements AsyncDisposable {
  readonly folder: string;
  readonly port: number;
  #child: ChildProcess | undefined;
  #ended: Promise<number | string> = Promise.resolve(0);
  #running = false;
  #errors = "";

  private constructor(folder: string, port: number) {
    this.folder = folder;
    this.port = port;
  }

  /** Started and ready. */
  static async start(options: SluiceOptions = {}): Promise<SluiceProcess> {
    const sluice = await SluiceProcess.prepare();
    await sluice.up(options);
    return sluice;
  }

  /** A folder and a port, nothing running yet. */
  static async prepare(): Promise<SluiceProcess> {
    return new SluiceProcess(await mkdtemp(join(tmpdir(), "sluice-e2e-")), await freePort());
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  /** Everything that the process wrote to stderr so far: for messages of failed tests. */
  get log(): string {
    return this.#errors;
  }

  /** Starts the process on this folder; resolves when it says that it is ready, rejects when it ends before. */
  async up(options: SluiceOptions = {}): Promise<void> {
    const args = ["up", "--json", "--data", join(this.folder, "data"), "--port", String(this.port)];
    const child = spawn(
      process.execPath,
      [
        ...(options.bundle === true ? [bundle] : ["--conditions=@sluice/source", entry]),
        ...args,
        ...(options.args ?? []),
        ...(options.files ?? []),
      ],
      {
        cwd: this.folder,
        env: { ...process.env, NO_COLOR: "1", ...options.env },
        stdio: ["ignore", "pipe", "pipe"],
      },
    );
    this.#child = child;
    this.#running = true;
    this.#ended = new Promise((resolve) =>
      child.once("exit", (code, signal) => {
        this.#running = false;
        resolve(signal ?? code ?? 0);
      }),
    );
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#errors += text;
    });
    await new Promise<void>((resolve, reject) => {
      let seen = "";
      child.stdout?.setEncoding("utf8").on("data", (text: string) => {
        seen += text;
        if (seen.includes('"ready":true')) resolve();
      });
      void this.#ended.then((how) =>
        reject(new Error(`sluice up ended (${how}) before it was ready:\n${this.#errors}`)),
      );
    });
  }

  get running(): boolean {
    return this.#running;
  }

  /** Resolves with the exit code, or the signal's name, when the process is gone. */
  get ended(): Promise<number | string> {
    return this.#ended;
  }

  /** SIGKILL, as a crash. Resolves when it is gone. */
  async kill(): Promise<void> {
    this.#child?.kill("SIGKILL");
    await this.#ended;
  }

  /** SIGTERM, as an operator. Resolves with the exit code. */
  async stop(): Promise<number | string> {
    this.#child?.kill("SIGTERM");
    return this.#ended;
  }

  /** Runs another `sluice` command against this server. */
  run(...args: string[]): Promise<CommandResult> {
    return runSluice([...args], { SLUICE_SERVER: this.url }, this.folder);
  }

  /** Starts another `sluice` command that goes on until it is stopped. */
  spawn(...args: string[]): RunningCommand {
    return startSluice(args, { SLUICE_SERVER: this.url }, this.folder);
  }

  async json<T>(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<T> {
    const response = await fetch(`${this.url}${path}`, {
      method,
      headers: { "content-type": "application/json", ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return JSON.parse(text) as T;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await rm(this.folder, { recursive: true, force: true });
  }
}

export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command under way. */
export interface RunningCommand {
  /** What it wrote so far. */
  readonly stdout: string;
  readonly ended: Promise<CommandResult>;
  stop(signal: NodeJS.Signals): Promise<CommandResult>;
}

export function runSluice(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  cwd: string = root,
  options: { readonly stdin?: string } = {},
): Promise<CommandResult> {
  return startSluice(args, env, cwd, options).ended;
}

function startSluice(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  cwd: string,
  options: { readonly stdin?: string } = {},
): RunningCommand {
  const child = spawn(process.execPath, ["--conditions=@sluice/source", entry, ...args], {
    cwd,
    env: { ...process.env, NO_COLOR: "1", ...env },
    stdio: ["pipe", "pipe", "pipe"],
  });
  // A command that reads no input may be gone before it was written.
  child.stdin.on("error", () => {});
  child.stdin.end(options.stdin ?? "");
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const ended = new Promise<CommandResult>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code: code ?? -1, stdout, stderr }));
  });
  return {
    get stdout() {
      return stdout;
    },
    ended,
    stop(signal) {
      child.kill(signal);
      return ended;
    },
  };
}
