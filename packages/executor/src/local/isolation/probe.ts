// Which kinds of isolation work on this machine: each is tried for real by running a trivial step of its kind.
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isObject } from "@sluice/base";
import { LocalError } from "../../errors.ts";
import { gateText, initScript } from "../shells/supervisors.ts";
import { openSite, type Site, type SiteOptions } from "../site.ts";
import { bootId } from "../step/process-table.ts";
import type { BoxOptions } from "./box-pool.ts";
import { firstLine, runBriefly } from "./brief-run.ts";
import { type EngineFlags, makeContainerEngine } from "./container-engine.ts";
import { tryEngine } from "./engine-probe.ts";
import type { Isolation, IsolationName } from "./isolation.ts";
import { makeNamespaceIsolation } from "./namespaces.ts";
import { makeProcessIsolation } from "./processes.ts";
import { prepareSandboxFolder } from "./sandbox/folder.ts";
import { enterWords, unshareWords } from "./sandbox/words.ts";

export type IsolationChoice = "auto" | IsolationName;

/** What came of trying one kind of isolation. */
export interface LocalCandidate {
  readonly isolation: IsolationName;
  /** Whether a trivial step ran. */
  readonly ok: boolean;
  readonly reason: string;
  /** How long that step took, ms. */
  readonly tookMs: number;
  /** Container engines: whether images can be pulled here. */
  readonly canPull?: boolean;
  /** Container engines: the words that they need here. */
  readonly flags?: EngineFlags;
  /** Container engines: the image that the trivial step ran in. */
  readonly image?: string;
}

const order: readonly IsolationName[] = [
  "podman",
  "docker",
  "namespaces",
  "namespaces-unprivileged",
  "process",
];

/** How long what was found holds, ms. */
const keptMs = 24 * 3_600_000;

/** Tries every kind of isolation, the best first; takes seconds where a container engine is installed. */
export async function probeLocal(options: SiteOptions): Promise<readonly LocalCandidate[]> {
  const site = openSite(options);
  const candidates: LocalCandidate[] = [];
  for (const isolation of order) candidates.push(await tryIsolation(site, isolation));
  keep(site, candidates);
  return candidates;
}

/** What an isolation needs beside the place. */
export type IsolationParts = Pick<BoxOptions, "random" | "discard" | "shells">;

export interface ChosenIsolation {
  readonly isolation: Isolation;
  readonly reason: string;
}

/**
 * The isolation asked for, or the best: a container engine that can run and pull, the sandbox, an engine that can only
 * run, plain processes. What the container engines can do is remembered for a day, since trying them takes seconds.
 * Errors: LOCAL_ISOLATION_UNAVAILABLE.
 */
export async function chooseIsolation(
  site: Site,
  choice: IsolationChoice,
  parts: IsolationParts,
): Promise<ChosenIsolation> {
  const kept = recall(site);
  const tried: LocalCandidate[] = [];
  const attempt = async (isolation: IsolationName): Promise<LocalCandidate> => {
    const before = [...tried, ...kept].find((candidate) => candidate.isolation === isolation);
    const candidate = before ?? (await tryIsolation(site, isolation));
    if (!tried.includes(candidate)) tried.push(candidate);
    return candidate;
  };
  const wanted =
    choice === "auto" ? order : order.filter((name) => name === choice || name === `${choice}-unprivileged`);
  let found: LocalCandidate | undefined;
  let second: LocalCandidate | undefined;
  for (const isolation of wanted) {
    const candidate = isolation === "process" && second !== undefined ? second : await attempt(isolation);
    if (!candidate.ok) continue;
    if (choice === "auto" && candidate !== second && candidate.canPull === false) second ??= candidate;
    else found ??= candidate;
    if (found !== undefined) break;
  }
  keep(site, tried);
  const others = tried.filter((c) => c !== found).map((c) => `${c.isolation}: ${c.reason}`);
  if (found === undefined)
    throw LocalError.ISOLATION_UNAVAILABLE({ isolation: choice, reason: others.join("; ") });
  const reason = [choice === "auto" ? found.reason : `asked for; ${found.reason}`, ...others].join("; ");
  return { isolation: make(site, found, parts), reason };
}

