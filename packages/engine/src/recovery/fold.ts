import { type Logger, messageOf } from "@sluice/base";
import type { Journal, JournalRecord, RunKey } from "@sluice/bus";
import type { Fact } from "../facts.ts";
import { createRun } from "../run/create.ts";
import { reduce } from "../run/reduce.ts";
import { idOf, type Run, type RunLimits } from "../run/state/run.ts";

/** A run as its records say, up to the last one that is folded in. */
export interface Folded {
  readonly run: Run;
  seq: number;
  /** Records since the run's beginning, or since its newest checkpoint, with that. */
  records: number;
}

/**
 * Folds one record; undefined as long as the run's beginning was not seen. A checkpoint begins the run anew, unless all
 * that it holds is folded already.
 */
export function foldRecord(
  before: Folded | undefined,
  record: Pick<JournalRecord<Fact>, "seq" | "facts" | "checkpoint">,
  limits?: Partial<RunLimits>,
): Folded | undefined {
  const { checkpoint } = record;
  if (checkpoint !== undefined && before?.seq === checkpoint.upTo) {
    before.seq = record.seq;
    before.records = 1;
    return before;
  }
  let folded = before;
  for (const fact of record.facts) {
    if (fact.type === "submitted") folded = { run: createRun(fact, limits), seq: record.seq, records: 0 };
    else if (folded !== undefined) reduce(folded.run, fact);
  }
  if (folded !== undefined) {
    folded.seq = record.seq;
    folded.records += 1;
  }
  return folded;
}

/** A record that cannot be read costs its run, not the others. */
export function logBroken(
  log: Logger,
  { key, seq }: Pick<JournalRecord<Fact>, "key" | "seq">,
  error: unknown,
): void {
  log.error("a journal record cannot be folded", { run: idOf(key), seq, reason: messageOf(error) });
}

/** More runs than this are read in one pass over the whole journal. */
const maxSingly = 64;

export interface LoadOptions {
  readonly limits: Partial<RunLimits> | undefined;
  /** A run whose records cannot be folded is left out. */
  readonly broken: (key: RunKey, seq: number, error: unknown) => void;
  readonly signal: AbortSignal;
}

/** Reads and folds these runs; one whose journal is gone is left out. */
export async function loadRuns(
  journal: Journal<Fact>,
  keys: readonly RunKey[],
  options: LoadOptions,
): Promise<readonly Folded[]> {
  const runs = new Map<string, Folded>();
  const fold = (record: JournalRecord<Fact>) => {
    const id = idOf(record.key);
    try {
      const folded = foldRecord(runs.get(id), record, options.limits);
      if (folded !== undefined) runs.set(id, folded);
    } catch (error) {
      runs.delete(id);
      options.broken(record.key, record.seq, error);
    }
  };
  if (keys.length <= maxSingly)
    await Promise.all(
      keys.map(async (key) => {
        for await (const record of journal.read(key)) fold(record);
      }),
    );
  else {
    const wanted = new Set(keys.map(idOf));
    for await (const item of journal.follow(options.signal, { start: "all" })) {
      if (item.type === "caught-up") break;
      if (wanted.has(idOf(item.record.key))) fold(item.record);
    }
  }
  return [...runs.values()];
}
