import type { Site } from "../site.ts";
import { firstLine, runBriefly } from "./brief-run.ts";
import type { EngineFlags } from "./container-engine.ts";
import type { LocalCandidate } from "./probe.ts";
import { findProgram } from "./shims.ts";

/** A small image that every public registry mirror has: looked up to see whether images can be had, and run if need be. */
const smallImage = "docker.io/library/busybox:latest";

/** Engines fail in their plain form on machines with an old runtime, few rights or no bridge: the first that runs wins. */
const variants: readonly EngineFlags[] = [
  { global: [], run: [] },
  { global: [], run: ["--network=host"] },
  { global: ["--runtime=runc"], run: ["--network=host"] },
  {
    global: ["--runtime=runc"],
    run: ["--network=host", "--ulimit=nofile=1024:1024", "--ulimit=nproc=1024:1024"],
  },
];

/** Runs a container of an image that is present (else of one pulled for it), and asks whether images can be pulled. */
export async function tryEngine(site: Site, engine: "podman" | "docker"): Promise<LocalCandidate> {
  const begun = site.clock.monotonic();
  const no = (reason: string): LocalCandidate => ({ isolation: engine, ok: false, reason, tookMs: 0 });
  if (findProgram(engine, site.path) === undefined) return no("it is not installed");
  const call = (argv: readonly string[], timeoutMs = 20_000) =>
    runBriefly([engine, ...argv], { path: site.path, timeoutMs });
  const listed = await call(["images", "--format", "{{.Repository}}:{{.Tag}}"]);
  if (listed.code !== 0) return no(firstLine(listed.stderr) ?? `it ended with exit code ${listed.code}`);
  const canPull = (await call(["manifest", "inspect", smallImage], 5_000)).code === 0;
  const images = listed.stdout.split("\n").filter((name) => name !== "" && !name.includes("<none>"));
  if (images.length === 0) {
    if (!canPull) return no("it has no image, and no registry answers");
    await call(["pull", "--quiet", smallImage], 60_000);
    images.push(smallImage);
  }
  const pulls = canPull
    ? "images can be pulled"
    : "no registry answers, so only images that are present can be run";
  let said = "no image that is present has a shell";
  for (const image of preferSmall(images).slice(0, 3)) {
    for (const flags of [...variants.filter((v) => engine === "podman" || v.global.length === 0)]) {
      const started = site.clock.monotonic();
      const run = [
        "run",
        "--rm",
        "--pull=never",
        ...flags.run,
        "--entrypoint",
        "sh",
        image,
        "-c",
        "echo container-stands",
      ];
      const { code, stdout, stderr } = await call([...flags.global, ...run], 30_000);
      const tookMs = Math.round(site.clock.monotonic() - started);
      if (code === 0 && stdout.includes("container-stands"))
        return {
          isolation: engine,
          ok: true,
          reason: `a trivial container took ${tookMs} ms; ${pulls}`,
          tookMs,
          canPull,
          flags,
          image,
        };
      said = firstLine(stderr) ?? `a container ended with exit code ${code}`;
    }
  }
  return { ...no(said), tookMs: Math.round(site.clock.monotonic() - begun) };
}

/** Well-known small images first; images made for pausing have no shell. */
const preferSmall = (images: readonly string[]): readonly string[] => {
  const rank = (name: string) => (/busybox|alpine/.test(name) ? 0 : /pause|scratch/.test(name) ? 2 : 1);
  return images.toSorted((a, b) => rank(a) - rank(b));
};
