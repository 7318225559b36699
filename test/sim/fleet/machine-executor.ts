// One process's executor on the machine: asks for its lease late, spawns, tells what it sees; as the local one does.
import { Mailbox } from "@sluice/base";
import { type Executor, runUidOf, type StartPermit, type StepEvent, type StepRequest } from "@sluice/engine";
import type { Fate } from "./fate.ts";
import type { Ground, Machine } from "./machine.ts";

interface Runner {
  isLeft: boolean;
  readonly ground: Ground;
}

export class MachineExecutor implements Executor {
  readonly kind = "machine";
  readonly site = "here";
  readonly #machine: Machine;
  readonly #fate: Fate;
  readonly #swept: (step: StepRequest) => void;
  readonly #runners = new Map<string, Runner>();
  readonly #events = new Mailbox<{ readonly event: StepEvent; readonly runner: Runner }>();

  constructor(machine: Machine, fate: Fate, swept: (step: StepRequest) => void) {
    this.#machine = machine;
    this.#fate = fate;
    this.#swept = swept;
  }

  async start(step: StepRequest, permit?: StartPermit): Promise<void> {
    // Known before the first wait, as at the real ones: a detach that comes then finds it.
    if (this.#runners.has(step.id)) return;
    const ground = this.#machine.create(step.id);
    void this.#run(ground, step, permit);
    await this.#fate.step();
  }

  async #run(ground: Ground, step: StepRequest, permit?: StartPermit): Promise<void> {
    const runner: Runner = { isLeft: false, ground };
    this.#runners.set(step.id, runner);
    if (ground.claim === "none") {
      await this.#fate.step();
      if (runner.isLeft || (await permit?.()) === false || runner.isLeft) return;
      // The freeze between the decision and the spawn, and the way of a new process to its claim.
      await this.#fate.step();
      void this.#fate.travel().then(() => this.#machine.spawn(ground, step));
    }
    await this.#tell(runner);
  }

  async #tell(runner: Runner): Promise<void> {
    const { ground } = runner;
    const stepId = ground.id;
    let [said, isStartTold] = [0, false];
    const put = (event: StepEvent) => {
      this.#events.put({ event, runner });
      if (event.type !== "output" && this.#fate.odds(this.#fate.perils.doubled))
        this.#events.put({ event, runner });
    };
    for (;;) {
      await this.#fate.step();
      if (runner.isLeft || ground.isRemoved) return;
      if (ground.startedAt !== undefined && !isStartTold) {
        isStartTold = true;
        put({ type: "started", stepId, at: ground.startedAt, host: "machine" });
      }
      const { end } = ground;
      const at = ground.startedAt ?? 0;
      const lines = ground.lines.slice(said).map((text) => ({ at, stream: "stdout" as const, text }));
      said += lines.length;
      if (lines.length > 0) put({ type: "output", stepId, lines });
      if (end !== undefined) return put(end);
      await this.#machine.changed();
      await this.#fate.travel();
    }
  }

  async stop(stepId: string, how: "term" | "kill"): Promise<void> {
    await this.#fate.step();
    const runner = this.#runners.get(stepId);
    if (runner !== undefined && !runner.ground.isRemoved) this.#machine.stop(runner.ground, how);
  }

  async adopt(
    known: readonly StepRequest[],
    owns: (runUid: string) => boolean = () => true,
  ): Promise<{ readonly attached: readonly string[] }> {
    await this.#fate.step();
    const wanted = new Map(known.map((step) => [step.id, step]));
    const attached: string[] = [];
    for (const { id } of this.#machine.grounds) {
      await this.#fate.step();
      const ground = this.#machine.ground(id);
      const step = wanted.get(id);
      if (ground === undefined) continue;
      if (step === undefined) {
        if (this.#runners.has(id) || !owns(runUidOf(id))) continue;
        const ran = this.#machine.remove(id);
        if (ran !== undefined) this.#swept(ran);
        continue;
      }
      if (ground.claim === "none") continue;
      attached.push(id);
      if (!this.#runners.has(id)) void this.#run(ground, step);
    }
    return { attached };
  }

  async detach(stepIds: readonly string[]): Promise<void> {
    for (const stepId of stepIds) {
      const runner = this.#runners.get(stepId);
      if (runner !== undefined) runner.isLeft = true;
      this.#runners.delete(stepId);
    }
  }

  async forget(stepId: string): Promise<void> {
    await this.#fate.step();
    this.#runners.delete(stepId);
    this.#machine.remove(stepId);
  }

  async *events(signal: AbortSignal): AsyncIterable<StepEvent> {
    const close = () => this.#events.close();
    signal.addEventListener("abort", close, { once: true });
    for await (const { event, runner } of this.#events) {
      await this.#fate.step();
      if (signal.aborted) return;
      if (!runner.isLeft) yield event;
    }
  }

  async describe() {
    return { kind: this.kind, isolation: "none", reason: "a simulated machine", warnings: [] };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#events.close();
  }
}
