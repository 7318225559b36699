import type { RunSubmitted, Workflow } from "@sluice/spec";
import { collectDefinitions } from "../definitions/collect.ts";
import type { Definitions } from "../definitions/port.ts";
import type { StepRequest } from "../executor/request.ts";
import type { Fact, StepFinished } from "../facts.ts";
import { createRun } from "../run/create.ts";
import { decide, reduce } from "../run/reduce.ts";
import type { Node } from "../run/state/node.ts";
import type { Run, RunLimits } from "../run/state/run.ts";
import { AskWorld } from "../simulate/ask-world.ts";
import { submission } from "./a-workflow.ts";

/** How a step of the pure run ends. */
export interface ScriptedEnd {
  readonly exitCode?: number;
  readonly result?: string;
  readonly outputs?: Readonly<Record<string, string>>;
  readonly unread?: Readonly<Record<string, string>>;
  readonly artifacts?: StepFinished["artifacts"];
  readonly unsaved?: StepFinished["unsaved"];
  readonly message?: string;
  readonly deadline?: true;
  readonly error?: true;
  readonly containers?: StepFinished["containers"];
  readonly lost?: string;
  readonly refused?: string;
  /** Ms it runs. Default 1,000. */
  readonly ms?: number;
  /** It runs until told to stop; a daemon does so unless `ms` is given. */
  readonly forever?: true;
  /** Of a daemon: ms until it is ready; default 500. `never`: it only runs. */
  readonly readyMs?: number | "never";
  /** Of a daemon; default "10.0.0.1". */
  readonly ip?: string;
}

export type Script = (step: Omit<StepRequest, "deadlineAt">, run: Run) => ScriptedEnd | undefined;

export interface Ended {
  readonly run: Run;
  readonly facts: readonly Fact[];
  /** Requests in the order in which the run asked for them. */
  readonly started: readonly Omit<StepRequest, "deadlineAt">[];
  /** Most steps that were under way at once. */
  readonly peak: number;
  node(name: string): Node;
  /** `displayName type phase message` of every node, in order of creation. */
  tree(): readonly string[];
}

interface Due {
  readonly at: number;
  readonly fact: Fact;
}

/** A run driven by hand: the pure core alone, in virtual time. Used by tables of node trees. */
export class PureRun {
  readonly run: Run;
  readonly facts: Fact[] = [];
  readonly started: Omit<StepRequest, "deadlineAt">[] = [];
  now: number;
  peak = 0;
  #due: Due[] = [];
  readonly #script: Script;

  /** Locks and caches; hand one to several runs to let them meet. */
  readonly world: AskWorld;

  /** Of a manifest, or of a whole first fact. */
  constructor(
    of: Workflow | RunSubmitted,
    script: Script = () => ({}),
    limits: Partial<RunLimits> = {},
    world: AskWorld = new AskWorld(),
  ) {
    this.world = world;
    const first = "type" in of ? of : submission(of);
    this.now = first.at;
    this.#script = script;
    this.run = createRun(first, limits);
    this.facts.push(first);
    this.fact({ type: "engine", v: 1, at: this.now, engine: "e1" });
  }

  /** Folds a fact in and lets the script answer what the run then asks for. */
  fact(fact: Fact): void {
    this.now = Math.max(this.now, fact.at);
    this.facts.push(fact);
    reduce(this.run, fact);
    const effects = decide(this.run);
    for (const release of effects.release) this.world.release(this.run, release);
    for (const id of effects.start) {
      const request = this.run.steps.get(id)?.step?.request;
      if (request === undefined) continue;
      this.started.push(request);
      const end = this.#script(request, this.run) ?? {};
      if (request.daemon === true) this.#planReady(id, end);
      const isForever = end.forever === true || (request.daemon === true && end.ms === undefined);
      if (!isForever) this.#plan(id, this.now, end);
    }
    for (const { stepId } of effects.stop) this.#plan(stepId, this.now, { exitCode: 143, ms: 10 });
    this.peak = Math.max(this.peak, this.run.steps.size);
    for (const id of effects.save) {
      const entry = this.run.saves.get(id);
      if (entry !== undefined) this.world.save(entry);
    }
    this.#ask([...effects.ask, ...(effects.release.length > 0 ? this.world.retry(this.run) : [])]);
  }

