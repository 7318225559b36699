import type { Json } from "@sluice/base";
import type { Budget } from "../budget.ts";
import type { GjsonResult } from "./result.ts";

/** One look-up with its bounds, as those parts of a path see it that start look-ups of their own. */
export interface Walk {
  readonly budget: Budget;
  get(value: Json, path: string): GjsonResult;
  /** Goes on after a part: a dot and a pipe are the same for a single value. */
  onward(found: Json | undefined, rest: string | undefined): GjsonResult;
  /** Spends for every node that a newly made value shows: shared parts would otherwise multiply for free. */
  weigh(made: Json): void;
  /** Spends for a node of a value, and bounds how deep a walk of it recurses. */
  level(depth: number): void;
}
