import { chmodSync, mkdirSync } from "node:fs";
import { isIP } from "node:net";
import { join } from "node:path";
import { type Clock, sleepFor } from "@sluice/base";
import { progressVariable, type StepRequest } from "@sluice/engine";
import { LocalError } from "../../errors.ts";
import { loopback } from "../probes/probe.ts";
import { clientScript } from "../shells/supervisors.ts";
import { childrenOf, signalTo } from "../step/process-table.ts";
import { shellQuote } from "../step/shell-scripts.ts";
import type { StepFolder } from "../step/step-folder.ts";
import type { StepPlan } from "../step/step-plan.ts";
import { writeWhole } from "../step/whole-file.ts";
import { firstLine, runBriefly } from "./brief-run.ts";
import type { Isolation } from "./isolation.ts";
import { layScript, layVolumes } from "./layout.ts";
import { spawnSupervisor } from "./supervised.ts";

/** 128 + SIGKILL. */
const killedCode = 137;

/** What the probe found to work: the words before and after `run`. */
export interface EngineFlags {
  readonly global: readonly string[];
  readonly run: readonly string[];
}

export interface EngineOptions {
  readonly engine: "podman" | "docker";
  readonly flags: EngineFlags;
  readonly path: string;
  readonly artifactsDir: string;
  readonly clock: Clock;
}

const pullTimeoutMs = 10 * 60_000;

/** Steps as containers of podman or docker, with the images that they name. */
export function makeContainerEngine(options: EngineOptions): Isolation {
  const { engine, clock, path } = options;
  const words = [engine, ...options.flags.global];
  const call = (...args: readonly string[]) => runBriefly([...words, ...args], { path });
  const images = new ImageStore(options, words);
  return {
    name: engine,
    warnings: [],
    ready: (plan, say, signal) => images.bring(plan, say, signal),
    async launch(folder, step, plan) {
      layScript(folder.path, plan);
      const { argv, env } = runWords(options, folder, plan);
      const outDir = join(options.artifactsDir, folder.id, "out");
      if (step.artifacts !== undefined) mkdirSync(outDir, { recursive: true });
      const packing = packWords(words, folder, step, { outDir, maxBytes: plan.maxArtifactBytes + 1 });
      writeWhole(folder.file("after"), afterScript(words, folder, step, packing));
      return spawnSupervisor({
        argv: ["/bin/sh", "-c", clientScript, folder.door, ...argv],
        ground: folder.door,
        env: { ...env, PATH: path, SLUICE_STEP: step.id },
        isolation: engine,
      });
    },
    rest: () => {},
    async exec(folder, _supervisor, { argv, workingDir, timeoutMs }) {
      const at = workingDir === undefined ? [] : ["--workdir", workingDir];
      const line = [...words, "exec", ...at, containerName(folder), ...argv];
      const { code } = await runBriefly(line, { path, timeoutMs: timeoutMs + 2_000 });
      if (code === 0) return code;
      // The engine's own failure, or a container that has just ended and took the command along: that says nothing of it.
      if (code === 125 || code === killedCode) return undefined;
      const { stdout } = await call("inspect", "--format", "{{.State.Running}}", containerName(folder));
      return stdout.trim() === "true" ? code : undefined;
    },
    async addressOf(folder) {
      const format = "{{.State.Running}} {{.NetworkSettings.IPAddress}}";
      // The client may be still on its way to the container; it is there soon or never.
      for (let tries = 0; tries < 100 && folder.exit() === undefined; tries++) {
        const { stdout } = await call("inspect", "--format", format, containerName(folder));
        const [running, address = ""] = stdout.trim().split(" ");
        if (running === "true") {
          if (options.flags.run.includes("--network=host")) return loopback;
          return isIP(address) === 0 ? undefined : address;
        }
        await sleepFor(clock, 100);
      }
      return undefined;
    },
    progressFile: (folder) => folder.file(...progressPlace),
    processesOf: () => [],
    async terminate(folder, supervisor) {
      // The client may be still on its way to the container; it is there soon or never.
      for (let tries = 0; tries < 100 && childrenOf(supervisor).length > 0; tries++) {
        const { code } = await call("kill", "--signal", "TERM", containerName(folder));
        if (code === 0) return;
        await sleepFor(clock, 100);
      }
    },
    async kill(folder, supervisor) {
      await call("kill", "--signal", "KILL", containerName(folder));
      if (supervisor === undefined) await call("rm", "-f", containerName(folder));
      else for (const client of childrenOf(supervisor)) signalTo(client, "SIGKILL");
    },

    clear: async () => {},

    async [Symbol.asyncDispose]() {},
  };
}

/** In the step's folder: the file, in a folder that the container has as its own. */
const progressPlace = ["run", "progress"] as const;

const containerName = (folder: StepFolder): string => `sluice-${folder.id}`;

/** Outputs are copied out of the stopped container, which then goes. */
function afterScript(
  words: readonly string[],
  folder: StepFolder,
  step: StepRequest,
  packing: string,
): string {
  const engine = words.map(shellQuote).join(" ");
  const followLinks = words[0] === "docker" ? " -L" : ""; // podman follows them by itself
  const name = containerName(folder);
  const copies = step.outputPaths.map(
    ({ path }, index) =>
      `${engine} cp${followLinks} ${shellQuote(`${name}:${path}`)} out/${index} >/dev/null 2>&1\n`,
  );
  return `mkdir -p out\n${copies.join("")}${packing}${engine} rm -f ${shellQuote(name)} >/dev/null 2>&1\n`;
}

