// Which ports daemons of this process are about to listen at, and which are taken on this machine.
import { isObject } from "@sluice/base";
import type { StepRequest } from "@sluice/engine";
import { crewOf } from "../crew/crew.ts";
import { probesOf } from "../probes/watch.ts";
import { containerOf } from "../step/step-plan.ts";
import { listenersAt } from "./listeners.ts";

/** The ports that a daemon says it listens at: those that its probes ask, and those that it declares. */
export function portsOf(step: StepRequest): readonly number[] {
  const asked = probesOf(step)
    .flatMap(({ startup, readiness, liveness }) => [startup, readiness, liveness])
    .flatMap((probe) => (probe === undefined || probe.action.kind === "exec" ? [] : probe.action.port));
  const crew = crewOf(step);
  const bodies = crew === undefined ? [containerOf(step)] : crew.members.map(({ container }) => container);
  const declared = bodies.flatMap(({ ports = [] }) =>
    ports.flatMap((port) => (isObject(port) ? Number(port["containerPort"]) : [])),
  );
  return [...new Set([...asked, ...declared])].filter((port) => Number.isInteger(port) && port > 0);
}

export class PortBook {
  /** By port, the step that is to have it. */
  readonly #reserved = new Map<number, string>();

  /** Reserves all of them for the step; false, and none, when one is another's. */
  reserve(stepId: string, ports: readonly number[]): boolean {
    const isFree = (port: number) => {
      const holder = this.#reserved.get(port);
      return holder === stepId || (holder === undefined && listenersAt(port).size === 0);
    };
    if (!ports.every(isFree)) return false;
    for (const port of ports) this.#reserved.set(port, stepId);
    return true;
  }

  release(stepId: string): void {
    for (const [port, holder] of this.#reserved) if (holder === stepId) this.#reserved.delete(port);
  }
}
