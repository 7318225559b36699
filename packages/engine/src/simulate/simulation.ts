// A run in virtual time: the real engine's core, with answers in place of steps. Nothing is started, nothing is waited
// for; ten minutes of steps take milliseconds.
import { hashUid, type Random } from "@sluice/base";
import type { RunSubmitted, Workflow } from "@sluice/spec";
import { collectDefinitions } from "../definitions/collect.ts";
import { type ConfigMapContent, type Definitions, noDefinitions } from "../definitions/port.ts";
import type { StepRequest } from "../executor/request.ts";
import type { CommandFact, Fact, StepFinished } from "../facts.ts";
import { projectWorkflow } from "../project/workflow.ts";
import type { WorkflowObject } from "../project/workflow-object.ts";
import { createRun } from "../run/create.ts";
import { decide, reduce } from "../run/reduce.ts";
import type { Unit } from "../run/state/frames.ts";
import type { Node } from "../run/state/node.ts";
import type { Run, RunLimits } from "../run/state/run.ts";
import { AskWorld } from "./ask-world.ts";
import { DueQueue } from "./due-queue.ts";

/** How a step of a simulation ends. */
export interface SimulatedEnd {
  /** Default 0. */
  readonly exitCode?: number;
  readonly result?: string;
  readonly outputs?: Readonly<Record<string, string>>;
  readonly message?: string;
  /** It ends without an exit code, as Error. */
  readonly error?: string;
  /** Ms of virtual time; default 1,000. */
  readonly durationMs?: number;
  /** It runs until it is told to stop. */
  readonly forever?: boolean;
  /**
   * Of a daemon: ms until it is ready. Default: with neither an exit code nor an error, `durationMs`, after which it runs
   * until it is told to stop; else never. With `forever` and without this it is never ready.
   */
  readonly readyMs?: number;
}

export type SimulatedStepRequest = Omit<StepRequest, "deadlineAt">;

/** When and with which outputs a person lets a suspend node go on. */
export interface SimulatedAnswer {
  readonly afterMs: number;
  readonly outputs: Readonly<Record<string, string>>;
}

export interface SimulationOptions {
  /** Epoch ms at which the run is submitted. */
  readonly at: number;
  readonly answer: (step: SimulatedStepRequest) => SimulatedEnd;
  /** Undefined: nobody comes, and the node waits for its own time or for ever. */
  readonly person: (node: Node) => SimulatedAnswer | undefined;
  readonly commands?: readonly CommandFact[];
  /** Templates and ConfigMaps that the workflow refers to. Default: there are none. */
  readonly definitions?: Definitions;
  /** By name: ConfigMaps whose names or keys only a step knows. Default: there are none. */
  readonly configMaps?: ReadonlyMap<string, ConfigMapContent>;
  /** Limits of semaphores by how they are shown (`ns/ConfigMap/name/key`); one that is not here has no bound. */
  readonly limits?: Readonly<Record<string, number>>;
  readonly bounds?: Partial<RunLimits>;
  readonly random: Random;
}

export interface SimulatedStep {
  readonly request: SimulatedStepRequest;
  readonly startedAt: number;
  readonly end: SimulatedEnd;
}

export interface Simulated {
  readonly run: Run;
  readonly workflow: WorkflowObject;
  /** Every step that was started, in order. */
  readonly steps: readonly SimulatedStep[];
  /** What still waits when nothing can happen any more: nobody answers it. */
  readonly waiting: readonly Node[];
}

/** Facts after which a simulation is given up: a workflow that never ends. */
const maxFacts = 1_000_000;

/** Runs a workflow to its end, or to where nothing can happen any more. */
export async function simulate(workflow: Workflow, options: SimulationOptions): Promise<Simulated> {
  const simulation = new Simulation(workflow, options);
  await simulation.begin();
  return simulation.toEnd();
}

class Simulation {
  readonly #options: SimulationOptions;
  readonly #run: Run;
  readonly #due = new DueQueue<Fact>();
  readonly #steps: SimulatedStep[] = [];
  readonly #answered = new Set<string>();
  readonly #submitted: RunSubmitted;
  readonly #world: AskWorld;
  #now: number;

  constructor(workflow: Workflow, options: SimulationOptions) {
    this.#options = options;
    this.#now = options.at;
    this.#submitted = submissionOf(workflow, options);
    this.#world = new AskWorld(options.limits, Number.POSITIVE_INFINITY);
    for (const [name, content] of options.configMaps ?? []) this.#world.configMaps.set(name, content);
    this.#run = createRun(this.#submitted, options.bounds);
    for (const command of options.commands ?? []) this.#due.put(command.at, command);
  }

