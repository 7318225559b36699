// What `npm pack` gives is installed into an empty folder and run there.
import { execFile } from "node:child_process";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { root } from "./sluice-process.ts";

const run = promisify(execFile);

test("the package installs into an empty folder, and its command runs there", async () => {
  const folder = await mkdtemp(join(tmpdir(), "sluice-pack-"));
  try {
    await run("npm", ["pack", "--silent", "--pack-destination", folder], { cwd: root, maxBuffer: 1 << 26 });
    const [tarball = ""] = (await readdir(folder)).filter((name) => name.endsWith(".tgz"));
    await writeFile(join(folder, "package.json"), '{"private":true}');
    await run("npm", ["install", "--silent", "--no-audit", "--no-fund", join(folder, tarball)], {
      cwd: folder,
    });

    const { stdout } = await run(join(folder, "node_modules", ".bin", "sluice"), ["--version"], {
      cwd: folder,
    });
    const installed = (await readdir(join(folder, "node_modules"))).filter((name) => !name.startsWith("."));

    expect(stdout.trim()).toMatch(/^\d+\.\d+\.\d+$/);
    expect(installed).toEqual(["sluice"]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
