// A world of chance for one run, without a bus or a process: the pure engine folds a journal, steps run somewhere, and
// what they report is lost, doubled and out of order. Between a fact and its effects, and after them, the engine dies
// and is folded anew from its journal.
import { createRun, decide, type Fact, projectWorkflow, type Run, reduce } from "@sluice/engine";
import { AskWorld, resumeAsks, stopDaemonsAgain, submission } from "@sluice/engine/testing";
import type { Workflow } from "@sluice/spec";
import type { Dice } from "./dice.ts";
import { Laws } from "./laws.ts";

interface RunningStep {
  readonly id: string;
  readonly template: string;
  readonly deadlineAt: number | undefined;
  readonly isDaemon: boolean;
  isReady: boolean;
  stopped: boolean;
}

export interface ChaosEnd {
  readonly run: Run;
  readonly facts: readonly Fact[];
  /** Every real start of a step, in order. */
  readonly starts: readonly string[];
  readonly deaths: number;
}

/** Deliveries, ends and deaths after which a run must be over. Real ones take a few hundred. */
const maxTurns = 60_000;

export class Chaos {
  readonly #dice: Dice;
  readonly #laws = new Laws();
  readonly #facts: Fact[] = [];
  readonly #running = new Map<string, RunningStep>();
  /** Ends that the executor goes on telling until they are stored. */
  readonly #ended = new Map<string, Fact>();
  readonly #starts: string[] = [];
  readonly #inbox: Fact[] = [];
  readonly #world = new AskWorld({ "default/ConfigMap/limits/two": 2 });
  /** Asks that reached the world and are not answered. */
  readonly #asked = new Set<string>();
  #run: Run;
  #now: number;
  #deaths = 0;

  constructor(workflow: Workflow, dice: Dice) {
    this.#dice = dice;
    const first = submission(workflow);
    this.#now = first.at;
    this.#facts.push(first);
    this.#run = createRun(first);
  }

  toEnd(): ChaosEnd {
    this.#store({ type: "engine", v: 1, at: this.#now, engine: "e1" });
    for (let turn = 0; turn < maxTurns && this.#run.stage !== "done"; turn++) this.#turn();
    this.#laws.ended(this.#run);
    this.#laws.sameFactsSameState(this.#run, this.#facts);
    return { run: this.#run, facts: this.#facts, starts: this.#starts, deaths: this.#deaths };
  }

  #turn(): void {
    const dice = this.#dice;
    this.#now += dice.below(1_500);
    if (dice.odds(2)) this.#die();
    else if (dice.odds(30)) this.#deliver();
    else if (dice.odds(50)) this.#end(dice.of([...this.#running.values()]));
    else if (this.#asked.size > 0 && dice.odds(60)) this.#answer();
    else if (dice.odds(8)) this.#command();
    else if (this.#inbox.length === 0 && this.#isQuiet()) this.#tellAgain();
    this.#ring();
  }

  /** Nothing runs but daemons that wait for others. */
  #isQuiet(): boolean {
    return [...this.#running.values()].every((step) => step.isReady && !step.stopped);
  }

  /** Stored, then folded; the engine may die before it has done what follows. */
  #store(fact: Fact): void {
    this.#facts.push(JSON.parse(JSON.stringify(fact)) as Fact);
    reduce(this.#run, fact);
    this.#laws.folding(this.#run);
    if (this.#dice.odds(3)) this.#die();
    else this.#act();
  }

  #act(): void {
    const effects = decide(this.#run);
    for (const release of effects.release) {
      this.#world.release(this.#run, release);
      this.#asked.delete(release.ask);
    }
    for (const id of effects.ask) this.#asked.add(id);
    for (const id of effects.save) {
      const entry = this.#run.saves.get(id);
      if (entry !== undefined) this.#world.save(entry);
    }
    for (const id of effects.start) this.#start(id);
    for (const { stepId } of effects.stop) this.#stop(stepId);
  }

  #start(id: string): void {
    const step = this.#run.steps.get(id)?.step;
    if (step === undefined || this.#running.has(id) || this.#ended.has(id)) return;
    this.#laws.started(id, this.#run);
    this.#starts.push(id);
    const { activeMs } = step;
    const deadlineAt = activeMs === undefined ? undefined : this.#now + activeMs;
    this.#running.set(id, {
      id,
      template: step.request.node.template,
      deadlineAt,
      isDaemon: step.request.daemon === true,
      isReady: false,
      stopped: false,
    });
    this.#inbox.push({ type: "started", at: this.#now, step: id, host: "sim" });
  }

  #stop(id: string): void {
    const step = this.#running.get(id);
    if (step !== undefined) step.stopped = true;
  }

  /** A step ends, or its machine is gone with it. */
  #end(step: RunningStep | undefined): void {
    if (step === undefined) return;
    const dice = this.#dice;
    const late = step.deadlineAt !== undefined && this.#now >= step.deadlineAt;
    if (step.template === "slow" && !step.stopped && !late && dice.odds(80)) return;
    if (step.isDaemon && !step.stopped && !late && dice.odds(step.isReady ? 95 : 80)) {
      if (!step.isReady) this.#inbox.push(this.#readyFact(step));
      step.isReady = true;
      return;
    }
    this.#running.delete(step.id);
    const fact = this.#endOf(step, late);
    this.#ended.set(step.id, fact);
    this.#inbox.push(fact);
  }

