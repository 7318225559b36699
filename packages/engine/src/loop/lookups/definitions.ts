import { backoffMs, defaultBackoff, retryOf, sleepFor } from "@sluice/base";
import type { RunSubmitted } from "@sluice/spec";
import { collectDefinitions } from "../../definitions/collect.ts";
import { noDefinitions } from "../../definitions/port.ts";
import type { DefinitionsFixed } from "../../facts.ts";
import { failureText } from "../../values/language.ts";
import type { LoopDeps } from "../deps.ts";

/**
 * What the run names outside of it; tried again while the bus is away, undefined when the signal aborted. Never throws:
 * what cannot be read for another reason ends the run that named it.
 */
export async function readDefinitions(
  deps: LoopDeps,
  submitted: RunSubmitted,
  signal: AbortSignal,
): Promise<DefinitionsFixed | undefined> {
  for (let attempt = 1; !signal.aborted; attempt++) {
    const at = deps.clock.now();
    try {
      return await collectDefinitions(deps.definitions ?? noDefinitions, submitted, at);
    } catch (error) {
      const problem = failureText(error);
      if (retryOf(error) !== "later") return { type: "definitions", at, problem };
      deps.log.warn("what a workflow refers to cannot be read, trying again", {
        run: submitted.name,
        attempt,
        reason: problem,
      });
      await sleepFor(
        deps.clock,
        backoffMs({ ...defaultBackoff, capMs: 5_000 }, attempt, deps.random.next()),
        signal,
      );
    }
  }
  return undefined;
}
