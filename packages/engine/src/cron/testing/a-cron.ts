import { CronWorkflow } from "@sluice/spec";
import { shTemplate } from "../../testing/a-workflow.ts";
import { type CronDefinition, readDefinition } from "../definition.ts";
import { type CronEvent, reduceCron, surplus } from "../reduce.ts";
import { type CronState, type FinishedRun, newState } from "../state.ts";

/** Epoch ms of a time of 1 January 2026, UTC. */
export const at = (time: string): number => Date.parse(`2026-01-01T${time}Z`);

type Texts = Readonly<Record<string, string>>;

/** A cron workflow "wf" in "default", each minute unless said otherwise. */
export function aCron(
  spec: Partial<CronWorkflow["spec"]> = {},
  annotations: Texts = {},
  labels: Texts = {},
): CronWorkflow {
  return CronWorkflow.parse({
    apiVersion: "argoproj.io/v1alpha1",
    kind: "CronWorkflow",
    metadata: { name: "wf", namespace: "default", annotations, labels },
    spec: {
      schedules: ["* * * * *"],
      workflowSpec: { entrypoint: "main", templates: [shTemplate("main")] },
      ...spec,
    },
  });
}

interface AppliedAs {
  readonly appliedAt?: number;
  readonly generation?: number;
  readonly revision?: number;
}

export function aDefinition(manifest: CronWorkflow, applied: AppliedAs = {}): CronDefinition {
  const { appliedAt = at("10:00:00"), generation = 1, revision = 1 } = applied;
  const place = { kind: "CronWorkflow", namespace: "default", name: "wf" };
  return readDefinition({ ...place, generation, revision, appliedAt, manifest }, "UTC");
}

/** The pure core, driven by hand. Applied at 10:00:00. */
export class CronBench {
  #definition: CronDefinition;
  state: CronState;

  constructor(manifest: CronWorkflow, applied: AppliedAs = {}) {
    this.#definition = aDefinition(manifest, applied);
    this.state = newState(this.#definition);
  }

  send(event: CronEvent): this {
    this.state = reduceCron(this.state, event, this.#definition);
    return this;
  }

  tick(time: string): this {
    return this.tickAt(at(time));
  }

  tickAt(now: number): this {
    return this.send({ type: "tick", at: now });
  }

  change(manifest: CronWorkflow, time: string): this {
    const { generation, revision } = this.#definition;
    const next = { appliedAt: at(time), generation: generation + 1, revision: revision + 1 };
    this.#definition = aDefinition(manifest, next);
    return this.send({ type: "defined", at: at(time) });
  }

  /** Every run that was asked for is there now. */
  submitted(): this {
    for (const { uid } of this.state.active) this.send({ type: "submitted", uid });
    return this;
  }

  /** Every run ends so. */
  end(phase: FinishedRun["phase"]): this {
    for (const { uid, at: instant } of this.state.active)
      this.send({ type: "ended", uid, phase, finishedAt: instant + 1_000 });
    return this;
  }

  /** Names of the runs that are to be submitted. */
  asked(): readonly string[] {
    return this.state.active.filter((run) => run.askedAt !== undefined).map(({ name }) => name);
  }

  /** Instants of the finished runs that have no room. */
  surplus(): readonly number[] {
    return surplus(this.state, this.#definition).map((run) => run.at);
  }
}
