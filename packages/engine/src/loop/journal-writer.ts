// One run's hand on its journal.
// Invariants
//   J1. Appends carry the sequence of the last record that is folded in, so a record between is never overwritten.
//   J2. Commands of the API that came between are folded, and the append is tried again; a record of another engine
//       fences: this engine lets the run go and does nothing more for it.
//   J3. A record that was stored although its acknowledgement was lost is known by its mark and its facts, and counts as
//       stored. The mark alone is not enough: a shard that went and came back has two hands of one engine, and what the
//       first one had sent may be stored only now. That is folded like anybody's.
//   J4. While the bus is away the facts are kept and tried again; they are given up only when the signal aborts.
//   J5. A claim at an engine's start takes the run whoever has it: other engines' records are folded, and it is tried again.
//   J7. A checkpoint changes no state: it is passed over when all that it holds is folded in; else the state in memory is
//       behind what can still be read, and the run has to be read anew (`stale`).
//   J6. Where engines share the runs by leases, the lease says whose the run is, not the mark that came last: whoever
//       surely has it folds another engine's record and goes on; the other finds out by itself.
import { backoffMs, defaultBackoff, hasCode, messageOf, retryOf, sleepFor } from "@sluice/base";
import type { Journal, JournalRecord } from "@sluice/bus";
import { type EngineMark, type Fact, factVersion, isCommand } from "../facts.ts";
import type { Folded } from "../recovery/fold.ts";
import { reduce } from "../run/reduce.ts";
import type { Run } from "../run/state/run.ts";
import type { LoopDeps } from "./deps.ts";

export type AppendOutcome = "stored" | "fenced" | "gone" | "stale" | "aborted";

type Written = Pick<JournalRecord<Fact>, "seq" | "facts" | "checkpoint">;
type Taken = "known" | "folded" | "own" | "foreign" | "stale";

/** The engine that wrote a record; undefined for a submission or a command. */
export function engineOf({ facts, checkpoint }: Omit<Written, "seq">): string | undefined {
  const [first] = facts;
  return checkpoint?.by ?? (first?.type === "engine" ? first.engine : undefined);
}

export class JournalWriter {
  readonly run: Run;
  seq: number;
  readonly #deps: LoopDeps;
  readonly #journal: Journal<Fact>;
  readonly #site: string | undefined;
  /** Records to fold after a restart. */
  records: number;
  /** Whether other engines' records were folded since this was last set to false. */
  hasOthers = false;
  #compactAt: number;
  #takesOver = false;

  constructor(deps: LoopDeps, { run, seq, records }: Folded, site: string | undefined) {
    this.#site = site;
    this.records = records;
    this.#compactAt = deps.config?.checkpointRecords ?? 500;
    this.#deps = deps;
    this.#journal = deps.journal;
    this.run = run;
    this.seq = seq;
  }