  #ask(ids: readonly string[]): void {
    for (const id of ids) {
      const ask = this.run.asks.get(id);
      const answer = ask === undefined ? undefined : this.world.ask(this.run, ask, this.now);
      if (answer !== undefined) this.fact(answer);
    }
  }

  /** Asks again for what still waits: another run gave something back, or an engine started anew. */
  askAgain(): void {
    this.world.retry(this.run);
    this.#ask([...this.run.asks.keys()]);
  }

  /** Looks up what the run needs from outside, if it does. */
  async define(definitions: Definitions): Promise<void> {
    if (this.run.definitions === "wanted")
      this.fact(await collectDefinitions(definitions, this.run.submitted, this.now));
  }

  #planReady(step: string, { readyMs = 500, ip = "10.0.0.1" }: ScriptedEnd): void {
    const at = this.now + (readyMs === "never" ? 0 : readyMs);
    if (readyMs !== "never") this.#put(at, { type: "ready", at, step, ip });
  }

  #plan(step: string, startedAt: number, end: ScriptedEnd): void {
    const at = startedAt + (end.ms ?? 1_000);
    this.#put(at, factOf(step, startedAt, at, end));
  }

  #put(at: number, fact: Fact): void {
    // Behind those of the same time, and found by halves: ten thousand steps may start at once.
    let low = 0;
    let high = this.#due.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#due[middle]?.at ?? 0) <= at) low = middle + 1;
      else high = middle;
    }
    this.#due.splice(low, 0, { at, fact });
  }

  /** Goes to the next thing that happens; false when nothing will. */
  next(): boolean {
    const timerAt = this.run.timers.nextAt;
    const due = this.#due[0];
    if (due !== undefined && (timerAt === undefined || due.at <= timerAt)) {
      this.#due.shift();
      this.fact(due.fact);
    } else if (timerAt !== undefined) this.fact({ type: "timer", at: timerAt });
    else return false;
    return true;
  }

  toEnd(maxFacts = 100_000): Ended {
    for (let n = 0; this.run.stage !== "done" && n < maxFacts && this.next(); n++);
    const { run, facts, started, peak } = this;
    const nodes = () => [...run.nodes.values()];
    return {
      run,
      facts,
      started,
      peak,
      node: (name) => {
        const found = nodes().find((n) => n.name === name || n.displayName === name);
        if (found === undefined)
          throw new Error(
            `no node '${name}' in ${nodes()
              .map((n) => n.name)
              .join(", ")}`,
          );
        return found;
      },
      tree: () => nodes().map((n) => [n.displayName, n.type, n.phase, n.message].filter(Boolean).join(" ")),
    };
  }
}

function factOf(step: string, startedAt: number, at: number, end: ScriptedEnd): Fact {
  if (end.lost !== undefined) return { type: "lost", at, step, reason: end.lost };
  if (end.refused !== undefined)
    return { type: "refused", at, step, code: "TEST_REFUSED", message: end.refused };
  const finished: StepFinished = {
    type: "finished",
    at,
    step,
    startedAt,
    exitCode: end.exitCode ?? 0,
    ...(end.outputs === undefined ? {} : { outputs: end.outputs }),
    ...(end.result === undefined ? {} : { result: end.result }),
    ...(end.unread === undefined ? {} : { unread: end.unread }),
    ...(end.artifacts === undefined ? {} : { artifacts: end.artifacts }),
    ...(end.unsaved === undefined ? {} : { unsaved: end.unsaved }),
    ...(end.message === undefined ? {} : { message: end.message }),
    ...(end.deadline === undefined ? {} : { deadline: true }),
    ...(end.error === undefined ? {} : { error: true }),
    ...(end.containers === undefined ? {} : { containers: end.containers }),
  };
  return finished;
}

/** Runs a workflow through the pure core to its end. Each step ends as `script` says; default: exit code 0 after 1 s. */
export const runToEnd = (workflow: Workflow, script?: Script, limits?: Partial<RunLimits>): Ended =>
  new PureRun(workflow, script, limits).toEnd();
