// The life of a step's containers by their probes. A startup probe gates the others; all readiness probes make a daemon
// ready, once; a liveness probe that fails so often in a row, or a startup probe that never succeeds, ends the step.
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
  /** Runs a command beside the step's; its exit code, undefined when it could not be run. */
  exec(command: BesideCommand): Promise<number | undefined>;
  /** The step's processes, where they share this machine's network; else none. */
  processes(): readonly number[];
  /** Where the step answers; undefined = nowhere that this machine reaches. */
  readonly address: string | undefined;
  /** Told to users. */
  say(message: string): void;
}

/** A container's probes, as far as it has them. */
export interface ContainerProbes {
  readonly container: string;
  readonly startup: Probe | undefined;
  readonly readiness: Probe | undefined;
  readonly liveness: Probe | undefined;
}

/** A container that has to go: which of its probes failed. */
export interface ProbeFailure {
  readonly container: string;
  readonly probe: Probe;
}

/**
 * The probes of a step's containers; nobody waits for the readiness of a step that is no daemon.
 * Errors: LOCAL_FIELD_UNSUPPORTED.
 */
export function probesOf(step: StepRequest): readonly ContainerProbes[] {
  if (step.work.kind !== "container" && step.work.kind !== "script" && step.work.kind !== "containerSet")
    return [];
  const crew = crewOf(step);
  // Containers that come and go before the others have no probes.
  const members =
    crew === undefined
      ? [{ name: "main", container: containerOf(step) }]
      : crew.members.filter(({ role }) => role !== "init");
  return members.flatMap(({ name, container }) => {
    const probes = {
      startup: probeOf(container, "startupProbe"),
      readiness: step.daemon === true ? probeOf(container, "readinessProbe") : undefined,
      liveness: probeOf(container, "livenessProbe"),
    };
    return Object.values(probes).every((probe) => probe === undefined)
      ? []
      : [{ container: name, ...probes }];
  });
}

interface WatchedStep {
  readonly probes: readonly ContainerProbes[];
  /** Epoch ms. */
  readonly startedAt: number;
  readonly ground: ProbeGround;
  /** Called once, when every container that has to be ready is. */
  readonly ready: () => void;
}

/** Resolves with the first failure, or with undefined when nothing is left to ask or the signal aborted. */
export async function watchProbes(step: WatchedStep, signal: AbortSignal): Promise<ProbeFailure | undefined> {
  const enough = new AbortController();
  const over = AbortSignal.any([signal, enough.signal]);
  let failure: ProbeFailure | undefined;
  const fail = (found: ProbeFailure): void => {
    failure ??= found;
    enough.abort();
  };
  const isGood = async (container: string, probe: Probe | undefined): Promise<boolean> => {
    if (probe === undefined) return true;
    const outcome = await ask(probe, step, over);
    if (outcome === "bad") fail({ container, probe });
    return outcome === "good";
  };
  const lives: Promise<boolean>[] = [];
  const ready = step.probes.map(async ({ container, startup, readiness, liveness }) => {
    if (!(await isGood(container, startup))) return false;
    lives.push(isGood(container, liveness));
    return isGood(container, readiness);
  });
  if ((await Promise.all(ready)).every(Boolean) && !over.aborted) step.ready();
  await Promise.all(lives);
  return signal.aborted ? undefined : failure;
}

/** Tries until enough in a row were good, or bad. One that could not be made is neither, as to the kubelet. */
async function ask(
  probe: Probe,
  { startedAt, ground }: WatchedStep,
  signal: AbortSignal,
): Promise<"good" | "bad" | "over"> {
  await ground.clock.sleepUntil(startedAt + probe.initialDelayMs, signal);
  for (let good = 0, bad = 0; !signal.aborted; ) {
    const isGood = await tryOnce(probe, ground, signal);
    if (signal.aborted) break;
    if (isGood !== undefined) [good, bad] = isGood ? [good + 1, 0] : [0, bad + 1];
    if (good >= probe.successThreshold) return "good";
    if (bad >= probe.failureThreshold) return "bad";
    await sleepFor(ground.clock, probe.periodMs, signal);
  }
  return "over";
}

async function tryOnce(probe: Probe, ground: ProbeGround, over: AbortSignal): Promise<boolean | undefined> {
  const { action, timeoutMs } = probe;
  if (action.kind === "exec") {
    const code = await ground.exec({ argv: action.command, workingDir: probe.workingDir, timeoutMs });
    return code === undefined ? undefined : code === 0;
  }
  const host = action.host === loopback ? ground.address : action.host;
  if (host === undefined) return undefined;
  const enough = new AbortController();
  const signal = AbortSignal.any([over, enough.signal]);
  const late = sleepFor(ground.clock, timeoutMs, signal).then(() => enough.abort());
  try {
    const { port } = action;
    if (!(await answers({ ...action, host }, signal))) return false;
    if (host !== loopback || !isTakenByOthers(port, ground.processes())) return true;
    ground.say(`port ${port} of this machine is another process's, and the step's ${probe.name} asks there`);
    return false;
  } finally {
    enough.abort();
    await late;
  }
}
