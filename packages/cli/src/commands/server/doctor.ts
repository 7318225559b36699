// `sluice doctor`: what works on this machine, and how the server (when one answers) is set up.
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isAppError, messageOf } from "@sluice/base";
import type { LocalCandidate } from "@sluice/executor";
import type { Config } from "../../config/config.ts";
import { readConfig } from "../../config/load.ts";
import type { CliContext } from "../../context.ts";
import { whereToLook } from "../../up/bus.ts";
import type { DoctorReport } from "../../up/doctor.ts";
import { meaningOf } from "../../up/doctor.ts";

interface Check {
  readonly what: string;
  /** `warn`: it works without. */
  readonly state: "good" | "warn" | "bad";
  readonly detail: string;
  readonly hint?: string;
}

export async function doctor(
  context: CliContext,
  _args: readonly string[],
  options: Readonly<Record<string, unknown>>,
): Promise<void> {
  const { config } = await readConfig(context, options);
  const checks = [
    nodeCheck(),
    await natsCheck(context, config.natsServer),
    ...(await isolationChecks(context, config.isolation)),
    await kubernetesCheck(context),
  ];
  const server = await serverReport(context);
  if (context.json)
    context.out(JSON.stringify({ checks, server: isReport(server) ? server : null }, null, 2));
  else {
    context.out("This machine");
    for (const check of checks) context.out(lineOf(context, check));
    context.out(`\nThe server at ${context.client.url}`);
    for (const check of serverChecks(server)) context.out(lineOf(context, check));
  }
  if (checks.some((check) => check.state === "bad")) process.exitCode = 1;
}

const isReport = (server: DoctorReport | Check): server is DoctorReport => "acknowledgement" in server;

function lineOf({ palette }: CliContext, { what, state, detail, hint }: Check): string {
  const symbol =
    state === "good" ? palette.good("✔") : state === "warn" ? palette.warn("○") : palette.bad("✖");
  // A detail of several parts takes a line for each, under the first.
  const indent = `\n${" ".repeat(29)}`;
  const line = `  ${symbol} ${what.padEnd(24)} ${detail.replaceAll("; ", indent)}`;
  if (hint === undefined || state === "good") return line;
  return `${line}${indent}${palette.dim(`hint: ${hint.replaceAll("; ", `;${indent}      `)}`)}`;
}

function nodeCheck(): Check {
  return { what: "Node", state: "good", detail: `${process.version}, ${process.platform}/${process.arch}` };
}

async function natsCheck(context: CliContext, setting: string | undefined): Promise<Check> {
  const { locateNatsServer } = await import("@sluice/bus");
  try {
    const found = await locateNatsServer(whereToLook({ natsServer: setting }, context.env));
    return { what: "nats-server", state: "good", detail: `${found.version} at ${found.path}` };
  } catch (error) {
    return {
      what: "nats-server",
      state: "bad",
      detail: messageOf(error),
      ...(isAppError(error) ? { hint: error.hint } : {}),
    };
  }
}

/** Each kind of isolation, tried for real. */
async function isolationChecks(context: CliContext, wanted: Config["isolation"]): Promise<readonly Check[]> {
  const { probeLocal } = await import("@sluice/executor");
  const folder = await mkdtemp(join(tmpdir(), "sluice-doctor-"));
  try {
    const candidates = await probeLocal({ stateDir: folder, clock: context.clock });
    const chosen = chosenOf(candidates, wanted);
    return candidates.map((candidate) => ({
      what: candidate.isolation,
      state: candidate.ok ? ("good" as const) : ("warn" as const),
      detail: `${candidate.reason}${candidate === chosen ? "  (chosen for local steps)" : ""}`,
    }));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** As `sluice up` chooses: an engine that cannot pull images comes after the sandbox, plain processes come last. */
function chosenOf(
  candidates: readonly LocalCandidate[],
  wanted: Config["isolation"],
): LocalCandidate | undefined {
  const working = candidates.filter((candidate) => candidate.ok);
  if (wanted !== "auto")
    return working.find(({ isolation }) => isolation === wanted || isolation === `${wanted}-unprivileged`);
  const rank = (candidate: LocalCandidate): number =>
    candidate.isolation === "process" ? 2 : candidate.canPull === false ? 1 : 0;
  return working.toSorted((a, b) => rank(a) - rank(b))[0];
}

async function kubernetesCheck(context: CliContext): Promise<Check> {
  const what = "Kubernetes";
  const named = context.env["KUBECONFIG"] ?? join(context.env["HOME"] ?? "", ".kube", "config");
  if (!existsSync(named)) return { what, state: "warn", detail: "no kubeconfig: steps run on this machine" };
  try {
    const { loadKubeConfig, makeKubeClient } = await import("@sluice/kube");
    await using client = makeKubeClient(await loadKubeConfig({ kubeconfig: named }));
    const gitVersion = await client.version();
    return { what, state: "good", detail: `${gitVersion} by ${named} (used with --executor kubernetes)` };
  } catch (error) {
    return { what, state: "warn", detail: messageOf(error), hint: "check it with `kubectl get nodes`" };
  }
}

async function serverReport(context: CliContext): Promise<DoctorReport | Check> {
  try {
    return await context.client.request<DoctorReport>("GET", "/api/v1/sluice/doctor");
  } catch (error) {
    return {
      what: "API",
      state: "warn",
      detail: messageOf(error),
      ...(isAppError(error) ? { hint: error.hint } : {}),
    };
  }
}

function serverChecks(server: DoctorReport | Check): readonly Check[] {
  if (!isReport(server)) return [server];
  const { nats, executor } = server;
  return [
    {
      what: "version",
      state: "good",
      detail: `${server.version}, Node ${server.node}, state in ${server.dataDir}`,
    },
    {
      what: "bus",
      state: nats.connected ? "good" : "bad",
      detail:
        nats.description === undefined
          ? (nats.problem ?? "")
          : `nats-server ${nats.description.version} at ${nats.url}, ${nats.description.replicas} replica(s), sync ${nats.description.sync}`,
    },
    {
      what: "acknowledged",
      state: "good",
      detail: nats.description === undefined ? server.acknowledgement : meaningOf(nats.description),
    },
    {
      what: "steps",
      state: executor.warnings.length === 0 ? "good" : "warn",
      detail: `${executor.isolation}: ${executor.reason}`,
      ...(executor.warnings[0] === undefined ? {} : { hint: executor.warnings.join("; ") }),
    },
  ];
}