  get #isLimited(): boolean {
    const { config, locks } = this.#deps;
    return (
      config?.places !== undefined &&
      locks !== undefined &&
      this.run.phase === "Pending" &&
      !this.run.isLimited
    );
  }

  /** Stores the facts and folds them in, with any command that came between. */
  async append(facts: readonly Fact[], signal: AbortSignal): Promise<AppendOutcome> {
    const mark: EngineMark = {
      type: "engine",
      v: factVersion,
      at: this.#deps.clock.now(),
      engine: this.#deps.engine,
      ...(this.#site === undefined || this.#site === this.run.site ? {} : { site: this.#site }),
      ...(this.#isLimited ? { limited: true } : {}),
    };
    const record = [mark, ...facts];
    for (let attempt = 1; !signal.aborted; attempt++) {
      try {
        const seq = await this.#journal.append(this.run.key, record, this.seq);
        this.#fold({ seq, facts: record });
        return "stored";
      } catch (error) {
        if (hasCode(error, "BUS_WRONG_SEQUENCE")) {
          const outcome = await this.#catchUp(record, signal);
          if (outcome !== "again") return outcome;
        } else if (retryOf(error) === "later") await this.#wait(attempt, signal, error);
        else throw error;
      }
    }
    return "aborted";
  }

  /**
   * Takes the run by a mark alone. `over`: from whoever has it (J5); else only when no engine was first. The engine that
   * had the run may have died right after its last record: a claim that gave way to it would leave the run to nobody.
   */
  async claim(over: boolean, signal: AbortSignal): Promise<AppendOutcome> {
    this.#takesOver = over;
    try {
      return await this.append([], signal);
    } finally {
      this.#takesOver = false;
    }
  }

  async #wait(attempt: number, signal: AbortSignal, error: unknown): Promise<void> {
    const waitMs = backoffMs({ ...defaultBackoff, capMs: 5_000 }, attempt, this.#deps.random.next());
    this.#deps.log.warn("the journal cannot be written, trying again", {
      run: this.run.key.name,
      attempt,
      code: (error as { code?: unknown }).code,
    });
    await sleepFor(this.#deps.clock, waitMs, signal);
  }

  /** Folds what others wrote meanwhile. */
  async #catchUp(sent: readonly Fact[], signal: AbortSignal): Promise<"again" | AppendOutcome> {
    const text = JSON.stringify(sent);
    let isStored = false;
    for (let attempt = 1; !signal.aborted; attempt++) {
      try {
        const before = this.seq;
        for await (const record of this.#journal.read(this.run.key, this.seq)) {
          const outcome = await this.takeOwned(record);
          isStored ||= outcome === "own" && JSON.stringify(record.facts) === text;
          if (outcome === "foreign") return "fenced";
          if (outcome === "stale") return "stale";
        }
        if (isStored) return "stored";
        // Nothing new, and yet the sequence is wrong: the journal was purged under us.
        return this.seq === before ? "gone" : "again";
      } catch (error) {
        if (retryOf(error) !== "later") throw error;
        await this.#wait(attempt, signal, error);
      }
    }
    return "aborted";
  }

  /** Takes a record that someone wrote: another engine's fences, unless the run is surely ours by its lease (J6). */
  async takeOwned(record: Written): Promise<Taken> {
    const taken = this.take(record);
    const { shards } = this.#deps;
    if (taken !== "foreign" || !shards.isShared || !(await shards.confirm(this.run.uid))) return taken;
    return this.take(record, true);
  }

  /** Takes a record that someone wrote: folded when it is new and does not fence. */
  take(record: Written, over = this.#takesOver): Taken {
    if (record.seq <= this.seq) return "known";
    const engine = engineOf(record);
    const isOther = engine !== undefined && engine !== this.#deps.engine;
    if (isOther && !over) return "foreign";
    if (record.checkpoint !== undefined) {
      if (record.checkpoint.upTo !== this.seq) return "stale";
      this.seq = record.seq;
      this.records = 1;
      return "folded";
    }
    if (engine === undefined && !record.facts.every(isCommand)) return "foreign";
    this.#fold(record);
    this.hasOthers ||= isOther;
    // Whoever stored an end has emitted its metrics.
    if (isOther) this.run.changes.ended.length = 0;
    return engine !== undefined && !isOther ? "own" : "folded";
  }

  #fold(record: Written): void {
    for (const fact of record.facts) reduce(this.run, fact);
    this.seq = record.seq;
    this.records += 1;
  }

  /** Packs the journal into one record when it has grown long. What fails is tried again at a later record. */
  async compact(): Promise<void> {
    if (this.records < this.#compactAt) return;
    const { config, engine, log } = this.#deps;
    const every = config?.checkpointRecords ?? 500;
    try {
      const facts: Fact[] = [];
      let last = 0;
      for await (const record of this.#journal.read(this.run.key)) {
        if (record.checkpoint !== undefined) facts.length = 0;
        facts.push(...record.facts);
        last = record.seq;
      }
      if (last !== this.seq) return;
      this.seq = await this.#journal.compact(this.run.key, facts, { expectedSeq: last, by: engine });
      this.records = 1;
      // A long run is packed less and less often: all of it costs what it is long, not its square.
      this.#compactAt = Math.max(every, Math.ceil(facts.length / 8));
    } catch (error) {
      this.#compactAt = this.records + every;
      if (!hasCode(error, "BUS_WRONG_SEQUENCE"))
        log.warn("a journal could not be packed", { run: this.run.key.name, reason: messageOf(error) });
    }
  }
}
