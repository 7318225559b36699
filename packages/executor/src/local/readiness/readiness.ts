// When a daemon may be used: each of its containers' probes has succeeded. Without probes, when it runs.
import { type Clock, sleepFor } from "@sluice/base";
import type { StepRequest } from "@sluice/engine";
import { crewOf } from "../crew/crew.ts";
import type { BesideCommand } from "../isolation/isolation.ts";
import { isTakenByOthers } from "../network/listeners.ts";
import { containerOf } from "../step/step-plan.ts";
import { answers } from "./attempt.ts";
import { loopback, type Probe, probeOf } from "./probe.ts";

/** What a probe needs of the step's isolation. */
export interface ProbeGround {
  readonly clock: Clock;
  /** Runs a command beside the step's; its exit code. */
  exec(command: BesideCommand): Promise<number>;
  /** The step's processes, where they share this machine's network; else none. */
  processes(): readonly number[];
  /** Where the step answers, when that is not this machine's loopback. */
  readonly address: string | undefined;
  /** Told to users. */
  say(message: string): void;
}

/** The probes of a daemon's containers; none for any other step. Errors: LOCAL_FIELD_UNSUPPORTED. */
export function probesOf(step: StepRequest): readonly Probe[] {
  if (step.daemon !== true) return [];
  const crew = crewOf(step);
  // Containers that come and go before the others have no readiness.
  const bodies =
    crew === undefined
      ? [containerOf(step)]
      : crew.members.filter(({ role }) => role !== "init").map(({ container }) => container);
  return bodies.flatMap((body) => probeOf(body) ?? []);
}

/** Resolves when all probes have succeeded; false when the signal aborted before. */
export async function untilReady(
  probes: readonly Probe[],
  startedAt: number,
  ground: ProbeGround,
  signal: AbortSignal,
): Promise<boolean> {
  const all = await Promise.all(probes.map((probe) => untilGood(probe, startedAt, ground, signal)));
  return all.every((isReady) => isReady) && !signal.aborted;
}

async function untilGood(
  probe: Probe,
  startedAt: number,
  ground: ProbeGround,
  signal: AbortSignal,
): Promise<boolean> {
  await ground.clock.sleepUntil(startedAt + probe.initialDelayMs, signal);
  for (let good = 0; !signal.aborted; ) {
    good = (await tryOnce(probe, ground, signal)) ? good + 1 : 0;
    if (good >= probe.successThreshold) return true;
    await sleepFor(ground.clock, probe.periodMs, signal);
  }
  return false;
}

async function tryOnce(probe: Probe, ground: ProbeGround, over: AbortSignal): Promise<boolean> {
  const { action, timeoutMs } = probe;
  if (action.kind === "exec")
    return (await ground.exec({ argv: action.command, workingDir: probe.workingDir, timeoutMs })) === 0;
  const enough = new AbortController();
  const signal = AbortSignal.any([over, enough.signal]);
  const late = sleepFor(ground.clock, timeoutMs, signal).then(() => enough.abort());
  try {
    const { port } = action;
    const host = action.host === loopback ? (ground.address ?? loopback) : action.host;
    if (!(await answers({ ...action, host }, signal))) return false;
    if (host !== loopback || !isTakenByOthers(port, ground.processes())) return true;
    ground.say(
      `port ${port} of this machine is another process's, and the step's readiness probe asks there`,
    );
    return false;
  } finally {
    enough.abort();
    await late;
  }
}
