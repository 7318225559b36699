// Brings what the clone itself needs: its dependencies, the bundle and the nats-server.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { cacheDir } from "./cache.mjs";
import { ensureNode, ensurePnpm } from "./node.mjs";
import { during, say } from "./say.mjs";

export const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");

/** The environment of everything that runs under our Node. */
export function environmentFor(node, extra = {}) {
  return {
    ...process.env,
    PATH: [dirname(node), join(root, "node_modules", ".bin"), process.env.PATH].join(":"),
    ...extra,
  };
}

/** Runs a program with this terminal; resolves with its exit code. Signals go to it too. */
export function runHere(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, stdio: "inherit", ...options });
    const forward = (signal) => child.kill(signal);
    for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, forward);
    child.on("error", reject);
    child.on("exit", (code, signal) => resolve(code ?? (signal === "SIGINT" ? 130 : 143)));
  });
}

/** Node, pnpm and the dependencies of the lockfile. Costs some 50 ms when nothing changed. */
export async function ensureDependencies() {
  const node = await ensureNode();
  const stamp = join(root, "node_modules", ".sluice-stamp");
  const wanted = dependencyHash(node);
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return node;
  const pnpm = await ensurePnpm();
  await during("installing dependencies (pnpm, from the lockfile)", async () => {
    const code = await runHere(pnpm, ["install", "--frozen-lockfile", "--reporter=append-only"], {
      env: environmentFor(node, { CI: "true" }),
      stdio: ["ignore", "ignore", "inherit"],
    });
    if (code !== 0) throw new Error("`pnpm install` ended with an error (see above)");
  });
  writeFileSync(stamp, wanted);
  return node;
}

function dependencyHash(node) {
  const hash = createHash("sha256").update(node);
  const manifests = readdirSync(join(root, "packages")).map((name) => join("packages", name, "package.json"));
  for (const file of [
    "package.json",
    "pnpm-lock.yaml",
    "pnpm-workspace.yaml",
    "test/package.json",
    ...manifests.sort(),
  ]) {
    if (existsSync(join(root, file))) hash.update(file).update(readFileSync(join(root, file)));
  }
  return hash.digest("hex");
}

/** The nats-server of the embedded bus; its path goes to `SLUICE_NATS_SERVER`. */
export async function ensureNats() {
  const { ensureNatsServer } = await import("./nats-server.mjs");
  const found = await ensureNatsServer({ cacheDir: cacheDir(), say });
  return found.path;
}

/** Bundles the CLI when a source file is newer than the bundle. */
export async function ensureBundle(node) {
  if (!bundleIsStale()) return;
  await during("bundling the sluice command", async () => {
    const code = await runHere(node, [join(root, "scripts", "build.mjs")], { env: environmentFor(node) });
    if (code !== 0) throw new Error("the bundle could not be built (see above)");
  });
}

/** Whether `dist/` is missing or older than any source file. */
export function bundleIsStale() {
  const bundle = join(root, "dist", "sluice.js");
  if (!existsSync(bundle)) return true;
  const builtAt = statSync(bundle).mtimeMs;
  return readdirSync(join(root, "packages")).some((name) =>
    newerThan(join(root, "packages", name, "src"), builtAt),
  );
}

function newerThan(folder, time) {
  if (!existsSync(folder)) return false;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (
      entry.isDirectory()
        ? newerThan(path, time)
        : !entry.name.endsWith(".test.ts") && statSync(path).mtimeMs > time
    )
      return true;
  }
  return false;
}
