// Commands to a run: read its journal, check, append one fact with the sequence that was read, again when another
// writer was first.
import { hasCode } from "@sluice/base";
import type { Journal } from "@sluice/bus";
import { EngineError } from "./errors.ts";
import type { CommandFact, Fact } from "./facts.ts";
import { type Folded, foldRecord } from "./recovery/fold.ts";
import { waiting } from "./run/control/control.ts";
import { missingOutput, refusedOutput } from "./run/kinds/suspend.ts";
import { parseSelector } from "./run/selector.ts";
import type { Run, RunKeyed } from "./run/state/run.ts";

/** A run as its journal says it is. */
export interface ReadRun {
  readonly run: Run;
  readonly seq: number;
}

/** Folds the journal of a run; undefined when there is none. Errors: ENGINE_JOURNAL_INVALID. */
export async function readRun(journal: Journal<Fact>, key: RunKeyed): Promise<ReadRun | undefined> {
  let folded: Folded | undefined;
  for await (const record of journal.read(key)) {
    const first = record.facts[0]?.type;
    if (folded === undefined && first !== "submitted")
      throw EngineError.JOURNAL_INVALID({ ...key, reason: `it begins with a '${first}' fact` });
    folded = foldRecord(folded, record);
  }
  return folded;
}

const maxTries = 20;

/**
 * `sealed`: the journal takes no command any more, and the archive has the run. `absent`: there is no journal, by the one
 * look that decided; whether there is such a run is for the archive to say, which is looked at after it.
 */
export type CommandOutcome =
  | { readonly kind: "stored" | "sealed"; readonly uid: string }
  | { readonly kind: "absent" };

/**
 * Appends a command; with `wanted` only to the run with that uid. Errors: ENGINE_RUN_NOT_FOUND when it is deleted, ENGINE_RUN_FINISHED, ENGINE_NODE_NOT_FOUND, ENGINE_OUTPUT_MISSING,
 * ENGINE_SELECTOR_INVALID, ENGINE_COMMAND_CONTENDED.
 */
export async function command(
  journal: Journal<Fact>,
  key: RunKeyed,
  fact: CommandFact,
  wanted?: string,
): Promise<CommandOutcome> {
  for (let tries = 1; tries <= maxTries; tries++) {
    const read = await readRun(journal, key);
    if (read === undefined) return { kind: "absent" };
    if (read.run.deleted) throw EngineError.RUN_NOT_FOUND({ ...key });
    if (wanted !== undefined && read.run.uid !== wanted) throw EngineError.RUN_NOT_FOUND({ ...key });
    check(read.run, fact);
    const { uid } = read.run;
    if (read.run.sealed) return { kind: "sealed", uid };
    try {
      await journal.append(key, [fact], read.seq);
      return { kind: "stored", uid };
    } catch (error) {
      if (!hasCode(error, "BUS_WRONG_SEQUENCE")) throw error;
    }
  }
  throw EngineError.COMMAND_CONTENDED({ ...key, tries: maxTries });
}

/** What is asked, as the command line calls it. */
export const verbOf = (fact: CommandFact): string =>
  fact.type === "stop" && fact.strategy === "Terminate" ? "terminate" : fact.type;

function check(run: Run, fact: CommandFact): void {
  if (fact.type === "delete") return;
  const { namespace, name } = run.key;
  if (run.stage === "done")
    throw EngineError.RUN_FINISHED({ namespace, name, verb: verbOf(fact), phase: run.phase });
  const selector = "selector" in fact ? fact.selector : undefined;
  if (selector !== undefined) {
    parseSelector(selector);
    if (waiting(run, selector).length === 0) throw EngineError.NODE_NOT_FOUND({ namespace, name, selector });
  }
  if (fact.type === "set")
    for (const unit of waiting(run, selector)) {
      const reason = refusedOutput(unit, fact.parameters ?? {});
      if (reason !== undefined) throw EngineError.OUTPUT_REFUSED({ reason });
    }
  const completes = fact.type === "resume" || (fact.type === "set" && fact.phase === "Succeeded");
  if (!completes) return;
  for (const unit of waiting(run, selector)) {
    const parameter = missingOutput(unit, fact.parameters);
    if (parameter !== undefined) throw EngineError.OUTPUT_MISSING({ parameter });
  }
}