/** Output artifacts as raw tars: the engine's own copy to its standard output is one. */
function packWords(
  words: readonly string[],
  folder: StepFolder,
  step: StepRequest,
  to: { readonly outDir: string; readonly maxBytes: number },
): string {
  const engine = words.map(shellQuote).join(" ");
  const followLinks = words[0] === "docker" ? " -L" : "";
  return (step.artifacts?.outputs ?? [])
    .map(({ path }, index) => {
      const from = shellQuote(`${containerName(folder)}:${path}`);
      const file = shellQuote(`${to.outDir}/${index}.tar`);
      return `${engine} cp${followLinks} ${from} - 2>/dev/null | head -c ${to.maxBytes} >${file}
[ -s ${file} ] || rm -f ${file}
`;
    })
    .join("");
}

/** Pure but for the volumes' files: the engine's `run` for one step. */
function runWords(options: EngineOptions, folder: StepFolder, plan: StepPlan) {
  const env: Record<string, string> = {};
  const argv = [options.engine, ...options.flags.global, "run", "--name", containerName(folder)];
  argv.push("--sig-proxy=false", "--pull=never", "--log-driver=none", ...options.flags.run);
  for (const [name, value] of plan.env) {
    if (isPlainName(name)) {
      env[name] = value;
      argv.push("--env", name);
    } else argv.push("--env", `${name}=${value}`);
  }
  // Whoever the image's user is, it may write there.
  const runDir = folder.file(progressPlace[0]);
  mkdirSync(runDir, { recursive: true });
  chmodSync(runDir, 0o777);
  argv.push("--volume", `${runDir}:/var/run/argo`, "--env", `${progressVariable}=/var/run/argo/progress`);
  const mounts = layVolumes(folder, plan);
  if (plan.script !== undefined) argv.push("--volume", `${folder.file("staging")}:/argo/staging:ro`);
  for (const { source, target, readOnly } of mounts)
    argv.push("--volume", `${source}:${target}${readOnly ? ":ro" : ""}`);
  for (const { source, target } of plan.inputs) argv.push("--volume", `${source}:${target}`);
  if (plan.workingDir !== undefined) argv.push("--workdir", plan.workingDir);
  const memory = plan.limits.memory === undefined ? undefined : bytesOf(plan.limits.memory);
  if (memory !== undefined) argv.push("--memory", String(memory));
  const cpus = plan.limits.cpu === undefined ? undefined : cpusOf(plan.limits.cpu);
  if (cpus !== undefined) argv.push("--cpus", String(cpus));
  const [entrypoint, ...rest] = plan.command ?? [];
  if (entrypoint !== undefined) argv.push("--entrypoint", entrypoint);
  argv.push(plan.image, ...rest, ...plan.args);
  return { argv, env };
}

/** Names that the engine's own client, a shell or the loader would obey must not pass through their environment. */
const isPlainName = (name: string): boolean =>
  /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) &&
  !/^(PATH|HOME|IFS|ENV|PS4|PWD|TMPDIR|LD_|XDG_|CONTAINER|DOCKER_|PODMAN_|BUILDAH|STORAGE_|GODEBUG|SSL_|(HTTPS?|NO|ALL)_PROXY|(https?|no|all)_proxy|SLUICE_STEP)/.test(
    name,
  );

const binary: Readonly<Record<string, number>> = {
  "": 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
};

/** A Kubernetes quantity of memory as bytes; undefined when it is none. */
export function bytesOf(quantity: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(k|M|G|T|Ki|Mi|Gi|Ti|)$/.exec(quantity);
  const factor = binary[match?.[2] ?? "none"];
  return match === null || factor === undefined ? undefined : Math.ceil(Number(match[1]) * factor);
}

/** A Kubernetes quantity of CPU as a number of cores; undefined when it is none. */
export function cpusOf(quantity: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(m|)$/.exec(quantity);
  return match === null ? undefined : Number(match[1]) / (match[2] === "m" ? 1_000 : 1);
}

/** Images by name: looked for, and pulled once however many steps wait for one. */
class ImageStore {
  readonly #options: EngineOptions;
  readonly #words: readonly string[];
  readonly #present = new Set<string>();
  readonly #pulls = new Map<string, Promise<void>>();

  constructor(options: EngineOptions, words: readonly string[]) {
    this.#options = options;
    this.#words = words;
  }

  async bring(plan: StepPlan, say: (message: string) => void, signal: AbortSignal): Promise<void> {
    const { image } = plan;
    if (image === "" || image.startsWith("-"))
      throw LocalError.FIELD_UNSUPPORTED({
        field: "image",
        reason: "a container engine needs an image's name",
      });
    if (plan.pullPolicy !== "Always" && (await this.#isPresent(image))) return;
    const { engine } = this.#options;
    if (plan.pullPolicy === "Never")
      throw LocalError.IMAGE_UNAVAILABLE({ image, engine, reason: "imagePullPolicy is Never" });
    say(`pulling image ${image}`);
    let pull = this.#pulls.get(image);
    if (pull === undefined) {
      pull = this.#pull(image, signal).finally(() => this.#pulls.delete(image));
      this.#pulls.set(image, pull);
    }
    await pull;
  }

  async #isPresent(image: string): Promise<boolean> {
    if (this.#present.has(image)) return true;
    const { code } = await runBriefly(
      [...this.#words, "image", "inspect", "--format", "{{.Id}}", image],
      this.#options,
    );
    if (code === 0) this.#present.add(image);
    return code === 0;
  }

  async #pull(image: string, signal: AbortSignal): Promise<void> {
    const { engine, path } = this.#options;
    const { code, stderr } = await runBriefly([...this.#words, "pull", "--quiet", image], {
      path,
      timeoutMs: pullTimeoutMs,
      signal,
    });
    if (code !== 0 && !signal.aborted)
      throw LocalError.IMAGE_UNAVAILABLE({ image, engine, reason: firstLine(stderr) ?? `exit code ${code}` });
    this.#present.add(image);
  }
}