  #readyFact({ id }: RunningStep): Fact {
    return { type: "ready", at: this.#now, step: id, ip: `10.0.0.${this.#dice.between(1, 3)}` };
  }

  #endOf(step: RunningStep, late: boolean): Fact {
    const dice = this.#dice;
    const at = this.#now;
    if (dice.odds(4)) return { type: "lost", at, step: step.id, reason: "pod deleted" };
    if (dice.odds(2)) return { type: "refused", at, step: step.id, code: "SIM", message: "SIM: refused" };
    const fails = step.stopped || late || dice.odds(step.template === "flaky" ? 60 : 12);
    return {
      type: "finished",
      at,
      step: step.id,
      startedAt: at - dice.below(2_000),
      exitCode: step.stopped ? 143 : fails ? dice.between(1, 3) : 0,
      ...(late && !step.stopped ? { deadline: true as const } : {}),
      ...(dice.odds(80) ? { outputs: { out: "o" } } : {}),
      result: dice.odds(50) ? "heads" : "tails",
    };
  }

  /** One report arrives: perhaps not, perhaps twice, in any order. */
  #deliver(): void {
    const fact = this.#dice.take(this.#inbox);
    if (fact === undefined || this.#dice.odds(15)) return;
    if (this.#dice.odds(15)) this.#inbox.push(fact);
    this.#store({ ...fact, at: this.#now } as Fact);
  }

  /** The world looks at one ask: who has to wait is looked at again. */
  #answer(): void {
    const id = this.#dice.of([...this.#asked]);
    const ask = this.#run.asks.get(id);
    if (ask === undefined) this.#asked.delete(id);
    const fact = ask === undefined ? undefined : this.#world.ask(this.#run, ask, this.#now);
    if (fact === undefined) return;
    this.#asked.delete(id);
    this.#inbox.push(fact);
  }

  /** What the engine has not stored is told again. */
  #tellAgain(): void {
    for (const [id, fact] of this.#ended)
      if (this.#run.steps.has(id)) this.#inbox.push(fact);
      else this.#ended.delete(id);
    for (const step of this.#running.values())
      if (step.isReady && this.#run.steps.get(step.id)?.isReady !== true)
        this.#inbox.push(this.#readyFact(step));
    for (const id of this.#run.asks.keys()) this.#asked.add(id);
    // Whoever waits for a person gets one.
    if (this.#run.suspended) this.#store({ type: "resume", at: this.#now, by: "ann" });
  }

  #command(): void {
    const dice = this.#dice;
    const at = this.#now;
    const by = "ann";
    this.#store(
      dice.of<Fact>([
        { type: "suspend", at, by },
        { type: "resume", at, by },
        { type: "resume", at, by },
        ...(dice.odds(10)
          ? [{ type: "stop" as const, at, by, strategy: dice.of(["Stop", "Terminate"] as const) }]
          : []),
        { type: "resume", at, by, selector: "templateName=wait" },
      ]),
    );
  }

  #ring(): void {
    const at = this.#run.timers.nextAt;
    if (at === undefined) return;
    const idle = this.#isQuiet() && this.#inbox.length === 0;
    if (idle && this.#dice.odds(50)) this.#now = Math.max(this.#now, at);
    if (at <= this.#now) this.#store({ type: "timer", at: this.#now });
  }

  /** All but the journal and the world is gone; the next engine folds, and asks again for what is owed. */
  #die(): void {
    this.#deaths += 1;
    const before = projectWorkflow(this.#run);
    this.#run = this.#laws.folded(this.#facts);
    this.#laws.same(before, projectWorkflow(this.#run));
    this.#inbox.length = 0;
    this.#asked.clear();
    // The starts of the past are not news; what was to be given back, saved or asked is.
    this.#run.changes.start.length = 0;
    this.#run.changes.stop.length = 0;
    resumeAsks(this.#run);
    stopDaemonsAgain(this.#run);
    this.#act();
    for (const id of this.#run.steps.keys()) this.#start(id);
    if (this.#run.shutdown !== undefined) for (const id of this.#run.steps.keys()) this.#stop(id);
    this.#tellAgain();
  }
}
