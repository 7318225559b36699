import type { Json } from "@sluice/base";
import type { CauseRef } from "./cloud-event.ts";

/** One test of a filter, with what was compared. */
export interface FilterCheck {
  readonly filter: "data" | "expr" | "context" | "time" | "script" | "source";
  /** The path, expression or attribute that was looked at. */
  readonly subject: string;
  /** What the event had; absent when the path does not exist. Cut to 1 kB. */
  readonly left?: Json;
  readonly operator: string;
  readonly right?: Json;
  readonly passed: boolean;
  /** Why the test could not be made. */
  readonly error?: string;
}

/**
 * One thing that happened to an event on its way (P6: nothing silent). All of an event's records are on one
 * subject of TRAIL, so that `sluice events show ID` reads them without an index.
 */
export type TrailRecord = { readonly v: 1; readonly at: number; readonly cause: CauseRef } & (
  | { readonly type: "source-filtered"; readonly checks: readonly FilterCheck[] }
  | {
      readonly type: "verdict";
      readonly sensor: string;
      readonly dependency: string;
      readonly passed: boolean;
      readonly checks: readonly FilterCheck[];
      /** A transform or filter that could not run. */
      readonly error?: string;
    }
  | {
      readonly type: "condition";
      readonly sensor: string;
      readonly trigger: string;
      readonly expression: string;
      /** Dependencies that are filled after this event. */
      readonly filled: readonly string[];
      readonly fired: boolean;
      /** The trigger request's id when it fired. */
      readonly request?: string;
      /** Events that were dropped because a newer one of the same dependency took their place. */
      readonly replaced?: readonly CauseRef[];
      /** What a reader should know: parameters that were skipped, why a firing could not be rendered. */
      readonly notes?: readonly string[];
    }
  | {
      readonly type: "trigger";
      readonly sensor: string;
      readonly trigger: string;
      readonly request: string;
      readonly outcome: "done" | "retrying" | "dead" | "duplicate" | "redriven";
      readonly attempt: number;
      /** The dead letter's position that the request was sent again from: its attempts are no repeats of the first ones. */
      readonly redrive?: number;
      readonly code?: string;
      readonly message?: string;
      /** What it made: `workflow/<namespace>/<name>`, or the HTTP status. */
      readonly result?: string;
    }
);
