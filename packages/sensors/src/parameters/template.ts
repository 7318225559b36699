import { type Clock, fnv32a, type Json, messageOf, SeededRandom } from "@sluice/base";
import { compileGoTemplate } from "@sluice/expr";
import type { StoredEvent } from "@sluice/spec";
import type { SensorIssue } from "../errors.ts";

/** Checks a Go template when the sensor is compiled. */
export function checkTemplate(text: string, path: string, issues: SensorIssue[]): void {
  try {
    if (text !== "") compileGoTemplate(text);
  } catch (error) {
    issues.push({ path, message: messageOf(error) });
  }
}

/**
 * Renders a Go template over `.Input`. Time and chance follow from the event (when it came in, its id), so that a
 * repeat renders the same. Errors: EXPR_… .
 */
export function renderTemplate(text: string, input: Json, event: StoredEvent): string {
  const random = new SeededRandom(fnv32a(event.event.id));
  return compileGoTemplate(text).render({ Input: input }, { clock: clockAt(event.receivedAt), random });
}

const clockAt = (at: number): Clock => ({
  now: () => at,
  monotonic: () => at,
  sleepUntil: () => Promise.resolve(),
});
