// What comes to a run's actor, and which of it is news.
import type { JournalRecord } from "@sluice/bus";
import type { StepEnd } from "../executor/events.ts";
import type { AnswerFact, DefinitionsFixed, Estimated, Fact, StepReady } from "../facts.ts";
import type { Run } from "../run/state/run.ts";
import { endFact } from "./steps/step-end.ts";

export type Input =
  | { readonly type: "record"; readonly record: JournalRecord<Fact> }
  | { readonly type: "end"; readonly event: StepEnd }
  /** What steps told of themselves is to be stored. */
  | { readonly type: "told" }
  | { readonly type: "ready"; readonly fact: StepReady }
  | { readonly type: "definitions"; readonly fact: DefinitionsFixed }
  | { readonly type: "estimate"; readonly fact: Estimated }
  | { readonly type: "answer"; readonly fact: AnswerFact }
  | { readonly type: "timer" };

export const readyIn = (facts: ReadonlyMap<string, Fact>): readonly StepReady[] =>
  [...facts.values()].filter((fact) => fact.type === "ready");

/** What an input says of the world; undefined for a repeat. `hostOf`: where a step runs, as far as it was told. */
export function newsIn(
  run: Run,
  input: Exclude<Input, { type: "record" | "timer" }>,
  hostOf: (stepId: string) => string | undefined,
): Fact | undefined {
  switch (input.type) {
    case "told":
      return undefined;
    case "end": {
      const { event } = input;
      return run.steps.has(event.stepId) ? endFact(event, hostOf(event.stepId)) : undefined;
    }
    case "definitions":
      return run.definitions === "wanted" ? input.fact : undefined;
    case "estimate":
      return run.estimate === undefined ? input.fact : undefined;
    case "ready":
      return isNewsOf(run, input.fact) ? input.fact : undefined;
    case "answer":
      return run.asks.has(input.fact.ask) ? input.fact : undefined;
  }
}

/** Executors tell it again after a restart; where the step was made anew, with another address. */
function isNewsOf({ steps }: Run, { step, ip }: StepReady): boolean {
  const unit = steps.get(step);
  return unit !== undefined && (unit.isReady !== true || (ip !== undefined && unit.node?.podIp !== ip));
}

/** Inputs of one key are one fact. */
export function keyOf(input: Exclude<Input, { type: "record" }>): string {
  if (input.type === "end") return input.event.stepId;
  if (input.type === "ready") return `ready ${input.fact.step}`;
  return input.type === "answer" ? `ask ${input.fact.ask}` : input.type;
}