  async begin(): Promise<void> {
    this.#fold({ type: "engine", v: 1, at: this.#now, engine: "simulation" });
    if (this.#run.definitions !== "wanted") return;
    const { definitions = noDefinitions } = this.#options;
    this.#fold(await collectDefinitions(definitions, this.#submitted, this.#now));
  }

  toEnd(): Simulated {
    const run = this.#run;
    for (let facts = 0; run.stage !== "done" && facts < maxFacts && this.#next(); facts++);
    const waiting = [...run.suspends.values()].flatMap((unit) => unit.node ?? []);
    return { run, workflow: projectWorkflow(run), steps: this.#steps, waiting };
  }

  #next(): boolean {
    const timerAt = this.#run.timers.nextAt;
    const dueAt = this.#due.nextAt;
    if (dueAt !== undefined && (timerAt === undefined || dueAt <= timerAt)) {
      const fact = this.#due.take();
      if (fact !== undefined) this.#fold(fact);
      return true;
    }
    if (timerAt === undefined) return false;
    this.#fold({ type: "timer", at: timerAt });
    return true;
  }

  #fold(fact: Fact): void {
    this.#now = Math.max(this.#now, fact.at);
    reduce(this.#run, fact);
    const effects = decide(this.#run);
    for (const release of effects.release) this.#world.release(this.#run, release);
    for (const id of effects.start) this.#start(id);
    for (const { stepId } of effects.stop) this.#stop(stepId);
    for (const unit of this.#run.suspends.values()) this.#ask(unit);
    for (const id of effects.save) {
      const entry = this.#run.saves.get(id);
      if (entry !== undefined) this.#world.save(entry);
    }
    this.#answer([...effects.ask, ...(effects.release.length > 0 ? this.#world.retry(this.#run) : [])]);
  }

  /** Locks and caches answer at once, or when somebody gives back. */
  #answer(asks: readonly string[]): void {
    for (const id of asks) {
      const ask = this.#run.asks.get(id);
      const fact = ask === undefined ? undefined : this.#world.ask(this.#run, ask, this.#now);
      if (fact !== undefined) this.#due.put(this.#now, fact);
    }
  }

  #start(stepId: string): void {
    const step = this.#run.steps.get(stepId)?.step;
    if (step === undefined) return;
    const end = this.#options.answer(step.request);
    this.#steps.push({ request: step.request, startedAt: this.#now, end });
    this.#due.put(this.#now, { type: "started", at: this.#now, step: stepId });
    const readyMs = step.request.daemon === true ? readyAfter(end) : undefined;
    if (readyMs !== undefined)
      this.#due.put(this.#now + readyMs, {
        type: "ready",
        at: this.#now + readyMs,
        step: stepId,
        ip: simulatedIp,
      });
    const isForever = end.forever === true || (step.request.daemon === true && !endsByItself(end));
    if (isForever && step.activeMs === undefined) return;
    const lastsMs = isForever ? Number.POSITIVE_INFINITY : (end.durationMs ?? 1_000);
    const isLate = step.activeMs !== undefined && step.activeMs < lastsMs;
    const at = this.#now + (isLate ? (step.activeMs ?? 0) : lastsMs);
    this.#due.put(at, isLate ? lateFact(stepId, this.#now, at) : endFact(step.request, this.#now, at, end));
  }

  /** A step that is told to end does so at once; what it would have said later finds it gone. */
  #stop(stepId: string): void {
    const at = this.#now;
    this.#due.put(at, { type: "finished", at, step: stepId, startedAt: at, exitCode: 143 });
  }

  #ask({ node }: Unit): void {
    if (node === undefined || this.#answered.has(node.id)) return;
    this.#answered.add(node.id);
    const answer = this.#options.person(node);
    if (answer === undefined) return;
    const at = this.#now + answer.afterMs;
    const selector = `id=${node.id}`;
    this.#due.put(at, { type: "resume", at, by: "simulation", selector, parameters: answer.outputs });
  }
}

/** Where daemons of a simulation answer. */
const simulatedIp = "127.0.0.1";

const endsByItself = ({ exitCode, error }: SimulatedEnd): boolean =>
  exitCode !== undefined || error !== undefined;

function readyAfter(end: SimulatedEnd): number | undefined {
  const { readyMs, durationMs = 1_000, forever } = end;
  return readyMs ?? (endsByItself(end) || forever === true ? undefined : durationMs);
}

function endFact(request: SimulatedStepRequest, startedAt: number, at: number, end: SimulatedEnd): Fact {
  const step = request.id;
  if (end.error !== undefined) return { type: "lost", at, step, reason: end.error };
  return {
    type: "finished",
    at,
    step,
    startedAt,
    exitCode: end.exitCode ?? 0,
    ...(request.captureResult ? { result: end.result ?? "" } : {}),
    ...(end.outputs === undefined ? {} : { outputs: end.outputs }),
    ...savedBy(request, end),
    ...(end.message === undefined ? {} : { message: end.message }),
  };
}

/** A step that goes well makes its artifacts; one that fails makes none. */
function savedBy({ artifacts }: SimulatedStepRequest, end: SimulatedEnd): Pick<StepFinished, "artifacts"> {
  if (artifacts === undefined || artifacts.outputs.length === 0 || (end.exitCode ?? 0) !== 0) return {};
  return {
    artifacts: Object.fromEntries(artifacts.outputs.map(({ name, key }) => [name, { key, bytes: 0 }])),
  };
}

const lateFact = (step: string, startedAt: number, at: number): Fact => ({
  type: "finished",
  at,
  step,
  startedAt,
  exitCode: 143,
  deadline: true,
});

function submissionOf(workflow: Workflow, { at, random }: SimulationOptions): RunSubmitted {
  const { metadata } = workflow;
  const name = metadata.name ?? `${metadata.generateName ?? "workflow-"}simulated`;
  return {
    type: "submitted",
    at,
    uid: hashUid("simulation", `${name}/${random.id()}`),
    name,
    namespace: metadata.namespace ?? "default",
    workflow,
    by: { kind: "api", user: "simulation" },
    causes: [],
    traceparent: "00-00000000000000000000000000000001-0000000000000001-00",
  };
}
