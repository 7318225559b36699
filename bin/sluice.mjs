#!/usr/bin/env node
// Starts the `sluice` command under a Node that is new enough, whatever Node the shell has.
// Plain JavaScript for Node 18 and newer. In a clone it also keeps the bundle fresh.
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const home = join(dirname(fileURLToPath(import.meta.url)), "..");
const bundle = join(home, "dist", "sluice.js");
const isClone = existsSync(join(home, "packages", "cli", "src"));
const isNewEnough = Number(process.versions.node.split(".")[0]) >= 24;

try {
  if (isClone) await freshen();
  if (isNewEnough) await import(pathToFileURL(bundle).href);
  else await runUnderNewerNode();
} catch (error) {
  process.stderr.write(`sluice: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}

async function freshen() {
  const { bundleIsStale, ensureBundle, ensureDependencies } = await import("../scripts/setup/workspace.mjs");
  if (!bundleIsStale()) return;
  await ensureBundle(await ensureDependencies());
}

async function runUnderNewerNode() {
  const { spawn } = await import("node:child_process");
  const { cachedNode, ensureNode } = await import("../scripts/setup/node.mjs");
  const node = existsSync(cachedNode()) ? cachedNode() : await ensureNode();
  const child = spawn(node, [bundle, ...process.argv.slice(2)], { stdio: "inherit" });
  // The terminal sends its own signals to both of us; those sent to us alone are handed on.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  await new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (code, signal) => {
      process.exitCode = code ?? 128 + (signal === "SIGINT" ? 2 : 15);
      resolve(undefined);
    });
  });
}