function make(site: Site, candidate: LocalCandidate, parts: IsolationParts): Isolation {
  const { isolation } = candidate;
  switch (isolation) {
    case "podman":
    case "docker":
      return makeContainerEngine({
        ...site,
        engine: isolation,
        flags: candidate.flags ?? { global: [], run: [] },
      });
    case "namespaces":
    case "namespaces-unprivileged":
      return makeNamespaceIsolation({ ...site, ...parts, privileged: isolation === "namespaces" });
    case "process":
      return makeProcessIsolation({ ...site, ...parts });
  }
}

async function tryIsolation(site: Site, isolation: IsolationName): Promise<LocalCandidate> {
  switch (isolation) {
    case "podman":
    case "docker":
      return tryEngine(site, isolation);
    case "namespaces":
    case "namespaces-unprivileged":
      return tryNamespaces(site, isolation);
    case "process":
      return { isolation, ok: true, reason: "nothing is needed, and nothing is kept apart", tookMs: 0 };
  }
}

async function tryNamespaces(
  site: Site,
  isolation: "namespaces" | "namespaces-unprivileged",
): Promise<LocalCandidate> {
  if (process.platform !== "linux")
    return { isolation, ok: false, reason: `this is ${process.platform}, not Linux`, tookMs: 0 };
  const privileged = isolation === "namespaces";
  const stepDir = join(site.stateDir, `probe-${isolation}`);
  rmSync(stepDir, { recursive: true, force: true });
  prepareSandboxFolder({ ...site, stepDir, bulkDir: stepDir, volumes: [], privileged });
  const enter = enterWords(stepDir);
  const argv = [...unshareWords(privileged), "/bin/sh", "-c", initScript, "init", "box-probe", ...enter];
  const begun = site.clock.monotonic();
  // Few processes are seen, writing goes, and the answer comes out.
  const program = "test $$ -lt 9 && : >/probe && echo sandbox-stands";
  const input = gateText("box-probe", stepDir, "probe", program);
  const { code, stdout, stderr } = await runBriefly(argv, { cwd: stepDir, path: site.path, input });
  const tookMs = Math.round((site.clock.monotonic() - begun) * 10) / 10;
  const ok = code === 0 && stdout.includes("sandbox-stands");
  const said = ok ? undefined : firstLine(readText(join(stepDir, "setup.log")) + stderr);
  rmSync(stepDir, { recursive: true, force: true });
  return {
    isolation,
    ok,
    reason: ok ? `a trivial step took ${tookMs} ms` : (said ?? `exit code ${code}`),
    tookMs,
  };
}

/** Only container engines are remembered: the others are tried in milliseconds. */
function keep(site: Site, candidates: readonly LocalCandidate[]): void {
  const engines = candidates.filter(isEngine);
  if (engines.length === 0) return;
  const known = [
    ...engines,
    ...recall(site).filter((k) => !engines.some((e) => e.isolation === k.isolation)),
  ];
  const record = { bootId: bootId(), path: site.path, at: site.clock.now(), candidates: known };
  writeFileSync(join(site.stateDir, "engines.json"), JSON.stringify(record));
}

function recall(site: Site): readonly LocalCandidate[] {
  try {
    const record: unknown = JSON.parse(readText(join(site.stateDir, "engines.json")));
    if (!isObject(record) || record["bootId"] !== bootId() || record["path"] !== site.path) return [];
    if (!(site.clock.now() - Number(record["at"]) < keptMs)) return [];
    return record["candidates"] as readonly LocalCandidate[]; // written by `keep` alone
  } catch {
    return [];
  }
}

const isEngine = ({ isolation }: LocalCandidate): boolean => isolation === "podman" || isolation === "docker";

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
