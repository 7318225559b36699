// Brings the Node that Sluice runs on. Plain JavaScript for Node 18 and newer, without dependencies.
import { execFile } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { cacheDir } from "./cache.mjs";
import { during, megabytes, say } from "./say.mjs";

const run = promisify(execFile);

/** Oldest Node line that Sluice runs on. */
export const nodeMajor = 24;
export const pnpmVersion = "12.21.0";

const major = (version) => Number(version.replace(/^v/, "").split(".")[0]);

/** The cached Node's path, whether or not it is there yet. */
export const cachedNode = () => join(cacheDir(), "node", String(nodeMajor), "bin", "node");

/** The Node to run under: this one when it is new enough, else the cached one, else the npm registry's. */
export async function ensureNode() {
  if (major(process.version) >= nodeMajor) return process.execPath;
  const cached = cachedNode();
  if (existsSync(cached)) return cached;
  const name = `node-${process.platform === "win32" ? "win" : process.platform}-${process.arch}`;
  await during(
    `this Node is ${process.version}; fetching Node ${nodeMajor} (npm package ${name}, about 60 MB)`,
    async () => {
      const found = await installFromNpm(
        `${name}@${nodeMajor}`,
        join(cacheDir(), "node", String(nodeMajor)),
        name,
      );
      say(
        `Node ${(await run(join(found, "bin", "node"), ["--version"])).stdout.trim()} in ${found} (${megabytes(statSync(cached).size)})`,
      );
    },
  );
  return cached;
}

/** pnpm's launcher, from the npm registry. */
export async function ensurePnpm() {
  const folder = join(cacheDir(), "pnpm", pnpmVersion);
  const launcher = join(folder, "node_modules", ".bin", "pnpm");
  if (existsSync(launcher)) return launcher;
  await during(`fetching pnpm ${pnpmVersion}`, () => installFromNpm(`pnpm@${pnpmVersion}`, folder));
  return launcher;
}

/**
 * Installs one package into `target`: whole, or (with `unwrap`) that package's own files only.
 * It is built beside the target and renamed, so that a broken download is never taken for a good one.
 */
async function installFromNpm(spec, target, unwrap) {
  await mkdir(dirname(target), { recursive: true });
  const work = await mkdtemp(join(dirname(target), ".new-"));
  try {
    await writeFile(join(work, "package.json"), '{"private":true}\n');
    const args = [
      "install",
      "--prefix",
      work,
      "--no-audit",
      "--no-fund",
      "--no-package-lock",
      "--loglevel=error",
      spec,
    ];
    const { npm_execpath: npmCli } = process.env;
    const [command, first] = npmCli?.endsWith(".js") ? [process.execPath, [npmCli]] : ["npm", []];
    await run(command, [...first, ...args], { cwd: work, maxBuffer: 1 << 26 });
    await rm(target, { recursive: true, force: true });
    await rename(unwrap === undefined ? work : join(work, "node_modules", unwrap), target);
  } catch (error) {
    const reason = String(error.stderr || error.message)
      .trim()
      .split("\n")
      .pop();
    const hint = "Check that `npm ping` works here, or install Node 24 or newer yourself.";
    throw new Error(`cannot get '${spec}' from the npm registry: ${reason}\n  ${hint}`, { cause: error });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  return target;
}
