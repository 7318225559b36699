// Sees every record of every run as it is stored, and holds the laws against it.
import type { Journal, JournalRecord } from "@sluice/bus";
import { createRun, type Fact, type Run, reduce, type StepRequest } from "@sluice/engine";
import { Laws } from "../laws.ts";

interface Seen {
  readonly run: Run;
  readonly laws: Laws;
  facts: Fact[];
  seq: number;
}

export class Observer {
  readonly runs = new Map<string, Seen>();
  readonly #ends = new Set<string>();
  readonly #trace: (line: string) => void;

  constructor(trace: (line: string) => void) {
    this.#trace = trace;
  }

  async follow(journal: Journal<Fact>, signal: AbortSignal): Promise<void> {
    for await (const item of journal.follow(signal)) if (item.type === "record") this.#record(item.record);
  }

  isUnderWay({ id, run }: StepRequest): boolean {
    return this.runs.get(run.name)?.run.steps.has(id) === true;
  }

  /** Whether what the step said of its own end is in the journal. */
  hasEnd(stepId: string): boolean {
    return this.#ends.has(stepId);
  }

  #record({ key, seq, facts, checkpoint }: JournalRecord<Fact>): void {
    const seen = this.runs.get(key.name);
    for (const fact of facts) if (fact.type === "finished" || fact.type === "lost") this.#ends.add(fact.step);
    this.#trace(
      `${key.name} #${seq} ${checkpoint === undefined ? JSON.stringify(facts.map(briefly)) : `packed up to ${checkpoint.upTo}`}`,
    );
    if (seen === undefined) {
      const [first, ...rest] = facts;
      if (first?.type !== "submitted")
        throw new Error(`the journal of ${key.name} does not begin with its submission`);
      const run = createRun(first);
      for (const fact of rest) reduce(run, fact);
      this.runs.set(key.name, { run, laws: new Laws(), facts: [...facts], seq });
      return;
    }
    if (checkpoint !== undefined) {
      if (checkpoint.upTo === seen.seq && facts.length !== seen.facts.length)
        throw new Error(`a checkpoint of ${key.name} holds ${facts.length} facts of ${seen.facts.length}`);
      if (checkpoint.upTo < seen.seq) throw new Error(`a checkpoint of ${key.name} leaves facts out`);
    }
    // A checkpoint may hold records that went before we saw them: what is new in it is folded.
    const fresh = checkpoint === undefined ? facts : facts.slice(seen.facts.length);
    for (const fact of fresh) reduce(seen.run, fact);
    seen.facts.push(...fresh);
    seen.seq = seq;
    seen.laws.folding(seen.run);
  }
}

const briefly = (fact: Fact): string => {
  const { type, engine, step, ask } = fact as { type: string; engine?: string; step?: string; ask?: string };
  return [type, engine ?? step ?? ask].join(" ");
};
