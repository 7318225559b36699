// What people ask of a running workflow.
import type { CommandFact, OutputsSet, Resumed, StopRequested } from "../../facts.ts";
import { endUnadmitted, isAwaiting } from "../gates/admission.ts";
import { cutGates } from "../gates/gate.ts";
import { completeSuspend, failSuspend, setOutputs } from "../kinds/suspend.ts";
import { type NodeSelector, parseSelector } from "../selector.ts";
import type { Unit } from "../state/frames.ts";
import type { Run } from "../state/run.ts";
import { isSpared, stopAll, stoppedText } from "./shutdown.ts";

export function obey(run: Run, fact: CommandFact): void {
  switch (fact.type) {
    case "stop":
      stop(run, fact);
      return;
    case "suspend":
      run.suspended = true;
      return;
    case "resume":
      resume(run, fact);
      return;
    case "set":
      set(run, fact);
      return;
    case "label":
      run.labels = changed(run.labels, fact.labels);
      run.annotations = changed(run.annotations, fact.annotations);
      return;
    case "delete":
      run.deleted = true;
      shutDown(run, { type: "stop", at: fact.at, by: fact.by, strategy: "Terminate" });
      return;
  }
}

function changed(
  there: Readonly<Record<string, string>>,
  changes: Readonly<Record<string, string | null>> | undefined,
): Readonly<Record<string, string>> {
  if (changes === undefined) return there;
  const made = Object.entries({ ...there, ...changes });
  return Object.fromEntries(made.filter((entry): entry is [string, string] => entry[1] !== null));
}

function stop(run: Run, fact: StopRequested): void {
  if (fact.selector === undefined) {
    shutDown(run, fact);
    return;
  }
  for (const unit of waiting(run, fact.selector))
    failSuspend(run, unit, "Failed", fact.message ?? `Stopped by ${fact.by}`);
}

/** Nothing new starts; what runs is told to end; what waits fails. A Terminate may follow a Stop, not the reverse. */
function shutDown(run: Run, fact: StopRequested): void {
  if (run.shutdown?.strategy === "Terminate") return;
  run.shutdown = fact;
  const stopped = stoppedText(fact);
  stopAll(run);
  for (const unit of [...run.suspends.values()])
    if (!isSpared(fact, unit)) failSuspend(run, unit, "Failed", stopped);
  cutGates(run, (gate) => fact.strategy === "Terminate" || !gate.call.exiting, stopped);
  if (isAwaiting(run)) endUnadmitted(run, fact.message ?? stopped);
  run.timers.hasten(run.now);
}

function resume(run: Run, fact: Resumed): void {
  if (fact.selector === undefined) run.suspended = false;
  for (const unit of waiting(run, fact.selector))
    completeSuspend(run, unit, fact.parameters ?? {}, saidBy(unit, `Resumed by: map[User:${fact.by}]`));
}

function set(run: Run, fact: OutputsSet): void {
  for (const unit of waiting(run, fact.selector)) {
    setOutputs(run, unit, fact.parameters ?? {});
    const message = saidBy(unit, fact.message);
    if (message !== undefined && unit.node !== undefined) unit.node.message = message;
    if (fact.phase === "Succeeded") completeSuspend(run, unit, {}, message);
    else if (fact.phase !== undefined) failSuspend(run, unit, fact.phase, message ?? "");
  }
}

/** What was said of the node before, and this; undefined when nothing was. */
function saidBy({ node }: Unit, text: string | undefined): string | undefined {
  const said = [node?.message, text].filter((one) => one !== undefined && one !== "");
  return said.length === 0 ? undefined : said.join("; ");
}

/** Suspend nodes that wait now and match. A selector that cannot be read was refused before it was stored. */
export function waiting(run: Run, selector: string | undefined): readonly Unit[] {
  const all = [...run.suspends.values()];
  if (selector === undefined) return all;
  let wanted: NodeSelector;
  try {
    wanted = parseSelector(selector);
  } catch {
    return [];
  }
  return all.filter((unit) => unit.node !== undefined && wanted.matches(unit.node));
}
